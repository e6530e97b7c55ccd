/// Whether a read waits for entries when there are none.
public enum Waiting: Sendable, Hashable {
    case no
    /// For at most this long.
    case upTo(Duration)
    /// Until there are some or the task is cancelled.
    case forever
}

extension Waiting {
    /// At most this many seconds; zero or less does not wait.
    public static func seconds(_ seconds: Int) -> Waiting { .upTo(.seconds(seconds)) }

    /// At most this many seconds, with a fraction: `.seconds(0.5)`. Not-a-number does not wait; more than a century counts as a
    /// century.
    public static func seconds(_ seconds: Double) -> Waiting {
        .upTo(.seconds(seconds > 0 ? min(seconds, 3_155_760_000) : 0))
    }

    /// At most this many milliseconds; zero or less does not wait.
    public static func milliseconds(_ milliseconds: Int) -> Waiting { .upTo(.milliseconds(milliseconds)) }
}
