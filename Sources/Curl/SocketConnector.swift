internal import CCurl
internal import Glibc
internal import Synchronization

/// Opens the connections of `CurlSocket`s on threads of its own, so that a name server or a TLS handshake never holds up
/// a loop.
///
/// Each connection gets an easy handle and `curl_easy_perform`, not a shared multi handle: in 7.88.1 a connection of
/// CURLOPT_CONNECT_ONLY counts as idle as soon as it stands, and the next transfer of the same multi handle closes it when
/// it is older than CURLOPT_MAXAGE_CONN or has unread input (lib/url.c, extract_if_dead). A handle of its own has its own pool.
enum SocketConnector {
    private struct Attempt: Sendable {
        let target: SocketTarget
        let completion: @Sendable (Result<ConnectedHandle, TransportFailure>) -> Void
    }

    private struct State {
        var waiting: [Attempt] = []
        var threads = 0
    }

    private static let state = Mutex(State())
    /// Threads live while there are attempts; a dead server must not hold up the connections to another for long.
    private static let maximumThreads = 8

    static func connect(
        _ target: SocketTarget, completion: @escaping @Sendable (Result<ConnectedHandle, TransportFailure>) -> Void
    ) {
        let needsThread = state.withLock { state in
            state.waiting.append(Attempt(target: target, completion: completion))
            guard state.threads < maximumThreads else { return false }
            state.threads += 1
            return true
        }
        guard needsThread else { return }
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { _ in
                SocketConnector.work()
                return nil
            }, nil)
        guard failure != 0 else {
            pthread_detach(thread)
            return
        }
        // Another thread takes what waits; if there is none, nobody would.
        let abandoned = state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return [Attempt]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for attempt in abandoned {
            attempt.completion(.failure(TransportFailure(kind: .other, message: "no thread for connecting")))
        }
    }

    private static func work() {
        footbridge_name_thread("connect")
        while true {
            let next: Attempt? = state.withLock { state in
                if state.waiting.isEmpty {
                    state.threads -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let next else { return }
            next.completion(open(next.target))
        }
    }

    private static func open(_ target: SocketTarget) -> Result<ConnectedHandle, TransportFailure> {
        guard CurlGlobal.ready, let easy = curl_easy_init() else {
            return .failure(TransportFailure(CURLE_FAILED_INIT))
        }
        let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        var addresses: UnsafeMutablePointer<curl_slist>?
        defer { errorText.deallocate() }
        var code = footbridge_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        if code == CURLE_OK { code = set(easy, target, &addresses) }
        if code == CURLE_OK { code = curl_easy_perform(easy) }
        _ = footbridge_set_list(easy, CURLOPT_CONNECT_TO, nil)
        curl_slist_free_all(addresses)
        var descriptor: curl_socket_t = -1
        if code == CURLE_OK { code = footbridge_get_socket(easy, CURLINFO_ACTIVESOCKET, &descriptor) }
        if code == CURLE_OK && descriptor >= 0 {
            _ = footbridge_set_pointer(easy, CURLOPT_ERRORBUFFER, nil)
            // Data that nobody acknowledges, which keep-alive does not notice, ends the connection too.
            var milliseconds: Int32 = 20_000
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<Int32>.size))
            // What the kernel holds beyond this would look like a server that does not answer: bytes that left this process
            // are progress, bytes that wait in the kernel for a slow line are not.
            var bytes: Int32 = 256 * 1024
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
            return .success(ConnectedHandle(easy: easy, descriptor: descriptor))
        }
        var detail = String(cString: errorText)
        // libcurl would speak of "localhost port 80".
        if case .unix(let path) = target.address, code == CURLE_COULDNT_CONNECT {
            detail = "nobody listens on the unix socket \(path)"
        }
        let failure = TransportFailure(code == CURLE_OK ? CURLE_COULDNT_CONNECT : code, detail: detail)
        curl_easy_cleanup(easy)
        return .failure(failure)
    }

    private static func set(
        _ easy: UnsafeMutableRawPointer, _ target: SocketTarget, _ addresses: inout UnsafeMutablePointer<curl_slist>?
    ) -> CURLcode {
        var codes: [CURLcode] = []
        func set(_ option: CURLoption, _ value: Int) { codes.append(footbridge_set_long(easy, option, value)) }
        func set(_ option: CURLoption, _ value: String) { codes.append(footbridge_set_string(easy, option, value)) }

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
        // Otherwise a timeout while a name is looked up waits for the resolver's thread to end.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: max(1, target.connectTimeout.wholeMilliseconds)))
        set(CURLOPT_TIMEOUT_MS, Int(clamping: max(1, target.connectTimeout.wholeMilliseconds)))
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
            set(CURLOPT_SSL_VERIFYPEER, tls.isInsecure ? 0 : 1)
            set(CURLOPT_SSL_VERIFYHOST, tls.isInsecure ? 0 : 2)
            if let file = tls.certificateAuthorityFile {
                set(CURLOPT_CAINFO, file)
                // Otherwise the system's directory of authorities counts beside the file.
                codes.append(footbridge_set_string(easy, CURLOPT_CAPATH, nil))
            }
            if let file = tls.certificateFile { set(CURLOPT_SSLCERT, file) }
            if let file = tls.keyFile { set(CURLOPT_SSLKEY, file) }
        }
        return codes.first { $0 != CURLE_OK } ?? CURLE_OK
    }
}

/// An easy handle whose connection stands, on its way from the connecting thread to the loop.
struct ConnectedHandle: @unchecked Sendable {
    let easy: UnsafeMutableRawPointer
    let descriptor: Int32
}
