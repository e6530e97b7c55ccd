internal import Glibc

/// Sockets that a service manager listens on and has passed to this process (sd_listen_fds(3)).
public struct PassedSockets: Sendable, Equatable {
    struct Socket: Sendable, Equatable {
        let descriptor: Int32
        /// `FileDescriptorName=` of the socket unit.
        let name: String
    }

    let sockets: [Socket]

    public var isEmpty: Bool { sockets.isEmpty }

    /// Reads `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` and removes them, and keeps the sockets from children.
    ///
    /// To be called once, before there are other threads: changing the environment is not safe beside `getenv`.
    public static func fromEnvironment() -> PassedSockets {
        func take(_ name: String) -> String? {
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        unsetenv("LISTEN_PIDFDID")
        let passed = PassedSockets(
            pid: take("LISTEN_PID"), count: take("LISTEN_FDS"), names: take("LISTEN_FDNAMES"), ownPID: getpid())
        for socket in passed.sockets { _ = fcntl(socket.descriptor, F_SETFD, FD_CLOEXEC) }
        return passed
    }

    init(pid: String?, count: String?, names: String?, ownPID: pid_t) {
        // The variables are inherited by those for whom they are not meant.
        guard let pid, pid == String(ownPID), let count = count.flatMap({ Int32($0) }), (1...1024).contains(count)
        else {
            sockets = []
            return
        }
        let names = names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        sockets = (0..<count).map { index in
            Socket(descriptor: 3 + index, name: Int(index) < names.count ? names[Int(index)] : "unknown")
        }
    }

    /// The one for the admin server: the one of this name, or the only one.
    ///
    /// - Returns: `nil` if none was passed.
    func admin() throws(AdminServerError) -> Socket? {
        if let named = sockets.first(where: { $0.name == "admin" }) { return named }
        guard sockets.count > 1 else { return sockets.first }
        let names = sockets.map(\.name).joined(separator: ", ")
        throw AdminServerError(
            "\(sockets.count) sockets were passed (\(names)), and none is named admin; write FileDescriptorName=admin in its socket unit"
        )
    }
}
