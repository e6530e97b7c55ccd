/// All jq programs of a route, compiled: some 20 ms each, so a bridge that runs has it done elsewhere than on the loop.
///
/// Thread safety: none. Made on any thread and then left to one worker.
final class RoutePrograms: @unchecked Sendable {
    let shaper: Shaper?
    let answerCheck: AnswerCheck?
    /// `nil` unless entries are in order by a key.
    let orderKey: OrderKey?

    /// - Throws: what `check` would have told.
    init(_ route: RouteConfig) throws {
        shaper = try Shaper.make(for: route)
        answerCheck = try route.webhook.flatMap { try AnswerCheck($0) }
        orderKey = if case .key(let program) = route.ordering { try OrderKey(program, of: route) } else { nil }
    }
}
