import Foundation

/// A real nginx of a test on 127.0.0.1. Its access log is the ledger. It ends with the last reference.
public final class Nginx: Sendable {
    /// A request as its access log has it.
    public struct Request: Sendable, Equatable, Decodable {
        public let status: String
        /// `HTTP/2.0`
        public let version: String
        public let path: String
        public let host: String
        /// What the client asked for in TLS (SNI).
        public let serverName: String
        /// The subject of the client's certificate.
        public let client: String
        public let id: String
        public let attempt: String
        /// Of nginx's own counting.
        public let connection: String
    }

    public let port: UInt16
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// - Parameters:
    ///   - listen: What stands behind the port, such as `ssl http2`; or `nil` for a unix socket at `socket`.
    ///   - server: Further lines of the `server` block.
    public init(listen: String = "", socket: String? = nil, server: String = "") throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        var started: (UInt16, ChildProcess)?
        // A free port may be taken by another before nginx binds it.
        for _ in 1...5 where started == nil {
            let port = try freePort()
            let place = socket.map { "unix:\($0)" } ?? "127.0.0.1:\(port) \(listen)"
            let file = try directory.write(Self.config(directory.path, place, server), to: "nginx.conf")
            let process = try ChildProcess("/usr/sbin/nginx", ["-p", directory.path, "-e", "stderr", "-c", file])
            try eventually("nginx listens, or has ended") {
                if process.exit != nil { return true }
                return (try? socket.map { try StreamSocket.connected(path: $0) } ?? .connected(port: port)) != nil
            }
            if process.exit == nil { started = (port, process) }
            if process.exit != nil, !process.errorOutput.contains("Address already in use") {
                throw TestSupportError("nginx: \(process.errorOutput)")
            }
        }
        guard let started else { throw TestSupportError("found no port for nginx in five attempts") }
        (port, process) = started
    }

    deinit { process.signal(SIGQUIT) }

    /// All requests so far, in the order in which they ended. Only those that were answered.
    public var requests: [Request] {
        let text = (try? String(contentsOfFile: directory.file("access.log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
            .filter { !$0.id.isEmpty }
    }

    private static func config(_ path: String, _ place: String, _ server: String) -> String {
        """
        daemon off;
        worker_processes 1;
        pid \(path)/nginx.pid;
        \(geteuid() == 0 ? "user root;" : "")
        events { worker_connections 512; }
        http {
            log_format ledger escape=json '{"status":"$status","version":"$server_protocol","path":"$request_uri",'
                '"host":"$http_host","serverName":"$ssl_server_name","client":"$ssl_client_s_dn",'
                '"id":"$http_webhook_id","attempt":"$http_webhook_attempt","connection":"$connection"}';
            access_log \(path)/access.log ledger;
            client_body_temp_path \(path)/body;
            proxy_temp_path \(path)/proxy;
            fastcgi_temp_path \(path)/fastcgi;
            uwsgi_temp_path \(path)/uwsgi;
            scgi_temp_path \(path)/scgi;
            server {
                listen \(place);
                \(server)
                # What is passed on is read whole before it is answered.
                location / { proxy_pass http://unix:\(path)/behind.sock:; }
                location /early { return 200 ""; }
            }
            server {
                listen unix:\(path)/behind.sock;
                access_log off;
                location / { return 200 ""; }
            }
        }
        """
    }
}
