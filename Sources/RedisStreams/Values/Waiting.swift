/// Whether a read waits for entries when there are none.
public enum Waiting: Sendable, Hashable {
    case no
    /// For so long at most.
    case upTo(Duration)
    /// Until there are some, or the task is cancelled.
    case forever
}

extension Waiting {
    /// So many seconds at most; none or fewer is not to wait.
    public static func seconds(_ seconds: Int) -> Waiting { .upTo(.seconds(seconds)) }

    /// So many seconds at most, with a fraction: `.seconds(0.5)`. What is no number is not to wait, and more than a century
    /// is a century.
    public static func seconds(_ seconds: Double) -> Waiting {
        .upTo(.seconds(seconds > 0 ? min(seconds, 3_155_760_000) : 0))
    }

    /// So many milliseconds at most; none or fewer is not to wait.
    public static func milliseconds(_ milliseconds: Int) -> Waiting { .upTo(.milliseconds(milliseconds)) }
}
