internal import CFootbridgeCurl

/// One connection that is being made, with an easy handle and a multi handle of its own.
///
/// Not a multi handle for several: in 7.88.1 a connection of CURLOPT_CONNECT_ONLY counts as idle as soon as it stands, and
/// the next transfer of the same multi handle closes it when it is older than CURLOPT_MAXAGE_CONN or has unread input
/// (lib/url.c, extract_if_dead). Both handles go to the loop together, for `curl_easy_send` finds its connection in the multi
/// handle's pool.
///
/// Belongs to the connecting thread.
final class ConnectAttempt {
    let number: Int
    let completion: SocketConnector.Completion
    /// What has to be looked up first; `nil` for a number or a path.
    let name: String?
    private(set) var hasBegun = false
    /// The name has been looked up: a socket was made.
    private(set) var hasAddress = false
    /// The peer has taken the connection, and is waited for: one that is being made is watched for writing.
    private var isHandshaking = false
    /// The place among the lookups of this name has been given back.
    var isLookupOver = false
    /// When libcurl wants to be called, or, before it begins, until when it has to.
    private(set) var due: MonotonicTime?

    private let target: SocketTarget
    private let deadline: MonotonicTime
    private let poller: any Poller
    private var easy: UnsafeMutableRawPointer?
    private var multi: UnsafeMutableRawPointer?
    private var addresses: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var watched: Set<curl_socket_t> = []
    /// What setting up the handles gave, when that failed.
    private var refusal: CURLcode?

    init(_ order: SocketConnector.Order, poller: any Poller) {
        number = order.number
        target = order.target
        completion = order.completion
        self.poller = poller
        name = order.target.nameToLookUp
        deadline = .now + order.target.connectTimeout
        due = deadline
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        close()
        errorText.deallocate()
    }

    /// Makes the handles and lets libcurl begin.
    func begin() {
        hasBegun = true
        due = nil
        guard CurlGlobal.ready, let easy = curl_easy_init() else { return refusal = CURLE_FAILED_INIT }
        self.easy = easy
        guard let multi = curl_multi_init() else { return refusal = CURLE_FAILED_INIT }
        self.multi = multi
        let context = Unmanaged.passUnretained(self).toOpaque()
        var code = set(easy, context)
        if code == CURLE_OK, !setCallbacks(multi, context) || curl_multi_add_handle(multi, easy) != CURLM_OK {
            code = CURLE_FAILED_INIT
        }
        if code != CURLE_OK { refusal = code }
    }

    /// Goes on because of the time, or because of what a socket is ready for.
    func act(on descriptor: Int32 = CURL_SOCKET_TIMEOUT, _ readiness: Readiness = []) {
        guard let multi else { return }
        if descriptor == CURL_SOCKET_TIMEOUT { due = nil }
        var mask: Int32 = 0
        if readiness.contains(.read) { mask |= CURL_CSELECT_IN }
        if readiness.contains(.write) { mask |= CURL_CSELECT_OUT }
        var running: Int32 = 0
        curl_multi_socket_action(multi, descriptor, mask, &running)
    }

    /// How it ended, or `nil` while it is under way. To be asked once more at most: the handles are given away.
    func result() -> Result<ConnectedHandle, TransportFailure>? {
        if let refusal { return .failure(TransportFailure(refusal)) }
        guard let multi, let easy else { return nil }
        var queued: Int32 = 0
        guard let message = curl_multi_info_read(multi, &queued), message.pointee.msg == CURLMSG_DONE else {
            return nil
        }
        var code = footbridge_message_result(message)
        var descriptor: curl_socket_t = -1
        if code == CURLE_OK { code = footbridge_get_socket(easy, CURLINFO_ACTIVESOCKET, &descriptor) }
        guard code == CURLE_OK, descriptor >= 0 else {
            return .failure(failure(code == CURLE_OK ? CURLE_COULDNT_CONNECT : code, easy))
        }
        detach(easy, multi)
        (self.easy, self.multi) = (nil, nil)
        Self.bound(descriptor)
        return .success(ConnectedHandle(easy: easy, multi: multi, descriptor: descriptor))
    }

