/// Where the embedded Redis' things are.
struct RedisLayout: Sendable, Equatable {
    /// The state directory, absolute.
    let state: String
    /// Where the socket is if it is not in the state directory, absolute.
    var outerSocket: String?

    init(state: String, outerSocket: String? = nil) {
        self.state = state
        self.outerSocket = outerSocket
    }

    var directory: String { state + "/redis" }
    /// The socket, or what leads to the one elsewhere: the tools find the server by the state directory.
    var innerSocket: String { directory + "/redis.sock" }
    var socket: String { outerSocket ?? innerSocket }
    /// What the server that runs was started with.
    var settings: String { directory + "/redis.conf" }
    var log: String { directory + "/redis.log" }
    /// Held by the bridge.
    var stateLock: String { state + "/lock" }
    /// Held by redis-server, which inherits it: two on one set of data would destroy it.
    var dataLock: String { directory + "/lock" }
}
