/// Names of consumers that are no worker's.
public enum WellKnownConsumer {
    /// Has the entries that bridges handed over when they stopped; every bridge takes them at once.
    public static let released = RouteRunner.releasedConsumer
}