    /// In libcurl's words, and with the server's name where these do not have it.
    private func failure(_ code: CURLcode, _ easy: UnsafeMutableRawPointer) -> TransportFailure {
        let failure = TransportFailure(code, detail: String(cString: errorText))
        switch (code, target.address) {
        // libcurl would speak of "localhost port 80".
        case (CURLE_COULDNT_CONNECT, .unix(let path)):
            var number = 0
            _ = footbridge_get_long(easy, CURLINFO_OS_ERRNO, &number)
            return failure.with(
                message: TransportFailure.unixSocket(path, errno: Int32(truncatingIfNeeded: number)))
        case (CURLE_COULDNT_CONNECT, _), (CURLE_COULDNT_RESOLVE_HOST, _): return failure
        // A server without TLS takes the handshake for the beginning of a command, and waits for the rest.
        case (CURLE_OPERATION_TIMEDOUT, _) where isHandshaking:
            return failure.with(
                message: "\(target) did not answer the TLS handshake within \(target.connectTimeout): "
                    + "perhaps it does not speak TLS")
        default: return failure.with(message: "no connection to \(target): \(failure.message)")
        }
    }

    /// Drops what is left of it; whoever waits is not told.
    func close() {
        if let easy, let multi { detach(easy, multi) }
        if let easy {
            if let multi { curl_multi_remove_handle(multi, easy) }
            curl_easy_cleanup(easy)
        }
        if let multi { curl_multi_cleanup(multi) }
        (easy, multi) = (nil, nil)
        unwatchAll()
        curl_slist_free_all(addresses)
        addresses = nil
    }

    /// Takes out of the handles whatever points to this object. Before they are cleaned up, never after.
    private func detach(_ easy: UnsafeMutableRawPointer, _ multi: UnsafeMutableRawPointer) {
        _ = footbridge_multi_set_socket_callback(multi, nil)
        _ = footbridge_multi_set_timer_callback(multi, nil)
        _ = footbridge_set_pointer(easy, CURLOPT_ERRORBUFFER, nil)
        _ = footbridge_set_socket_callback(easy, nil)
        _ = footbridge_set_list(easy, CURLOPT_CONNECT_TO, nil)
        unwatchAll()
    }

