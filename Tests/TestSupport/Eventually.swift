import Glibc

/// Asks again and again, for what tells nobody of its changes.
public func eventually(_ what: String, timeout: Duration = .seconds(10), _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + timeout
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw TestSupportError("not within \(timeout): \(what)") }
        usleep(10_000)
    }
}

/// Lets time pass in which something must not happen. What has to happen is waited for.
public func letPass(_ time: Duration) { usleep(UInt32(time / .microseconds(1))) }
