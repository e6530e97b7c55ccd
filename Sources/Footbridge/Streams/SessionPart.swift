internal import Logging

/// What carries out a part of a session's work: names for what all of them use.
protocol SessionPart {
    var session: StreamSession { get }
}

extension SessionPart {
    var name: String { session.name }
    var group: String { session.group }
    var route: Route { session.route }
    var worker: WorkerContext { session.worker }
    var logger: Logger { session.logger }
}
