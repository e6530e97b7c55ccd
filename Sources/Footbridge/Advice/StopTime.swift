internal import FootbridgeCurl

/// Whether what starts and stops this process leaves it the time that its routes may take to end their requests (`drain_timeout`).
///
/// Under systemd with `Type=notify` it asks for more time itself, as long as it needs it. Others end it when their time is over.
enum StopTime {
    /// - Parameters:
    ///   - variable: looks an environment variable up.
    ///   - isHeard: it can ask for more time.
    static func advice(_ config: BridgeConfig, variable: (String) -> String?, isHeard: Bool) -> ConfigAdvice? {
        guard !isHeard, let slowest = config.routes.max(by: { $0.drainTimeout < $1.drainTimeout }) else { return nil }
        let drain = slowest.drainTimeout
        // A few seconds to settle and to hand over what is left.
        let needed = Int(drain.components.seconds) + 10
        let message: String
        if variable("KUBERNETES_SERVICE_HOST") != nil, needed > 30 {
            message =
                "Kubernetes kills a pod after 30 s unless terminationGracePeriodSeconds says otherwise; set it to \(needed) at least"
        } else if variable("INVOCATION_ID") != nil, needed > 90 {
            message =
                "systemd kills a unit after 90 s unless TimeoutStopSec= says otherwise; with Type=notify the bridge asks for the time that it needs"
        } else {
            return nil
        }
        return ConfigAdvice(
            path: "routes.\(slowest.name).drain_timeout",
            message: "\(DurationText.format(drain)) may be longer than a stop may take: \(message)")
    }
}
