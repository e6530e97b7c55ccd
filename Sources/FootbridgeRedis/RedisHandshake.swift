internal import FootbridgeCurl
internal import FootbridgeRESP

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
}

/// How much a greeting says, from the most to the least.
enum GreetingManner: Sendable {
    case full
    /// Without `HELLO`: RESP2, step by step.
    case withoutHello
    /// Only what nothing works without: log-in and database.
    case bare

    /// What to try with a server that hung up on this one.
    var next: GreetingManner? {
        switch self {
        case .full: .withoutHello
        case .withoutHello: .bare
        case .bare: nil
        }
    }
}

extension RedisHandshake {
    typealias Completion = (Result<Void, RedisError>) -> Void

    /// Greets the server: RESP3 with log-in and name in one, or the same step by step where `HELLO` is refused; then the
    /// database; then `ROLE`, which must not say that the server is a replica (it would refuse every acknowledgement).
    ///
    /// Lookalikes and proxies refuse `HELLO` and `ROLE` in words of their own, so only errors that speak of credentials, and
    /// those that will pass, end the greeting. A role that nobody tells is noted in `RedisConnection.unknownRole`.
    /// - Throws: `RedisError.clusterNode` to the completion if the server is part of a Redis Cluster.
    func perform(
        on connection: RedisConnection, _ manner: GreetingManner = .full, completion: @escaping Completion
    ) {
        greet(on: connection, manner) { greeted in
            guard case .success = greeted else { return completion(greeted) }
            let steps: [Step] = database == 0 ? [] : [Step(command: ["SELECT", database])]
            if manner == .bare {
                connection.unknownRole = "the server hangs up when it is asked"
                return run(steps[...], on: connection, completion)
            }
            refuseCluster(connection) { result in
                guard case .success = result else { return completion(result) }
                run(steps[...], on: connection) { selected in
                    guard case .success = selected else { return completion(selected) }
                    checkRole(connection, completion)
                }
            }
        }
    }

    /// The greeting alone: what a Sentinel understands.
    func greet(
        on connection: RedisConnection, _ manner: GreetingManner = .full, completion: @escaping Completion
    ) {
        switch manner {
        case .full: sayHello(connection, completion)
        case .withoutHello: run(stepByStep[...], on: connection, completion)
        case .bare:
            // Something has to be answered, or nothing is known of the server.
            let steps = login.isEmpty ? [Step(command: ["PING"])] : login
            run(steps[...], on: connection, completion)
        }
    }

    private func sayHello(_ connection: RedisConnection, _ completion: @escaping Completion) {
        connection.send(hello) { reply in
            switch reply {
            case .success(let facts):
                connection.clientID = facts.value(named: "id")?.integer
                connection.speaksRESP3 = facts.value(named: "proto")?.integer == 3
                connection.mode = facts.value(named: "mode")?.text ?? "?"
                completion(.success(()))
            case .failure(.server(let error)) where !error.endsGreeting:
                run(stepByStep[...], on: connection, completion)
            case .failure(let error): completion(.failure(error))
            }
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

    private var login: [Step] {
        if let user { return [Step(command: ["AUTH", user, password ?? ""])] }
        return password.map { [Step(command: ["AUTH", $0])] } ?? []
    }

    private var stepByStep: [Step] {
        login + (clientName.map { [Step(command: ["CLIENT", "SETNAME", $0], mayFail: true)] } ?? [])
    }

    private func run(
        _ steps: ArraySlice<Step>, on connection: RedisConnection, _ completion: @escaping Completion
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

    /// `HELLO` has told whether the server is a node of a Cluster; where it was not spoken, `CLUSTER INFO` succeeds on such
    /// nodes only.
    private func refuseCluster(_ connection: RedisConnection, _ completion: @escaping Completion) {
        if let mode = connection.mode { return completion(mode == "cluster" ? .failure(.clusterNode) : .success(())) }
        connection.send(["CLUSTER", "INFO"]) { reply in
            switch reply {
            case .success(let value) where value.text?.contains("cluster_state:") == true:
                completion(.failure(.clusterNode))
            case .failure(let error) where error.endsConnection: completion(.failure(error))
            case .failure(.server(let error)) where error.endsGreeting: completion(.failure(.server(error)))
            case .success, .failure: completion(.success(()))
            }
        }
    }

    private func checkRole(_ connection: RedisConnection, _ completion: @escaping Completion) {
        connection.send(["ROLE"]) { reply in
            switch reply {
            case .success(let value):
                let role = value.elements?.first?.text
                switch role {
                case "master": break
                case "slave", "replica", "sentinel": return completion(.failure(.notMaster(role: role ?? "?")))
                default: connection.unknownRole = "the reply to ROLE is \(value.shape)"
                }
                completion(.success(()))
            case .failure(.server(let error)) where !error.endsGreeting:
                connection.unknownRole = withoutPassword(error).description
                completion(.success(()))
            case .failure(let error): completion(.failure(error))
            }
        }
    }
}

extension RedisHandshake {
    /// What is told of a greeting that failed. A server that does not know a command repeats what came with it: Redis 5 does so for
    /// `HELLO 3 AUTH`, others for `AUTH`.
    func withoutPassword(_ error: RedisError) -> RedisError {
        guard case .server(let error) = error else { return error }
        return .server(withoutPassword(error))
    }

    private func withoutPassword(_ error: ServerError) -> ServerError {
        guard let password, !password.isEmpty else { return error }
        return error.withoutPassword(password)
    }
}

extension ServerError {
    /// Whether an error in answer to a step of the greeting is the end of it: it speaks of credentials, or of something that
    /// will pass. Any other may just mean that the server does not know the command.
    fileprivate var endsGreeting: Bool {
        switch kind {
        case .configuration: code != "NOPERM"
        case .transient, .notMaster: true
        default: false
        }
    }
}
