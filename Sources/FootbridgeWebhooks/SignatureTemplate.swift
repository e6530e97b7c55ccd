/// Text with places for what differs from request to request: `v0:{timestamp}:{body}`.
public struct SignatureTemplate: Sendable, Equatable {
    public enum Placeholder: String, Sendable, CaseIterable {
        /// `webhook-id`.
        case id
        /// Unix seconds of this attempt.
        case timestamp
        /// The bytes sent.
        case body
        /// The encoded signature.
        case signature
    }

    enum Part: Sendable, Equatable {
        case text([UInt8])
        case placeholder(Placeholder)
    }

    let parts: [Part]

    public static let body = SignatureTemplate(parts: [.placeholder(.body)])
    public static let signature = SignatureTemplate(parts: [.placeholder(.signature)])

    private init(parts: [Part]) { self.parts = parts }

    /// A signature with text in front of it.
    public init(prefix: String) {
        parts = (prefix.isEmpty ? [] : [.text(Array(prefix.utf8))]) + [.placeholder(.signature)]
    }

    /// - Throws: if a brace opens something else than one of `allowed`.
    public init(_ text: String, allowing allowed: [Placeholder]) throws(SignatureTemplateError) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let name = rest[rest.index(after: open)...].prefix { $0 != "}" }
            guard name.endIndex < rest.endIndex, let known = Placeholder(rawValue: String(name)),
                allowed.contains(known)
            else { throw SignatureTemplateError(allowed: allowed) }
            if open > rest.startIndex { parts.append(.text(Array(rest[..<open].utf8))) }
            parts.append(.placeholder(known))
            rest = rest[rest.index(after: name.endIndex)...]
        }
        if !rest.isEmpty { parts.append(.text(Array(rest.utf8))) }
        self.parts = parts
    }

    public func contains(_ placeholder: Placeholder) -> Bool { parts.contains(.placeholder(placeholder)) }
}

extension SignatureTemplate: CustomStringConvertible {
    /// As it is written.
    public var description: String {
        parts.map { part in
            switch part {
            case .text(let text): String(decoding: text, as: UTF8.self)
            case .placeholder(let name): "{\(name.rawValue)}"
            }
        }
        .joined()
    }
}

/// What stands in braces is none of the placeholders that are known there.
public struct SignatureTemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    let allowed: [SignatureTemplate.Placeholder]

    public var description: String {
        "a brace opens something else than \(allowed.map { "{\($0.rawValue)}" }.joined(separator: ", "))"
    }
}
