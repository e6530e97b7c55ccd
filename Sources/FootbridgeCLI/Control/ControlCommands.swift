import ArgumentParser
import Footbridge
import FootbridgeCurl
import FootbridgeRedis

/// `pause`, `drain`, `resume` and `retry`: what they have in common.
struct ControlOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The routes.", valueName: "route"))
    var routes: [String] = []

    @Flag(help: "All routes of the configuration.")
    var all = false

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    func validate() throws {
        if all == !routes.isEmpty { throw ValidationError("name routes, or say --all") }
    }

    /// Does something to each route, and says so.
    func perform(
        _ done: (RouteConfig) -> String,
        _ body: (RouteControl) async throws(RouteControl.Failure) -> Void
    ) async throws {
        let bridgeConfig = try config.loadWithoutDestinations()
        let known = bridgeConfig.routes
        let wanted = try all ? known : routes.map { try known.named($0) }
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        var failures: [RouteControl.Failure] = []
        for route in wanted {
            do throws(RouteControl.Failure) {
                try await body(RouteControl(route, client: client))
                print(done(route))
            } catch {
                failures.append(error)
            }
        }
        await client.close()
        for failure in failures {
            guard case .redis(let error) = failure else {
                complain("footbridge: \(failure)")
                continue
            }
            throw connection.trouble(error).failed
        }
        if !failures.isEmpty { throw CommandExit.configuration }
    }
}

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Has all instances stop reading and sending for a route, until `resume`.",
        discussion: """
            Requests in flight end as usual. What was read and not sent stays pending. The pause stands in Redis, in the route's group: \
            instances that start later know of it, and it needs no admin server.

            Examples:
              footbridge pause orders
              footbridge pause --all

            Exit codes: 0 done, 64 no such route, 69 Redis cannot be reached, 78 errors, or no bridge has run the route yet.
            """)

    @OptionGroup var options: ControlOptions

    func run() async throws {
        try await options.perform {
            "route \($0.name): paused; go on with footbridge resume \($0.name)"
        } _: {
            control throws(RouteControl.Failure) in
            try await control.set(.paused, now: WallClock.milliseconds)
        }
    }
}

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Has all instances read nothing new of a route; what is pending is delivered to its end.",
        discussion: """
            `footbridge status` says `drained` when an instance has nothing left. Before a change of the receiver, or of the group, for \
            example. `footbridge resume` ends it.

            Exit codes: 0 done, 64 no such route, 69 Redis cannot be reached, 78 errors, or no bridge has run the route yet.
            """)

    @OptionGroup var options: ControlOptions

    func run() async throws {
        try await options.perform {
            "route \($0.name): draining; go on with footbridge resume \($0.name)"
        } _: {
            control throws(RouteControl.Failure) in
            try await control.set(.draining, now: WallClock.milliseconds)
        }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Ends what `pause` or `drain` has begun.",
        discussion: "Exit codes: 0 done, 64 no such route, 69 Redis cannot be reached, 78 errors.")

    @OptionGroup var options: ControlOptions

    func run() async throws {
        try await options.perform {
            "route \($0.name): goes on"
        } _: { control throws(RouteControl.Failure) in
            try await control.set(nil, now: WallClock.milliseconds)
        }
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Has all that waits for its next attempt sent now, and endpoints that are down probed now.",
        discussion: """
            After the receiver was mended: nobody has to wait for the next probe. Attempts that fail again count as they always do.

            Exit codes: 0 told, 64 no such route, 69 Redis cannot be reached, 78 errors.
            """)

    @OptionGroup var options: ControlOptions

    @Flag(help: "At once, which it always does.")
    var now = false

    func run() async throws {
        try await options.perform {
            "route \($0.name): all instances try now"
        } _: {
            control throws(RouteControl.Failure) in
            try await control.retry()
        }
    }
}