    private static func bound(_ descriptor: curl_socket_t) {
        // Data that nobody acknowledges, which keep-alive does not notice, ends the connection too.
        footbridge_bound_silence(descriptor, 20_000)
        // What the kernel holds beyond this would look like a server that does not answer: bytes that left this process
        // are progress, bytes that wait in the kernel for a slow line are not.
        var bytes: Int32 = 256 * 1024
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: - What libcurl asks for

    private func setCallbacks(_ multi: UnsafeMutableRawPointer, _ context: UnsafeMutableRawPointer) -> Bool {
        let codes = [
            footbridge_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context),
            footbridge_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context),
            footbridge_multi_set_socket_callback(multi) { _, descriptor, what, context, _ in
                guard let context else { return 0 }
                Unmanaged<ConnectAttempt>.fromOpaque(context).takeUnretainedValue().watch(descriptor, what)
                return 0
            },
            footbridge_multi_set_timer_callback(multi) { _, milliseconds, context in
                guard let context else { return 0 }
                let attempt = Unmanaged<ConnectAttempt>.fromOpaque(context).takeUnretainedValue()
                attempt.due = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
                return 0
            },
        ]
        return codes.allSatisfy { $0 == CURLM_OK }
    }

    private func watch(_ descriptor: curl_socket_t, _ what: Int32) {
        guard what == CURL_POLL_IN || what == CURL_POLL_OUT || what == CURL_POLL_INOUT else {
            return unwatch(descriptor)
        }
        isHandshaking = isHandshaking || hasAddress && what == CURL_POLL_IN
        let isNew = watched.insert(descriptor).inserted
        let token = UInt64(number) << 32 | UInt64(UInt32(bitPattern: descriptor))
        if isNew { _ = poller.add(descriptor, token: token) }
        poller.change(descriptor, writing: what != CURL_POLL_IN, token: token)
    }

    private func unwatch(_ descriptor: curl_socket_t) {
        guard watched.remove(descriptor) != nil else { return }
        poller.remove(descriptor)
    }

    private func unwatchAll() {
        for descriptor in watched { poller.remove(descriptor) }
        watched = []
    }

    // MARK: - Options

    private func set(_ easy: UnsafeMutableRawPointer, _ context: UnsafeMutableRawPointer) -> CURLcode {
        var codes: [CURLcode] = []
        func set(_ option: CURLoption, _ value: Int) { codes.append(footbridge_set_long(easy, option, value)) }
        func set(_ option: CURLoption, _ value: String) { codes.append(footbridge_set_string(easy, option, value)) }

        codes.append(footbridge_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        codes.append(footbridge_set_pointer(easy, CURLOPT_SOCKOPTDATA, context))
        codes.append(
            footbridge_set_socket_callback(easy) { context, descriptor, _ in
                // 7.88.1 does not: a process that we start would keep the connection open.
                footbridge_close_on_exec(descriptor)
                guard let context else { return CURL_SOCKOPT_OK }
                Unmanaged<ConnectAttempt>.fromOpaque(context).takeUnretainedValue().hasAddress = true
                return CURL_SOCKOPT_OK
            })
        let scheme = target.tls == nil ? "http" : "https"
        switch target.address {
        case .tcp(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            if let serverName = target.serverName {
                // The URL's host is what TLS asks for and checks; CONNECT_TO says where it really is.
                set(CURLOPT_URL, "\(scheme)://\(serverName):\(port)/")
                addresses = curl_slist_append(nil, "\(serverName):\(port):\(name):\(port)")
                codes.append(footbridge_set_list(easy, CURLOPT_CONNECT_TO, addresses))
            } else {
                set(CURLOPT_URL, "\(scheme)://\(name):\(port)/")
            }
        case .unix(let path):
            set(CURLOPT_URL, "\(scheme)://\(target.serverName ?? "localhost")/")
            set(CURLOPT_UNIX_SOCKET_PATH, path)
        }
        set(CURLOPT_CONNECT_ONLY, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOSIGNAL, 1)
        // Otherwise an attempt that is dropped while a name is looked up waits for the resolver's thread to end.
        set(CURLOPT_QUICK_EXIT, 1)
        let milliseconds = Int(clamping: max(1, (deadline - .now).wholeMilliseconds))
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds)
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        // What one read brings at most; the default is 16 KiB.
        set(CURLOPT_BUFFERSIZE, 128 * 1024)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 15)
        set(CURLOPT_TCP_KEEPINTVL, 5)
        // Redis speaks no ALPN; h2 is not to be offered.
        set(CURLOPT_SSL_ENABLE_ALPN, 0)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let tls = target.tls {
            ExitGate.expectTLS()
            set(CURLOPT_SSL_VERIFYPEER, tls.isInsecure ? 0 : 1)
            set(CURLOPT_SSL_VERIFYHOST, tls.isInsecure ? 0 : 2)
            if let file = tls.certificateAuthorityFile {
                set(CURLOPT_CAINFO, file)
                // Otherwise the system's directory of authorities counts beside the file.
                codes.append(footbridge_set_string(easy, CURLOPT_CAPATH, nil))
            }
            if let file = tls.certificateFile { set(CURLOPT_SSLCERT, file) }
            if let file = tls.keyFile { set(CURLOPT_SSLKEY, file) }
            for (option, bytes) in [
                (CURLOPT_CAINFO_BLOB, tls.certificateAuthority), (CURLOPT_SSLCERT_BLOB, tls.certificate),
                (CURLOPT_SSLKEY_BLOB, tls.key),
            ] {
                guard let bytes else { continue }
                codes.append(bytes.withUnsafeBytes { footbridge_set_blob(easy, option, $0.baseAddress, $0.count) })
            }
            if tls.certificateAuthority != nil { codes.append(footbridge_set_string(easy, CURLOPT_CAPATH, nil)) }
        }
        return codes.first { $0 != CURLE_OK } ?? CURLE_OK
    }
}

extension SocketTarget {
    fileprivate var nameToLookUp: String? {
        guard case .tcp(let host, _) = address else { return nil }
        var room = in6_addr()
        let isNumber = inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1
        return isNumber ? nil : host
    }
}
