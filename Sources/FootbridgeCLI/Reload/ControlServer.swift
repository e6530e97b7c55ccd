import Footbridge
import FootbridgeCurl
import Glibc
import Logging

/// Takes the commands of people on this machine: `reload`, and `status`, which is answered with a report. Only from the user that the bridge runs as, and from root.
struct ControlServer {
    private let descriptor: Int32
    private let answers: Answers
    private let logger: Logger

    struct Answers: Sendable {
        let reloads: ConfigReloads
        let reporter: Reporter

        /// - Returns: `nil` if there is no such command.
        func answer(_ command: String) -> (@Sendable () async -> String)? {
            switch command {
            case "reload":
                {
                    let answer = await reloads.reload()
                    return "\(answer.isTaken ? "taken" : "refused")\n\(answer)\n"
                }
            // Empty if a loop does not turn.
            case "status": { await reporter.report()?.json ?? "" }
            default: nil
            }
        }
    }

    private static let longestLine = 256
    private static let patience = 5

    /// - Returns: `nil` if there is no socket to be had: then signals are the only way.
    init?(config path: String, answers: Answers, logger: Logger) {
        (self.answers, self.logger) = (answers, logger)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard let address = ControlAddress(config: path), descriptor >= 0,
            address.withSockaddr({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0
        else {
            if descriptor >= 0 { close(descriptor) }
            Self.warn(SystemFailure(code: errno), logger)
            return nil
        }
    }

    private static func warn(_ failure: SystemFailure, _ logger: Logger) {
        logger.warning(
            "no socket for commands; `footbridge reload` cannot reach this process, SIGHUP does",
            metadata: [LogKeys.error: "\(failure)"])
    }

    /// Serves for as long as the process lives.
    func start() {
        let (descriptor, answers) = (descriptor, answers)
        do throws(SystemFailure) {
            try DetachedThread.start { Self.acceptAll(descriptor, answers) }
        } catch {
            Self.warn(error, logger)
        }
    }

    private static func acceptAll(_ descriptor: Int32, _ answers: Answers) {
        while true {
            let accepted = accept(descriptor, nil, nil)
            guard accepted >= 0 else {
                // A lack of descriptors, most likely: it may pass.
                if errno != EINTR { usleep(200_000) }
                continue
            }
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            serve(ControlChannel(descriptor: accepted), answers)
        }
    }

    private static func serve(_ channel: ControlChannel, _ answers: Answers) {
        channel.limitWaits(to: patience)
        guard let peer = channel.peer, peer == geteuid() || peer == 0 else {
            channel.write("refused\nonly root and the user of the bridge may say that\n")
            return channel.close()
        }
        let line = channel.read { $0.contains(UInt8(ascii: "\n")) || $0.count > longestLine }
        guard let line, line.hasSuffix("\n"), let answer = answers.answer(String(line.dropLast())) else {
            channel.write("refused\nunknown command\n")
            return channel.close()
        }
        Task {
            channel.write(await answer())
            channel.close()
        }
    }
}
