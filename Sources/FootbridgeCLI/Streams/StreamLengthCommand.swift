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
            var total = 0
            for stream in streams {
                let length = try await redis.stream(stream).count
                records.add(.text(stream), .count(length))
                total += length
            }
            if streams.count == 1 && !output.json {
                try LineOutput.standardOutput.put("\(total)")
            } else {
                try records.print(json: output.json)
            }
            if total == 0 { try await redis.complainOfMissing(streams) }
        }
    }
}
