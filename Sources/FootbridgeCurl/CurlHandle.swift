internal import CFootbridgeCurl

/// One libcurl easy handle for HTTP requests that differ in header values and body only; used again and again.
///
/// Each option of a request is set in this file or in `ConnectionOptions+Set.swift`, with its reason. Belongs to the thread of its loop.
public final class CurlHandle {
    public typealias Completion = (Result<TransferResponse, TransportFailure>) -> Void

    /// 7.88.1 bounds one header line (100 KiB) but not their sum (CVE-2023-38039).
    private static let headerLimitBytes = 256 * 1024

    private enum State {
        case idle, sending
        /// libcurl has ended the transfer because of its host's name; the `NameChecks` of the loop say why.
        case checkingName
    }

    /// A connection that is older is given up for a new one, and so a new look at the name, after an answer that may come from
    /// where the name no longer points.
    var renewalAge: Duration = .seconds(20)
    /// Connections that were made before are not used any more, to the second.
    public var oldestConnection: MonotonicTime?

    private let loop: CurlLoop
    private let easy: UnsafeMutableRawPointer
    private let options: TransferOptions
    private var fixedHeaders: FixedHeaders
    /// Where to connect to in place of the URL's host.
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private var request = PinnedRequest()
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var state = State.idle
    /// What takes the place of `fixedHeaders`: libcurl reads those while a transfer runs.
    private var newHeaders: FixedHeaders?
    /// Called on the loop, exactly once for each `start` that did not throw; later, never before `start` returns.
    public var onFinish: Completion?
    private var received = 0
    /// What libcurl's callbacks note.
    private let transfer = UnsafeMutablePointer<footbridge_transfer>.allocate(capacity: 1)
    /// Whether CURLOPT_FRESH_CONNECT is set.
    private var isFresh = false
    /// CURLOPT_MAXLIFETIME_CONN.
    private var lifetimeSeconds = longestLifetimeSeconds
    private static let longestLifetimeSeconds = 600
    private var kept: [UInt8] = []
    /// A larger answer's memory is given back.
    private static let reusedBodyBytes = 64 << 10
    /// Tells the answer of one check of the name from that of an earlier one, which was cancelled.
    private var checks = 0
    private var isTruncated = false
    private var hasStartedAgain = false
    /// Whether addresses are judged before anything connects to them.
    private let isGuarded: Bool
    /// The address that was not to be connected to, the last one if there are several.
    private var refusal: AddressGuard.Refusal?
    /// CURLOPT_TIMEOUT_MS, in milliseconds.
    private var timeoutMilliseconds = 0

    /// - Throws: `TransportFailure.Kind.invalid` if libcurl does not accept an option, such as a malformed URL or a missing file.
    public init(loop: CurlLoop, options: TransferOptions) throws(TransportFailure) {
        guard CurlGlobal.ready, let easy = curl_easy_init() else { throw TransportFailure(CURLE_FAILED_INIT) }
        self.loop = loop
        self.easy = easy
        self.options = options
        isGuarded = options.connection.guards(url: options.url)
        fixedHeaders = FixedHeaders()
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        transfer.initialize(to: footbridge_transfer())
        // What throws from here on runs `deinit`, for every property has its value.
        try setTarget()
        fixedHeaders = try makeHeaders(options.headers)
        try setBounds()
        try setCallbacks()
    }

    deinit {
        if state == .sending { loop.remove(easy) }
        curl_easy_cleanup(easy)
        curl_slist_free_all(connectTo)
        request.free()
        errorText.deallocate()
        transfer.deallocate()
    }

    // MARK: - Options

