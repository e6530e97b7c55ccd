internal import Logging

/// Looks at the files of secrets, and gives workers what they hold when they have changed.
struct SecretWatch {
    let files: SecretFiles
    let logger: Logger
    // Not those of now: a file may have changed since it was read for the first time, so it is read once more.
    private var seen: [FileStamp] = []

    init(files: SecretFiles, logger: Logger) {
        self.files = files
        self.logger = logger
    }

    /// - Parameter routes: with the secrets that the workers have.
    /// - Returns: the same with those that they have now, if that has changed.
    mutating func look(_ routes: [RouteConfig], _ workers: [Worker]) async -> [RouteConfig]? {
        guard !files.isEmpty else { return nil }
        // Before they are read: what changes meanwhile is seen the next time.
        let stamps = files.stamps()
        guard stamps != seen else { return nil }
        seen = stamps
        return await readAgain(routes, workers)
    }

    private func readAgain(_ routes: [RouteConfig], _ workers: [Worker]) async -> [RouteConfig] {
        var routes = routes
        let (config, errors) = files.read()
        if let errors {
            logger.warning(
                "a secret has changed and is of no use; what was read before stays in use",
                metadata: [LogKeys.error: "\(errors)"])
        }
        for index in routes.indices {
            guard case .webhook(var webhook) = routes[index].destination,
                // Those of other routes do not wait until that is mended.
                errors?.concern(route: routes[index].name) != true,
                let other = config.routes.first(where: { $0.name == routes[index].name })?.webhook,
                !webhook.hasSecrets(of: other)
            else { continue }
            let metadata: Logger.Metadata = [LogKeys.route: "\(routes[index].name)"]
            do {
                for worker in workers { try await worker.replaceSecrets(other, ofRoute: routes[index].name) }
                webhook.takeSecrets(of: other)
                routes[index].destination = .webhook(webhook)
                logger.notice("secrets have changed and are in use", metadata: metadata)
            } catch {
                logger.warning(
                    "a secret has changed and is of no use; what was read before stays in use",
                    metadata: metadata.merging([LogKeys.error: "\(error)"]) { $1 })
            }
        }
        return routes
    }
}

extension ConfigErrors {
    /// Whether something is wrong in this route, or where it concerns all of them.
    fileprivate func concern(route name: String) -> Bool {
        problems.contains { problem in
            !problem.path.hasPrefix("routes.") || problem.path.hasPrefix(keyPath("routes", name) + ".")
        }
    }
}
