import ArgumentParser
import RedisStreams

struct GroupRemoveConsumerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-consumer",
        abstract: "Removes a consumer from a group, after it has shown what is pending for it.",
        discussion: """
            What is pending for a consumer goes with it: the group never delivers it again. To keep it, let another claim it first.

            Examples:
              footbridge group remove-consumer billing orders --consumer worker-7
              footbridge group claim billing orders --idle 10m --consumer worker-8
            """)

    @OptionGroup var names: GroupArguments

    @Option(parsing: .unconditional, help: ArgumentHelp("The consumer.", valueName: "name"))
    var consumer: String

    @Flag(help: "Print a JSON object per stream: group, stream, consumer, removed, dropped.")
    var json = false

    @OptionGroup var confirmation: ConfirmOption
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group, isMaking: false) { redis in
            let group = redis.consumerGroup(names.group, of: streams)
            var faults = StreamFaults()
            var pending: [(stream: String, count: Int)] = []
            var (isRefused, absent) = (false, [String]())
            for stream in streams {
                let consumers = try await faults.serve(stream) { try await group[stream].consumers() }
                guard let consumers else { continue }
                if let found = consumers.first(where: { $0.name == consumer }) {
                    pending.append((stream, found.pendingCount))
                } else {
                    absent.append(consumers.absence(of: consumer, in: stream))
                    if json { try report(.refused(pending: 0), stream) }
                }
            }
            let losses = pending.filter { $0.count > 0 }
            try await confirmation.confirm { losses.map { loss(of: $0.count, $0.stream) } }
            for (stream, count) in pending {
                // Whoever was shown nothing has agreed to nothing.
                let force = confirmation.yes || count > 0
                let removal = try await group[stream].removeConsumer(consumer, force: force)
                if case .refused = removal { isRefused = true }
                try report(removal, stream)
            }
            for line in absent { complain("footbridge: \(line)") }
            try faults.end()
            if !absent.isEmpty { throw CommandExit.configuration }
            if isRefused { throw ExitCode.failure }
        }
    }

    private func loss(of count: Int, _ stream: String) -> String {
        "\(EscapedText.line(stream.utf8)): \(count) pending for consumer \(EscapedText.line(consumer.utf8)) will be dropped: "
            + "the group never delivers them again"
    }

    private func report(_ removal: ConsumerRemoval, _ stream: String) throws(OutputFailure) {
        if json {
            var line = JSONLine()
            line.add("group", names.group)
            line.add("stream", stream)
            line.add("consumer", consumer)
            if case .removed(let dropped) = removal {
                line.add("removed", true)
                line.add("dropped", dropped.count)
            } else {
                line.add("removed", false)
                line.add("dropped", 0)
            }
            return try LineOutput.standardOutput.put(line.bytes)
        }
        let outcome =
            switch removal {
            case .removed(let dropped) where !dropped.isEmpty: "removed, and \(dropped.count) pending dropped"
            case .removed: "removed"
            case .refused(let pending): "kept: \(pending) became pending meanwhile"
            }
        try LineOutput.standardOutput.put("\(EscapedText.line(stream.utf8)): \(outcome)")
    }
}