    private func setTarget() throws(TransportFailure) {
        // The default allows everything that libcurl was built with: file, ftp, gopher, ldap, smb, telnet …
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        // A 3xx is a failure (Standard Webhooks, CloudEvents): a receiver must not steer us elsewhere.
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_MAXREDIRS, 0)
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
        // Credentials in a URL end in logs; they belong into headers.
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // Send the path as configured; libcurl would squash "/../".
        try set(CURLOPT_PATH_AS_IS, 1)
        connectTo = try options.connection.set(on: easy, url: options.url)
        if let pool = loop.pool(for: options.connection) {
            try check(footbridge_set_pointer(easy, CURLOPT_SHARE, pool))
        }
        if let aws = options.aws {
            try set(CURLOPT_AWS_SIGV4, "aws:amz:\(aws.region):\(aws.service)")
            try set(CURLOPT_USERNAME, aws.accessKey)
            try set(CURLOPT_PASSWORD, aws.secretKey)
        }
        // A body is always ours to give, also for methods other than POST.
        try set(CURLOPT_POST, 1)
        if options.method != "POST" { try set(CURLOPT_CUSTOMREQUEST, options.method) }
        // No ACCEPT_ENCODING: nothing is decompressed, so there is no decompression bomb.
        // No cookies, netrc, HSTS, alt-svc: libcurl's defaults leave them off.
    }

    private func makeHeaders(_ lines: [String]) throws(TransportFailure) -> FixedHeaders {
        try FixedHeaders(lines + options.connection.headers(url: options.url, beside: lines))
    }

    private func setBounds() throws(TransportFailure) {
        // Timeouts by SIGALRM would hit the whole process.
        try set(CURLOPT_NOSIGNAL, 1)
        // Otherwise a timeout while a name is looked up waits, on our thread, for the resolver's thread to end.
        try set(CURLOPT_QUICK_EXIT, 1)
        try limitTime(options.timeout)
        // The default is five minutes.
        try set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: max(1, options.connectTimeout.wholeMilliseconds)))
        // Finds the dead peer of an idle connection; 7.88.1 has them off.
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 10)
        // A kept connection is made anew now and then, so that a change of DNS is noticed; a new one asks again after 30 s.
        try set(CURLOPT_DNS_CACHE_TIMEOUT, 30)
        try set(CURLOPT_MAXLIFETIME_CONN, Self.longestLifetimeSeconds)
        try set(CURLOPT_MAXAGE_CONN, 118)
    }

    private func setCallbacks() throws(TransportFailure) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(footbridge_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try check(footbridge_set_pointer(easy, CURLOPT_PRIVATE, context))
        try check(footbridge_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(
            footbridge_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
                return handle.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
        try check(footbridge_set_transfer(easy, transfer))
    }

    private func set(_ option: CURLoption, _ value: Int) throws(TransportFailure) {
        try check(footbridge_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(TransportFailure) {
        try check(footbridge_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(TransportFailure) {
        guard code == CURLE_OK else { throw TransportFailure(code) }
    }

    // MARK: - One transfer

    /// After an answer of 300 or above its connection is not used again: what follows on it might be answered to the
    /// left-over bytes of our body. To be set before `start`.
    public var closesAfterErrors = false

    /// Other lines that all requests have, from the next one on.
    ///
    /// - Throws: if one of them holds a control character; then those of before stay.
    public func replaceHeaders(_ lines: [String]) throws(TransportFailure) {
        newHeaders = try makeHeaders(lines)
    }

    public var isBusy: Bool { state != .idle }

    /// Sends the request when the loop performs next; `onFinish` tells how it ended.
    ///
    /// The buffer is copied and may be used for the next request at once.
    ///
    /// - Parameter fresh: over a new connection, whatever connections are kept.
    public func start(_ buffer: borrowing RequestBuffer, fresh: Bool = false) throws(TransportFailure) {
        precondition(!isBusy, "a handle carries one request at a time")
        guard buffer.isValid else {
            throw TransportFailure(kind: .invalid, message: "a header value with a control character")
        }
        if let newHeaders {
            fixedHeaders = newHeaders
            self.newHeaders = nil
        }
        let fixed = fixedHeaders.list(bodyBytes: buffer.body.count)
        guard request.load(buffer, followedBy: fixed) else { throw TransportFailure(CURLE_OUT_OF_MEMORY) }
        received = 0
        if !buffer.url.isEmpty { try set(CURLOPT_URL, String(decoding: buffer.url, as: UTF8.self)) }
        if transfer.pointee.forbids_reuse {
            try set(CURLOPT_FORBID_REUSE, 0)
            try set(CURLOPT_VERBOSE, 0)
        }
        transfer.pointee = footbridge_transfer()
        transfer.pointee.easy = easy
        transfer.pointee.header_bytes_left = Self.headerLimitBytes
        transfer.pointee.body_bytes = curl_off_t(request.bodyCount)
        transfer.pointee.closes_after_errors = closesAfterErrors
        transfer.pointee.made_at = loop.connectionTimes
        transfer.pointee.now = UInt32(truncatingIfNeeded: loop.now.nanoseconds / 1_000_000)
        transfer.pointee.renewal_age = UInt32(clamping: renewalAge.wholeMilliseconds)
        // A receiver may refuse streams that it has not looked at, and ends connections with streams on them as a matter of
        // course. libcurl does not say which of the two it was, and repeats both, five times at most.
        if options.connection.httpVersion == .http2 {
            transfer.pointee.repeats_allowed = 5
            hasStartedAgain = false
        }
        if isGuarded {
            transfer.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
            transfer.pointee.permits = { owner, address in
                guard let owner, let address else { return false }
                return Unmanaged<CurlHandle>.fromOpaque(owner).takeUnretainedValue().permits(address)
            }
            refusal = nil
        }
        if let oldestConnection { try limitLifetime(since: oldestConnection) }
        isTruncated = false
        kept.removeAll(keepingCapacity: kept.capacity <= Self.reusedBodyBytes)
        errorText[0] = 0
        try check(
            footbridge_set_list(easy, CURLOPT_HTTPHEADER, request.list(count: buffer.starts.count, fixed: fixed))
        )
        try check(footbridge_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.bodyCount)))
        if fresh != isFresh {
            try set(CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
            isFresh = fresh
        }
        // Not copied by libcurl: PinnedRequest keeps it in place.
        try check(footbridge_set_pointer(easy, CURLOPT_POSTFIELDS, request.body))
        guard loop.add(easy) else { throw TransportFailure(CURLE_FAILED_INIT) }
        state = .sending
    }

    /// How long the next requests may take, in place of the options' `timeout`.
    public func limitTime(_ timeout: Duration) throws(TransportFailure) {
        let milliseconds = Int(clamping: max(1, timeout.wholeMilliseconds))
        guard milliseconds != timeoutMilliseconds else { return }
        try set(CURLOPT_TIMEOUT_MS, milliseconds)
        timeoutMilliseconds = milliseconds
    }

    /// Called before each connection is opened, while libcurl works on this transfer. Not for one that was kept: its address
    /// was judged when it was opened, and `CurlLoop.pool` keeps it from handles with other rules.
    private func permits(_ address: UnsafePointer<sockaddr>) -> Bool {
        guard let address = IPAddress(address) else { return true }
        guard let refused = options.connection.addressGuard?.refusal(of: address) else { return true }
        refusal = refused
        return false
    }

    /// libcurl ends connections that have lived for longer than this when it looks for one to use.
    private func limitLifetime(since start: MonotonicTime) throws(TransportFailure) {
        let seconds = max(1, Int((loop.now - start) / .seconds(1)))
        if seconds >= Self.longestLifetimeSeconds { oldestConnection = nil }
        let lifetime = min(seconds, Self.longestLifetimeSeconds)
        guard lifetime != lifetimeSeconds else { return }
        lifetimeSeconds = lifetime
        try set(CURLOPT_MAXLIFETIME_CONN, lifetime)
    }

    /// The same with a completion for this request.
    public func start(
        _ buffer: borrowing RequestBuffer, fresh: Bool = false, completion: @escaping Completion
    ) throws(TransportFailure) {
        try start(buffer, fresh: fresh)
        onFinish = completion
    }

    /// Drops the transfer; `onFinish` is not called.
    public func cancel() {
        if state == .sending {
            loop.remove(easy)
            request.shrink()
        }
        state = .idle
    }

    /// The value of a header of the last response; the last one if it came more than once.
    public func responseHeader(_ name: String) -> String? {
        guard let first = header(name, 0) else { return nil }
        let last = first.pointee.amount > 1 ? header(name, first.pointee.amount - 1) : nil
        return String(cString: (last ?? first).pointee.value)
    }

    private func header(_ name: String, _ index: Int) -> UnsafeMutablePointer<curl_header>? {
        var header: UnsafeMutablePointer<curl_header>?
        let code = curl_easy_header(easy, name, index, UInt32(CURLH_HEADER), -1, &header)
        return code == CURLHE_OK ? header : nil
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = min(options.keptBodyBytes, options.responseLimitBytes) - kept.count
        if room > 0 { kept.append(contentsOf: bytes.prefix(room)) }
        received += bytes.count
        // 7.88.1 compares MAXFILESIZE only with a declared length (lib/http.c), so the cap is here.
        guard received <= options.responseLimitBytes else {
            isTruncated = true
            return CURL_WRITEFUNC_ERROR_COUNT
        }
        return bytes.count
    }

    static func finished(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
        var context: UnsafeMutableRawPointer?
        guard footbridge_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context else { return }
        Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue().finish(code)
    }

    private func finish(_ code: CURLcode) {
        guard state == .sending else { return }
        if startsAgain(after: code) { return }
        request.shrink()
        let end = end(code)
        // The status line decides: what came after it was cut by us, not by the receiver. An answer that stalls or breaks off
        // is none, whatever its status: better twice than not at all.
        if code == CURLE_OK || (isTruncated && transfer.pointee.status >= 200) || isCompleteEarlyAnswer(code) {
            tell(
                .success(
                    TransferResponse(
                        status: Int(transfer.pointee.status), bodyHead: kept, isTruncated: isTruncated,
                        usedConnection: end.usedConnection, cameEarly: transfer.pointee.came_early)))
            return
        }
        let failure = end.failure { Descriptors.areShort }
        if failure.kind == .nameLookupFailed { checkName(failure) } else { tell(.failure(failure)) }
    }

    /// 7.88.1 counts how often it has repeated a request over all transfers of a handle (`retrycount`), and begins anew only
    /// when it gives one up after five: that one has not had its five.
    private func startsAgain(after code: CURLcode) -> Bool {
        guard code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR, transfer.pointee.repeats_allowed > 0,
            !hasStartedAgain, String(cString: errorText).hasPrefix("Connection died, tried")
        else { return false }
        hasStartedAgain = true
        (transfer.pointee.prerequests, transfer.pointee.status, transfer.pointee.family) = (0, 0, 0)
        errorText[0] = 0
        return loop.add(easy)
    }

    private func tell(_ result: Result<TransferResponse, TransportFailure>) {
        state = .idle
        onFinish?(result)
    }

    private func end(_ code: CURLcode) -> TransferEnd {
        var end = TransferEnd(code: code, prerequests: Int(transfer.pointee.prerequests))
        if options.connection.httpVersion == .http2 { end.prerequests = min(end.prerequests, 1) }
        end.hasConnected = transfer.pointee.family != 0
        guard code != CURLE_OK else { return end }
        end.detail = String(cString: errorText)
        end.refusedAddress = refusal?.description
        end.hasProxy = options.connection.proxy != nil
        end.repeatRefused = transfer.pointee.repeat_refused
        end.socketError = transfer.pointee.socket_errno
        end.isIPv4 = transfer.pointee.family == AF_INET
        var connectionError = 0
        _ = footbridge_get_long(easy, CURLINFO_OS_ERRNO, &connectionError)
        end.connectionError = Int32(truncatingIfNeeded: connectionError)
        // libcurl would speak of the URL's host and port.
        if let path = options.connection.unixSocket, code == CURLE_COULDNT_CONNECT {
            end.detail = TransportFailure.unixSocket(path, errno: end.connectionError)
        }
        return end
    }

    /// Whether the answer came whole, and only then the receiver stopped taking our body: it has decided.
    ///
    /// libcurl reads before it writes. If the reset comes in between, the answer is never read, and this a disconnection.
    private func isCompleteEarlyAnswer(_ code: CURLcode) -> Bool {
        if options.connection.httpVersion == .http2, isCompleteStream(code) { return true }
        let isBroken = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR
        guard transfer.pointee.came_early, transfer.pointee.header_ended, isBroken || code == CURLE_OPERATION_TIMEDOUT
        else { return false }
        var length: curl_off_t = -1
        _ = footbridge_get_offset(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length)
        if length >= 0 { return received == Int(length) }
        if let coding = responseHeader("Transfer-Encoding") {
            return coding.lowercased().hasSuffix("chunked") && footbridge_has_last_chunk(transfer)
        }
        // The end of the connection is that of the body. Our unread bytes make it a reset.
        return isBroken
    }

    /// Over HTTP/2 a receiver that has answered before our body was whole says so with RST_STREAM (RFC 9113 §8.1), as nginx
    /// does. 7.88.1 takes that for an error of a transfer that has ended well.
    private func isCompleteStream(_ code: CURLcode) -> Bool {
        guard transfer.pointee.header_ended, code == CURLE_HTTP2_STREAM || code == CURLE_PARTIAL_FILE else {
            return false
        }
        if [204, 304].contains(transfer.pointee.status) { return true }
        var length: curl_off_t = -1
        _ = footbridge_get_offset(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length)
        return length >= 0 && received == Int(length)
    }

    private func checkName(_ failure: TransportFailure) {
        guard let host = URLHost.of(options.url) else { return tell(.failure(failure)) }
        state = .checkingName
        checks += 1
        loop.nameChecks.check(host, on: loop) { [weak self, check = checks] hasNoAddress in
            guard let self, state == .checkingName, check == checks else { return }
            tell(
                .failure(
                    hasNoAddress
                        ? TransportFailure(kind: .unknownHost, code: failure.code, message: failure.message) : failure))
        }
    }
}

/// A count that differs from what came: libcurl ends the transfer with CURLE_WRITE_ERROR.
private let CURL_WRITEFUNC_ERROR_COUNT = 0xffff_ffff
