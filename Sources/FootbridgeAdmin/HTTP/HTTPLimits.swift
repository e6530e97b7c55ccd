/// What clients of the admin server may use up: it shares its process with deliveries, which must not notice them.
struct HTTPLimits: Sendable {
    /// More than that close the one that has waited longest without a request.
    var connections = 64
    /// Request line and fields, with the empty line after them.
    var headBytes = 16 << 10
    var headerFields = 100
    var bodyBytes = 1 << 20
    /// Requests of all connections that are not complete yet.
    var waitingBytes = 16 << 20
    /// Answers without an end.
    var streams = 16
    /// Requests begun per second, and how many at once; others wait for their turn.
    var rate = 200.0
    var burst = 200.0

    /// From a request's first byte to the end of its head.
    var headTime = Duration.seconds(10)
    var bodyTime = Duration.seconds(30)
    /// Without a request.
    var idleTime = Duration.seconds(30)
    /// Until the client has taken all of an answer.
    var answerTime = Duration.seconds(60)
    /// Until the client has taken something of an answer without an end.
    var streamTime = Duration.seconds(30)
    /// For what a client still sends when its connection ends: closed at once, the end would take the answer along.
    var lingerTime = Duration.seconds(1)
}
