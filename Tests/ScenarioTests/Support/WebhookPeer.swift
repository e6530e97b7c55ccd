import Foundation
import TestSupport

/// Libraries of Python that judge requests as other people's receivers do (`webhook_peers.py`).
enum WebhookPeer: String {
    case standardwebhooks, svix, ed25519, github, stripe, slack, shopify, cloudevents, otlp

    /// What this peer makes of the requests.
    ///
    /// - Throws: what it raised for one of them.
    func judge(_ requests: [ReceivedRequest], secret: String = "") throws -> [NSDictionary] {
        let answers = try ask(requests, secret)
        for answer in answers {
            if let error = answer["error"] { throw TestSupportError("\(rawValue) raises \(error)") }
        }
        return answers
    }

    /// What it raises for a request; `nil` if it accepts it.
    func refusal(of request: ReceivedRequest, secret: String = "", body: String? = nil) throws -> String? {
        try ask([request], secret, body: body)[0]["error"] as? String
    }

    private func ask(_ requests: [ReceivedRequest], _ secret: String, body: String? = nil) throws -> [NSDictionary] {
        let python = Repository.path(".venv/bin/python")
        guard let script = Bundle.module.path(forResource: "webhook_peers", ofType: "py"),
            FileManager.default.isExecutableFile(atPath: python)
        else { throw TestSupportError("there is no .venv/bin/python with \(rawValue): `make test` installs it") }
        let input = requests.map { request in
            [
                "peer": rawValue, "secret": secret,
                "headers": Dictionary(request.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
                "body": Data(body.map { Array($0.utf8) } ?? request.body).base64EncodedString(),
            ] as [String: Any]
        }
        let directory = try TemporaryDirectory()
        let text = String(decoding: try JSONSerialization.data(withJSONObject: input), as: UTF8.self)
        let process = try ChildProcess(python, [script], inputFile: directory.write(text, to: "requests.json"))
        guard try process.waitForExit(timeout: .seconds(60)) == .status(0) else {
            throw TestSupportError(process.errorOutput)
        }
        let answers = try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [NSDictionary]
        guard let answers, answers.count == requests.count else { throw TestSupportError(process.output) }
        return answers
    }
}
