import Foundation
import TestSupport
import Testing

@testable import Footbridge

/// docs/logs.md lists every message that the sources log, with its level, and no other.
@Suite struct LogDocumentationTests {
    private typealias Messages = [String: Set<String>]

    @Test func `the page lists every message with its level, and no other`() throws {
        let (documented, logged) = (try documented(), try logged())
        #expect(logged.count > 60)
        #expect(logged.keys.filter { documented[$0] == nil }.sorted() == [], "logged and not in docs/logs.md")
        #expect(documented.keys.filter { logged[$0] == nil }.sorted() == [], "in docs/logs.md and not logged")
        for (message, levels) in logged where !levels.isEmpty {
            #expect(levels.isSubset(of: documented[message] ?? levels), "\(message)")
        }
    }

    /// Rows of three columns, the second a level.
    private func documented() throws -> Messages {
        let levels: Set = ["debug", "info", "notice", "warning", "error", "critical"]
        var messages: Messages = [:]
        for line in try Repository.text("docs/logs.md").split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 5 else { continue }
            let own = Set(cells[2].components(separatedBy: ", "))
            if own.isSubset(of: levels) { messages[cells[1]] = own }
        }
        return messages
    }

    // MARK: - The sources

    /// Texts in calls of a logger, with their level if it stands there; texts of type `Logger.Message`; texts that are passed to
    /// functions as one.
    private func logged() throws -> Messages {
        var messages: Messages = [:]
        let files = try ["Footbridge", "FootbridgeAdmin", "FootbridgeCLI"].flatMap { target in
            try FileManager.default.subpathsOfDirectory(atPath: Repository.path("Sources/\(target)"))
                .filter { $0.hasSuffix(".swift") }.map { "Sources/\(target)/\($0)" }
        }
        let texts = try files.map { try Self.withoutComments(Repository.text($0)) }
        var takers: Set<String> = []
        for text in texts {
            for match in text.matches(of: /logger\??\.(trace|debug|info|notice|warning|error|critical|log)\(/) {
                let call = Self.balanced(text[match.range.upperBound...], "(", ")")
                let head = call.firstRange(of: "metadata:").map { call[..<$0.lowerBound] } ?? call
                for literal in Self.literals(head) {
                    messages[literal, default: []].formUnion(match.1 == "log" ? [] : [String(match.1)])
                }
            }
            for match in text.matches(of: /(?:->|:) Logger\.Message \{/) {
                let body = Self.balanced(text[match.range.upperBound...], "{", "}")
                for literal in Self.literals(body) { messages[literal, default: []] = [] }
            }
            for match in text.matches(of: /func (\w+)\(_ \w+: [^,()]+(?:<\w+>)?, _ \w+: Logger\.Message\b/) {
                takers.insert(String(match.1))
            }
        }
        // The message is the second of two or more that have no names.
        for text in texts {
            for match in text.matches(of: /(\w+)\(/) where takers.contains(String(match.1)) {
                let call = Self.balanced(text[match.range.upperBound...], "(", ")")
                guard let second = Self.arguments(call).dropFirst().first, !second.contains(/^\w+:/) else { continue }
                for literal in Self.literals(second[...]) { messages[literal, default: []] = [] }
            }
        }
        return messages
    }

    private static func withoutComments(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
    }

    /// Up to the bracket that closes what was opened before.
    private static func balanced(_ text: Substring, _ open: Character, _ close: Character) -> Substring {
        var depth = 1
        var (isText, isEscaped) = (false, false)
        for (index, character) in zip(text.indices, text) {
            if isEscaped {
                isEscaped = false
            } else if isText {
                isEscaped = character == "\\"
                isText = character != "\""
            } else if character == "\"" {
                isText = true
            } else if character == open {
                depth += 1
            } else if character == close {
                depth -= 1
                if depth == 0 { return text[..<index] }
            }
        }
        return text
    }

    private static func literals(_ text: Substring) -> [String] {
        text.matches(of: /"((?:[^"\\]|\\.)*)"/).map { String($0.1) }.filter { !$0.hasPrefix("\\(") }
    }

    /// Those of a call, as they are written.
    private static func arguments(_ call: Substring) -> [String] {
        var parts = [""]
        var depth = 0
        var isText = false
        for character in call {
            if character == "\"" { isText.toggle() }
            if !isText, "([{".contains(character) { depth += 1 }
            if !isText, ")]}".contains(character) { depth -= 1 }
            if character == ",", depth == 0, !isText {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }
}
