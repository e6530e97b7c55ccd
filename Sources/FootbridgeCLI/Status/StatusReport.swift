import Foundation

/// What `footbridge status` shows. What is `nil` is unknown, or there is no such group.
struct StatusReport: Encodable, Equatable {
    struct Route: Encodable, Equatable {
        let route: String
        let group: String
        let claimAfterSeconds: Double
        let streams: [Stream]
    }

    struct Stream: Encodable, Equatable {
        let stream: String
        var length: Int?
        var unread: Int?
        var pending: Int?
        /// By its id.
        var oldestPendingSeconds: Double?
        /// Pending entries that an instance handed over when it stopped, and that nobody has taken yet.
        var handedOver: Int?
        /// `nil`: dead letters are off.
        var deadLetterStream: String?
        var deadLetters: Int?
        var consumers: [Consumer] = []
        /// Why this cannot work.
        var error: String?

        init(stream: String) { self.stream = stream }
    }

    struct Consumer: Encodable, Equatable {
        let name: String
        let pending: Int
        let idleSeconds: Double
        /// It showed life within `claim_after`.
        let alive: Bool
    }

    let routes: [Route]

    var errors: [String] {
        routes.flatMap { route in
            route.streams.compactMap { stream in
                stream.error.map { "route \(route.route), stream \(EscapedText.line(stream.stream.utf8)): \($0)" }
            }
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
