import Glibc

extension Duration {
    /// How long tests wait for what has to come: long enough for a machine that is busy with other things.
    public static let patience = Duration.seconds(30)
}

/// Asks again and again, for what tells nobody of its changes.
public func eventually(_ what: String, timeout: Duration = .patience, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + timeout
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw TestSupportError("not within \(timeout): \(what)") }
        usleep(10_000)
    }
}

/// Lets time pass in which something must not happen. What has to happen is waited for.
public func letPass(_ time: Duration) { usleep(UInt32(time / .microseconds(1))) }
