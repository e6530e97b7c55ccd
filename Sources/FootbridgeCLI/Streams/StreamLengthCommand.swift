import ArgumentParser
import RedisStreams

struct StreamLengthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "len",
        abstract: "Prints how many entries there are.",
        discussion: "Of one stream the number alone; a stream that is not there has none.")

    @Argument(help: "The streams.")
    var streams: [String]

    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = streams.distinct
        try await server.perform(on: streams) { redis in
            var records = Records(["stream", "length"], left: 1)
            var faults = StreamFaults()
            var empty: [String] = []
            for stream in streams {
                guard let length = try await faults.serve(stream, { try await redis.stream(stream).count }) else {
                    continue
                }
                records.add(.text(stream), .count(length))
                if length == 0 { empty.append(stream) }
                if streams.count == 1 && !output.json { try LineOutput.standardOutput.put("\(length)") }
            }
            if streams.count > 1 || output.json { try records.print(json: output.json) }
            try await redis.complainOfMissing(empty)
            try faults.end()
        }
    }
}
