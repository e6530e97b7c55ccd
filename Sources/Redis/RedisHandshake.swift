internal import Curl
internal import RESP

/// What is sent on a new connection before anything else.
public struct RedisHandshake: Sendable {
    public var user: String?
    public var password: String?
    public var clientName: String?
    public var database: Int

    public init(user: String? = nil, password: String? = nil, clientName: String? = nil, database: Int = 0) {
        self.user = user
        self.password = password
        self.clientName = clientName
        self.database = database
    }

    /// Greets the server: RESP3 with log-in and name in one, or the same step by step where `HELLO` is unknown; then the
    /// database; then `ROLE`, which must say master (a replica would refuse every acknowledgement).
    ///
    /// Where the user may not call `ROLE`, its answer is not asked for.
    func perform(on connection: RedisConnection, _ completion: @escaping (Result<Void, RedisError>) -> Void) {
        greet(on: connection) { finish($0, connection, completion) }
    }

    /// The greeting alone: what a Sentinel understands.
    func greet(on connection: RedisConnection, _ completion: @escaping (Result<Void, RedisError>) -> Void) {
        connection.send(hello) { reply in
            if case .success(let facts) = reply {
                connection.clientID = facts.value(named: "id")?.integer
                connection.speaksRESP3 = facts.value(named: "proto")?.integer == 3
            }
            switch reply.map({ _ in () }) {
            case .failure(.server(let error)) where error.kind == .unknownCommand || error.kind == .noProto:
                run(greetingOfOldServers[...], on: connection, completion)
            case let result: completion(result)
            }
        }
    }

    private func finish(
        _ greeted: Result<Void, RedisError>, _ connection: RedisConnection,
        _ completion: @escaping (Result<Void, RedisError>) -> Void
    ) {
        guard case .success = greeted else { return completion(greeted) }
        let steps: [Step] = database == 0 ? [] : [Step(command: ["SELECT", database])]
        run(steps[...], on: connection) { selected in
            guard case .success = selected else { return completion(selected) }
            checkRole(connection, completion)
        }
    }

    private var hello: RESPCommand {
        var arguments: [any RESPArgument] = [3]
        // A user without a password is one who needs none; `default` would be somebody else.
        if user != nil || password != nil {
            arguments += ["AUTH", user ?? "default", password ?? ""] as [any RESPArgument]
        }
        if let clientName { arguments += ["SETNAME", clientName] as [any RESPArgument] }
        return RESPCommand("HELLO", arguments: arguments)
    }

    private struct Step {
        let command: RESPCommand
        /// A step that people like to see and nothing depends on.
        var mayFail = false
    }

    private var greetingOfOldServers: [Step] {
        var steps: [Step] = []
        if let user {
            steps.append(Step(command: ["AUTH", user, password ?? ""]))
        } else if let password {
            steps.append(Step(command: ["AUTH", password]))
        }
        if let clientName { steps.append(Step(command: ["CLIENT", "SETNAME", clientName], mayFail: true)) }
        return steps
    }

    private func run(
        _ steps: ArraySlice<Step>, on connection: RedisConnection,
        _ completion: @escaping (Result<Void, RedisError>) -> Void
    ) {
        guard let step = steps.first else { return completion(.success(())) }
        connection.send(step.command) { reply in
            if case .failure(let error) = reply, error.endsConnection || !step.mayFail {
                completion(.failure(error))
            } else {
                run(steps.dropFirst(), on: connection, completion)
            }
        }
    }

    private func checkRole(
        _ connection: RedisConnection, _ completion: @escaping (Result<Void, RedisError>) -> Void
    ) {
        connection.send(["ROLE"]) { reply in
            switch reply {
            case .success(let value):
                let role = value.elements?.first?.text ?? "?"
                completion(role == "master" ? .success(()) : .failure(.notMaster(role: role)))
            case .failure(.server(let error)) where error.kind == .configuration || error.kind == .unknownCommand:
                completion(.success(()))
            case .failure(let error): completion(.failure(error))
            }
        }
    }
}
