import Foundation
import TestSupport

/// Packages that depend on this one as a stranger's do: by a URL, without the trait of the bridge.
///
/// The repository is what `git` would hand out if all that is in the working tree were committed. All packages share one
/// folder for what is built, `.build-outside`, which stays, so that a second run is quick.
final class Outside: Sendable {
    /// Made once for all tests of the process, whichever comes first.
    static let shared = Task { try await onThread { try Outside() } }

    private static let root = Repository.path(".build-outside")
    private let repository = "\(root)/footbridge"
    /// What is in the working tree, as a commit.
    private let revision: String
    /// One package at a time.
    private let building = Monitor(())

    private init() throws {
        try FileManager.default.createDirectory(atPath: Self.root, withIntermediateDirectories: true)
        revision = try Self.commitWorkingTree(to: repository)
    }

    /// Copies a package of the repository to a place of its own, with the URL of ours in it.
    func take(_ path: String) throws -> String {
        let copy = "\(Self.root)/\(URL(filePath: path).lastPathComponent)"
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: Repository.path(path), toPath: copy)
        let manifest = "\(copy)/Package.swift"
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        let line = #""https://…/footbridge", branch: "main""#
        guard text.contains(line) else { throw TestSupportError("\(path) names another URL") }
        // Not the branch: its head is fetched once, and kept with what was built.
        try text.replacing(line, with: #""file://\#(repository)", revision: "\#(revision)""#)
            .write(toFile: manifest, atomically: true, encoding: .utf8)
        return copy
    }

    /// Runs `swift package` and gives what it prints.
    func describe(_ package: String, _ command: String...) throws -> String {
        try swift(["package"] + options(package) + command)
    }

    /// Builds a package, and gives the path of its program.
    func build(_ package: String, _ program: String) throws -> String {
        _ = try swift(["build"] + options(package) + ["--product", program])
        return "\(Self.root)/scratch/debug/\(program)"
    }

    private func options(_ package: String) -> [String] {
        ["--package-path", package, "--scratch-path", "\(Self.root)/scratch", "--cache-path", "\(Self.root)/cache"]
    }

    private func swift(_ arguments: [String]) throws -> String {
        try building.withLock { _ in
            // Tests beside this one have deadlines, and what this test run is built with is not for others.
            try run("nice", ["env", "-u", "FOOTBRIDGE_TSAN", "-u", "FOOTBRIDGE_SABOTAGE", "swift"] + arguments)
        }
    }

    private static func commitWorkingTree(to repository: String) throws -> String {
        let git = ["--git-dir", "\(repository)/.git", "--work-tree", Repository.path("")]
        if !FileManager.default.fileExists(atPath: "\(repository)/.git") {
            try run("git", ["init", "--quiet", "--initial-branch=main", repository])
        }
        try run("git", git + ["add", "--all"])
        let author = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgSign=false"]
        try run("git", git + author + ["commit", "--quiet", "--allow-empty", "--message=all that is there"])
        return try run("git", git + ["rev-parse", "HEAD"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Runs a program to its end, and gives what it printed.
@discardableResult
func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = try ChildProcess(program, arguments)
    guard try process.waitForExit(timeout: .seconds(540)) == .status(0) else {
        let command = ([program] + arguments).joined(separator: " ")
        throw TestSupportError("\(command)\n\(process.output.suffix(4000))\n\(process.errorOutput.suffix(4000))")
    }
    return process.output
}
