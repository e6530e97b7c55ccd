internal import CFootbridgeCurl

/// Asks once more for names that libcurl could not resolve: 7.88.1 keeps getaddrinfo's reason to itself
/// (lib/asyn-thread.c), and a name that does not exist is another matter than a resolver that does not answer.
///
/// Belongs to the thread of its loop. There is one thread per host at most, and nobody waits longer than `patience`.
final class NameChecks {
    typealias Completion = (_ hasNoAddress: Bool) -> Void

    private struct Check {
        var waiting: [Completion] = []
        var timer: LoopTimer?
    }

    /// getaddrinfo's code for a host; called on a thread of its own.
    var lookUp: @Sendable (String) -> Int32 = { footbridge_look_up($0) }
    /// A resolver that answers at all answers within this; later its word is not waited for.
    var patience: Duration = .seconds(2)
    private var checks: [String: Check] = [:]

    /// Calls back with `true` if the resolver says that there is no such name, or no address for it. Later, or at once if
    /// nobody can tell.
    func check(_ host: String, on loop: CurlLoop, completion: @escaping Completion) {
        if let check = checks[host] {
            guard check.timer != nil else { return completion(false) }
            checks[host]?.waiting.append(completion)
            return
        }
        guard startThread(host, loop) else { return completion(false) }
        let timer = loop.schedule(after: patience) { [unowned self] in
            let waiting = checks[host]?.waiting ?? []
            checks[host] = Check()
            for completion in waiting { completion(false) }
        }
        checks[host] = Check(waiting: [completion], timer: timer)
    }

    private func startThread(_ host: String, _ loop: CurlLoop) -> Bool {
        let lookUp = lookUp
        do throws(SystemFailure) {
            try DetachedThread.start {
                let hasNoAddress = footbridge_has_no_address(lookUp(host))
                loop.post { loop.nameChecks.finished(host, hasNoAddress, on: loop) }
            }
            return true
        } catch {
            return false
        }
    }

    private func finished(_ host: String, _ hasNoAddress: Bool, on loop: CurlLoop) {
        guard let check = checks.removeValue(forKey: host) else { return }
        if let timer = check.timer { loop.cancel(timer) }
        for completion in check.waiting { completion(hasNoAddress) }
    }
}
