import ArgumentParser
import RedisStreams

struct StreamInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Shows length, groups, and the first and the last id of streams.",
        discussion:
            "The last id is the highest that the stream has had, its entry may be gone. See also: footbridge group list."
    )

    @Argument(help: "The streams.")
    var streams: [String]

    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = streams.distinct
        try await server.perform(on: streams) { redis in
            var records = Records(["stream", "length", "groups", "first", "last"], left: 1)
            var faults = StreamFaults()
            for stream in streams {
                guard let info = try await faults.serve(stream, { try await redis.stream(stream).info() }) else {
                    continue
                }
                records.add(
                    .text(stream), .count(info.length), .count(info.groupCount), .id(info.firstID),
                    .id(info.lastID == .zero ? nil : info.lastID))
            }
            try records.print(json: output.json)
            try faults.end()
        }
    }
}
