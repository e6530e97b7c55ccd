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
        try await server.perform(on: streams, group: names.group) { redis in
            let group = redis.consumerGroup(names.group, of: streams)
            var pending: [(stream: String, count: Int?)] = []
            for stream in streams {
                let found = try await group[stream].consumers().first { $0.name == consumer }
                pending.append((stream, found?.pendingCount))
            }
            let losses = pending.filter { $0.count ?? 0 > 0 }
            try await confirmation.confirm { losses.map { loss(of: $0.count ?? 0, $0.stream) } }
            var isRefused = false
            for (stream, count) in pending {
                // Whoever was shown nothing has agreed to nothing.
                let force = confirmation.yes || count ?? 0 > 0
                let removal = try await group[stream].removeConsumer(consumer, force: force)
                if case .refused = removal { isRefused = true }
                try report(removal, stream, wasThere: count != nil)
            }
            if isRefused { throw ExitCode.failure }
        }
    }

    private func loss(of count: Int, _ stream: String) -> String {
        "\(EscapedText.line(stream.utf8)): \(count) pending for consumer \(EscapedText.line(consumer.utf8)) will be dropped: "
            + "the group never delivers them again"
    }

    private func report(_ removal: ConsumerRemoval, _ stream: String, wasThere: Bool) throws(OutputClosed) {
        if json {
            var line = JSONLine()
            line.add("group", names.group)
            line.add("stream", stream)
            line.add("consumer", consumer)
            if case .removed(let dropped) = removal {
                line.add("removed", wasThere)
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
            case .removed: wasThere ? "removed" : "has no such consumer"
            case .refused(let pending): "kept: \(pending) became pending meanwhile"
            }
        try LineOutput.standardOutput.put("\(EscapedText.line(stream.utf8)): \(outcome)")
    }
}
