internal import Logging

/// Looks at the files of secrets once a second, and gives workers what they hold when they have changed.
struct SecretWatch {
    let files: SecretFiles
    let workers: [Worker]
    let logger: Logger

    /// Runs until it is cancelled.
    ///
    /// - Parameter config: with the secrets that the workers have.
    func run(_ config: BridgeConfig) async throws {
        guard !files.isEmpty else { return }
        var routes = config.routes
        // Not those of now: a file may have changed since it was read for the first time, so it is read once more.
        var seen: [FileStamp] = []
        while true {
            // Before they are read: what changes meanwhile is seen the next time.
            let stamps = files.stamps()
            if stamps != seen {
                seen = stamps
                await readAgain(&routes)
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func readAgain(_ routes: inout [RouteConfig]) async {
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
                for worker in workers { try await worker.replaceSecrets(other, ofRoute: index) }
                webhook.takeSecrets(of: other)
                routes[index].destination = .webhook(webhook)
                logger.notice("secrets have changed and are in use", metadata: metadata)
            } catch {
                logger.warning(
                    "a secret has changed and is of no use; what was read before stays in use",
                    metadata: metadata.merging([LogKeys.error: "\(error)"]) { $1 })
            }
        }
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
