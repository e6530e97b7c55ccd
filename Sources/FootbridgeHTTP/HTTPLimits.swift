/// What clients may use up. The usual ones are for the admin server: it shares its process with deliveries, which must not
/// notice them.
package struct HTTPLimits: Sendable {
    /// More than that close the one that has waited longest without a request.
    package var connections = 64
    /// Request line and fields, with the empty line after them.
    package var headBytes = 16 << 10
    package var headerFields = 100
    package var bodyBytes = 1 << 20
    /// A longer body is read to its end and cut, rather than refused.
    package var cutsBodies = false
    /// A request without the header Host is refused, as RFC 9112, 3.2 has it.
    package var needsHost = true
    /// Requests of all connections that are not complete yet.
    package var waitingBytes = 16 << 20
    /// Answers without an end.
    package var streams = 16
    /// Requests begun per second, and how many at once; others wait for their turn. `nil`: any number.
    package var rate: Double? = 200.0
    package var burst = 200.0

    /// From a request's first byte to the end of its head.
    package var headTime = Duration.seconds(10)
    package var bodyTime = Duration.seconds(30)
    /// Without a request.
    package var idleTime = Duration.seconds(30)
    /// Until the client has taken all of an answer.
    package var answerTime = Duration.seconds(60)
    /// Until the client has taken something of an answer without an end.
    package var streamTime = Duration.seconds(30)
    /// For what a client still sends when its connection ends: closed at once, the end would take the answer along.
    package var lingerTime = Duration.seconds(1)

    package init() {}
}
