internal import FootbridgeJQ

/// jq in values. Variables are not replaced in it: what a variable holds could end a string of the program.
extension Section {
    /// A jq program at `key`, compiled; `nil` if there is none, or if it is wrong, which is reported.
    func program(_ key: String) -> String? {
        note(key, type: "jq", defaultText: "none")
        guard let found = find(key) else { return nil }
        guard case .scalar(let text, _) = found.node.content, !found.node.isNull else {
            report(
                found.node.isNull
                    ? "has no value; give it one or remove the key" : "is \(found.node.kind); it must be a jq program",
                at: found)
            return nil
        }
        guard !text.contains("${") else {
            report("variables are not replaced in jq programs; write the value itself", at: found)
            return nil
        }
        let problems = source.problems(ofProgram: text)
        report(problems, in: text, at: found)
        return problems.isEmpty ? text : nil
    }

    /// Whether a value is made from the entry: `\(…)` stands in it as the file has it, not in what a variable brings in.
    func isTemplate(_ found: Found) -> Bool {
        guard case .scalar(let text, _) = found.node.content else { return false }
        return text.contains("\\(")
    }

    /// Text with `\(…)`, compiled; `nil` if it is wrong, which is reported.
    ///
    /// - Parameters:
    ///   - start: what the first expression may be if the text begins with it.
    ///   - check: what the text must be, with each other expression as an `x`.
    func template(
        at found: Found, start: String = "x", _ check: (ConfigText) throws(Complaint) -> String
    ) -> JQTemplate? {
        guard case .scalar(let raw, _) = found.node.content else { return nil }
        do {
            var template = try JQTemplate(raw)
            var sample = ""
            for (index, piece) in template.pieces.enumerated() {
                switch piece {
                case .text(let text):
                    let text = try Expansion.expand(text, source.environment)
                    template.pieces[index] = .text(text)
                    sample += text
                case .expression(let expression):
                    guard !expression.contains("${") else {
                        throw Complaint(
                            "variables are not replaced in \\(…); write the value itself, or the variable outside")
                    }
                    sample += index == 0 ? start : "x"
                }
            }
            _ = try check(ConfigText(text: sample, shown: ConfigText.quoted(raw), isLiteral: false))
            var isRight = true
            for (expression, place) in zip(template.expressions, template.places) {
                let problems = source.problems(ofProgram: expression)
                isRight = isRight && problems.isEmpty
                report(problems.map { $0.moved(to: place) }, in: raw, at: found)
            }
            return isRight ? template : nil
        } catch let problem as JQProblem {
            report([problem], in: raw, at: found)
        } catch {
            report((error as? Complaint)?.message ?? "\(error)", at: found)
        }
        return nil
    }

    /// The URL of a webhook: fixed, or with its scheme, host and port alone and the whole as a template. Where those come from
    /// the entry, too, it is empty.
    func endpoint() -> (url: String?, template: JQTemplate?) {
        note("url", type: "URL or secret", defaultText: nil)
        guard let found = find("url") else {
            missing("url", "write url: https://example.com/hooks")
            return (nil, nil)
        }
        guard isTemplate(found) else {
            // The path of a chat service's URL is a secret, so all of it may come from elsewhere.
            return (secret(at: found) { secret throws(Complaint) in try EndpointURL.check(secret.text()) }, nil)
        }
        var base: String?
        let template = template(at: found, start: "https://example.com") { text throws(Complaint) in
            let url = try EndpointURL.check(text)
            let scheme = url.firstRange(of: "://")?.upperBound ?? url.startIndex
            base = String(url[..<(url[scheme...].firstIndex { "/?".contains($0) } ?? url.endIndex)])
            return url
        }
        guard let template, let base else { return (nil, nil) }
        guard case .text(let start) = template.pieces.first, start.hasPrefix(base), start.count > base.count else {
            return ("", template)
        }
        return (base + "/", template)
    }

    private func report(_ problems: [JQProblem], in text: String, at found: Found) {
        for problem in problems {
            let place = ScalarPlace.of(
                line: problem.line, column: problem.column, in: text, at: found.node.place,
                source.bytes(at: found.node.place))
            source.report("jq: \(problem.message)", at: place, path: found.path)
        }
    }
}

extension JQProblem {
    /// Of an expression that begins there in a larger text.
    func moved(to start: JQTemplate.Place) -> JQProblem {
        JQProblem(
            message: message, line: start.line + line - 1, column: line == 1 ? start.column + column - 1 : column)
    }
}
