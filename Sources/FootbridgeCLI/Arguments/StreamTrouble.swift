import ArgumentParser
import FootbridgeRedis
import RedisStreams

/// Why a command on streams failed: looks at what is there to name the cure, tells it, and gives the exit code.
struct StreamTrouble {
    let connection: ToolConnection
    let redis: RedisStreams.Redis
    var streams: [String]
    let group: String?
    /// Whether to make what is missing may be what is wanted.
    let isMaking: Bool

    private typealias Told = (text: String, code: ExitCode)

    /// What else a command throws goes through as it is.
    func exit(for error: any Error) async -> any Error {
        if let error = error as? StreamFaults { return await exit(for: error) }
        guard let failure = error as? RedisStreams.Redis.Failure, failure.kind != .cancelled else { return error }
        let (text, code) = await told(failure)
        return footbridge.failure(text, code)
    }

    /// Tells each; the code is that of the first.
    private func exit(for faults: StreamFaults) async -> any Error {
        var first: ExitCode?
        for (stream, failure) in faults.faults {
            var trouble = self
            trouble.streams = [stream]
            let (text, code) = await trouble.told(failure)
            let exit = footbridge.failure(text, code)
            first = first ?? exit
        }
        return first ?? .failure
    }

    private func told(_ failure: RedisStreams.Redis.Failure) async -> Told {
        let place = connection.target.place
        let text = failure.serverError ?? "\(failure)"
        switch failure.kind {
        case .wrongType: return (await wrongType() ?? text, CommandExit.configuration)
        case .noGroup, .noStream: return (await missing() ?? text, CommandExit.configuration)
        case .idTooLow: return (await idTooLow() ?? text, CommandExit.configuration)
        case .transient: return ("\(place) cannot serve now: \(text)", CommandExit.unavailable)
        case .notMaster: return ("\(place) refuses: it is a replica; name its master", CommandExit.configuration)
        case .clusterNode: return ("\(place) cannot be used: \(text)", CommandExit.configuration)
        case .unreachable, .connectionLost, .timedOut, .closed, .cancelled:
            return ("lost \(place): \(failure)", CommandExit.unavailable)
        case .replyTooLarge, .unexpectedReply, .notSent, .unsupported, .invalidConfiguration:
            return ("\(failure)", CommandExit.configuration)
        default: return ("\(place) refuses: \(text)", CommandExit.configuration)
        }
    }

    private func wrongType() async -> String? {
        for stream in streams {
            guard let type = try? await redis.send("TYPE", stream).text, type != "stream", type != "none" else {
                continue
            }
            return "\(shown(stream)) is a \(type), not a stream; name another key"
        }
        return nil
    }

    /// The first stream that is not there, or has no such group.
    private func missing() async -> String? {
        for stream in streams {
            do {
                let names = try await redis.stream(stream).groups().map(\.name)
                guard let group, !names.contains(group) else { continue }
                let others =
                    names.isEmpty ? "has no groups" : "has the groups \(names.map(shown).joined(separator: ", "))"
                let cure = "; to make it: footbridge group create \(shell(group)) \(shell(stream))"
                return "stream \(shown(stream)) \(others), not \(shown(group))\(isMaking ? cure : "")"
            } catch {
                guard error.kind == .noStream else { return nil }
                var cure = "check the name"
                if let near = await redis.streamName(near: stream) {
                    cure = "did you mean \(shown(near))?"
                } else if isMaking {
                    cure += ", or make it: footbridge stream add \(shell(stream)) name=value"
                }
                return "there is no stream \(shown(stream)) (\(connection.target.place), database "
                    + "\(connection.target.handshake.database)); \(cure)"
            }
        }
        return nil
    }

    private func idTooLow() async -> String? {
        guard let stream = streams.first, let last = try? await redis.stream(stream).info().lastID else { return nil }
        return "stream \(shown(stream)) has had ids up to \(last.shown); give a higher one, or leave it out"
    }

    private func shown(_ name: String) -> String { "\"\(EscapedText.line(name.utf8))\"" }

    /// A word that can be pasted into a shell.
    private func shell(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: ":"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        return isPlain && !word.isEmpty ? word : "'\(EscapedText.line(word.utf8).replacing("'", with: #"'\''"#))'"
    }
}

extension EntryID {
    /// For a sentence: the id, and its time in brackets.
    var shown: String { time.map { "\(self) (\($0))" } ?? "\(self)" }
}
