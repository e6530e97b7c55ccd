import Glibc

/// A TLS server on 127.0.0.1 with OpenSSL behind it, by way of Python's `ssl`: the code under test must not be on both ends.
public final class TLSServer: Sendable {
    public enum Mode: String, Sendable {
        /// Sends back what comes.
        case echo
        /// The same, but takes its time before the first byte is read, and reads little at a time.
        case slowEcho
        /// Answers each HTTP request with 200 and the name that the client asked for (SNI) as body.
        case http
        /// Answers 200 once a request has begun, and closes a moment later without reading the rest.
        case hasty
        /// Resets the connection when a few bytes have come, without reading the others.
        case reset
    }

    public let port: UInt16
    private let process: ChildProcess

    /// - Parameter clientAuthority: whom the client's certificate must be from, if one is asked for.
    public init(
        _ mode: Mode, certificate: String, key: String, clientAuthority: String? = nil, offersH2: Bool = false
    ) throws {
        process = try ChildProcess(
            "python3",
            ["-c", Self.script, mode.rawValue, certificate, key, clientAuthority ?? "", offersH2 ? "h2" : ""])
        try process.waitForOutput(containing: "\n")
        guard let port = process.output.split(separator: "\n").first.flatMap({ UInt16($0) }) else {
            throw TestSupportError("no port: \(process.output)")
        }
        self.port = port
    }

    public convenience init(
        _ mode: Mode, _ certificates: TLSCertificates, asksClient: Bool = false, offersH2: Bool = false
    ) throws {
        try self.init(
            mode, certificate: certificates.serverCertificate, key: certificates.serverKey,
            clientAuthority: asksClient ? certificates.authority : nil, offersH2: offersH2)
    }

    /// Ends it, and all its connections with it.
    public func kill() throws {
        process.signal(SIGKILL)
        try process.waitForExit()
    }

    private static let script = """
        import socket, ssl, struct, sys, threading, time
        mode, certificate, key, authority, alpn = sys.argv[1:6]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority)
        if alpn: context.set_alpn_protocols([alpn])
        names = {}
        context.sni_callback = lambda connection, name, _: names.__setitem__(connection, name)

        def echo(connection):
            if mode == "slowEcho": time.sleep(0.3)
            while True:
                data = connection.recv(4096 if mode == "slowEcho" else 1 << 20)
                if not data: return
                connection.sendall(data)

        def http(connection):
            file = connection.makefile("rb")
            while True:
                length, line = 0, file.readline()
                if not line: return
                while line.strip():
                    if line.lower().startswith(b"content-length:"): length = int(line.split(b":")[1])
                    line = file.readline()
                file.read(length)
                body = (names.get(connection) or "none").encode()
                connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n%s" % (len(body), body))

        def hasty(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n")
            time.sleep(0.2)

        def reset(connection):
            connection.recv(10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket(fileno=connection.detach()).close()

        def serve(plain):
            try:
                with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
                    try: connection.do_handshake()
                    except ssl.SSLError:
                        time.sleep(0.2) # a reset that follows at once may overtake the alert
                        raise
                    {"http": http, "hasty": hasty, "reset": reset}.get(mode, echo)(connection)
            except OSError: pass

        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}
