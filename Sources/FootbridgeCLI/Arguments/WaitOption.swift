import ArgumentParser
import RedisStreams

/// `--wait 5s`, `--wait forever`.
struct WaitOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Wait so long for entries if there are none: 500ms, 30s, forever.", valueName: "time"),
        transform: { $0 == "forever" ? .forever : .upTo(try DurationArgument(parsing: $0).duration) })
    var wait = Waiting.no

    var waiting: Waiting { wait }
}
