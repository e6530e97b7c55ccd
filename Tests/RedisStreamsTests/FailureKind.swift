import RedisStreams
import Testing

/// What kind of failure ends `body`; `nil` if it ends well.
func kind(_ body: () async throws -> Void) async -> Redis.Failure.Kind? { await failure(body)?.kind }

/// The failure that ends `body`; `nil` if it ends well.
func failure(_ body: () async throws -> Void) async -> Redis.Failure? {
    do {
        try await body()
    } catch let failure as Redis.Failure {
        return failure
    } catch let failure as AddFailure {
        return failure.failure
    } catch {
        Issue.record(error)
    }
    return nil
}
