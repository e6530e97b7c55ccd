import Foundation
import TestSupport

/// A block of commands in the documentation, to be run as it stands there.
enum ShellBlock {
    /// - Parameter words: what only this block holds.
    static func text(_ document: String, with words: String) throws -> String {
        let parts = try Repository.text(document).components(separatedBy: "```sh\n").dropFirst()
        let blocks = parts.compactMap { $0.components(separatedBy: "\n```").first }.filter { $0.contains(words) }
        guard blocks.count == 1 else { throw TestSupportError("\(blocks.count) blocks of \(document) hold “\(words)”") }
        return blocks[0]
    }

    /// Runs it with other values of the variables that it sets, and without systemd.
    static func run(_ block: String, _ variables: [String: String]) throws -> CommandResult {
        var block = block
        for (name, value) in variables {
            guard let line = block.split(separator: "\n").first(where: { $0.hasPrefix("\(name)=") }) else {
                throw TestSupportError("the block sets no \(name)")
            }
            block = block.replacing(line, with: "\(name)='\(value)'", maxReplacements: 1)
        }
        return try CommandResult(ChildProcess("/bin/sh", ["-c", "systemctl() { :; }\n" + block]))
    }
}
