import Foundation
import Glibc
import Testing

@testable import Footbridge

/// Which state a configuration gets when nobody names one.
@Suite struct StateOwnerTests {
    private let directory: TemporaryDirectory
    private var base: String { directory.path + "/footbridge" }

    init() throws {
        directory = try TemporaryDirectory()
        mkdir(base, 0o700)
    }

    /// A configuration at this place, which is a file.
    private func owner(_ name: String) throws -> StateOwner {
        let path = "\(directory.path)/\(name)"
        try StateDirectory.create(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        if access(path, F_OK) != 0 { try "x".write(toFile: path, atomically: false, encoding: .utf8) }
        return try #require(StateOwner(config: path))
    }

    private func state(_ owner: StateOwner?) -> String {
        StateDirectory.path(
            given: nil, owner: owner, isRoot: false, isWritable: { _ in false },
            variable: { [directory] in $0 == "XDG_STATE_HOME" ? directory.path : nil })
    }

    private func make(_ state: String, of owner: StateOwner) throws {
        try StateDirectory.create(state)
        try owner.claim(state)
    }

    @Test func `two configurations have two states, whatever their files are called`() throws {
        let (first, second) = (try owner("a/bridge.yaml"), try owner("b/bridge.yaml"))
        #expect(state(first).hasPrefix("\(base)/bridge-") && state(second).hasPrefix("\(base)/bridge-"))
        #expect(state(first) != state(second))
        // By whichever way the file is named.
        symlink("\(directory.path)/a", "\(directory.path)/link")
        #expect(try state(owner("link/bridge.yaml")) == state(first))
        #expect(try state(owner("a/../a/./bridge.yaml")) == state(first))
    }

    @Test func `what earlier versions left goes to the first configuration that asks, and to that one only`() throws {
        let (first, second) = (try owner("a.yaml"), try owner("b.yaml"))
        try StateDirectory.create(base + "/redis")
        #expect(state(first) != base, "a service of this name")
        try StateDirectory.create(base + "/redis/appendonlydir")
        #expect(state(first) == base && state(second) == base)
        try first.claim(base)
        #expect(state(first) == base)
        #expect(state(second).hasPrefix("\(base)/b-"))
    }

    @Test func `a state that a service made is found by its configuration`() throws {
        let owner = try owner("a.yaml")
        // As the unit has it: /var/lib/footbridge/bridge leads to /var/lib/private/footbridge/bridge.
        try make(directory.path + "/private", of: owner)
        symlink(directory.path + "/private", base + "/bridge")
        #expect(state(owner) == base + "/bridge")
    }

    @Test func `a configuration that was moved keeps its state, and one that was copied does not`() throws {
        let first = try owner("a.yaml")
        try make(state(first), of: first)
        let old = state(first)
        try FileManager.default.copyItem(atPath: first.path, toPath: directory.path + "/copy.yaml")
        #expect(try state(owner("copy.yaml")) != old)
        try FileManager.default.createDirectory(atPath: directory.path + "/new", withIntermediateDirectories: false)
        #expect(rename(first.path, directory.path + "/new/shop.yaml") == 0)
        let moved = try owner("new/shop.yaml")
        #expect(state(moved) == old)
        try moved.claim(old)
        #expect(StateOwner.of(old)?.path == moved.path)
        #expect(state(moved) == old)
    }

    @Test func `a state whose configuration is gone is told of`() throws {
        let (first, second) = (try owner("a.yaml"), try owner("b.yaml"))
        try make(state(first), of: first)
        #expect(StateDirectory.abandoned(beside: state(second)).isEmpty)
        unlink(first.path)
        let found = StateDirectory.abandoned(beside: state(second))
        #expect(found.map(\.directory) == [state(first)])
        #expect(found.map(\.configuration) == [first.path])
    }

    /// `footbridge run -c <(…)`: the name is another one each time.
    @Test func `a configuration that is no lasting file owns nothing`() {
        #expect(StateOwner(config: "/dev/fd/63") == nil)
        #expect(StateOwner(config: "/proc/self/fd/63") == nil)
        #expect(StateOwner(config: "/nowhere/bridge.yaml") == nil)
        #expect(state(nil) == base)
    }

    @Test(arguments: ["", "/a", "/a\n", "a\n1:2\n", "\0\u{1}\n\n\n"])
    func `a marker that is none is none`(text: String) throws {
        try text.write(toFile: base + "/configuration", atomically: false, encoding: .utf8)
        #expect(StateOwner.of(base) == nil)
    }

    @Test func `a path with a line break comes back whole`() throws {
        let owner = try owner("a\nb.yaml")
        try owner.claim(base)
        #expect(StateOwner.of(base) == owner)
        #expect(permissions(base + "/configuration") == 0o600)
    }

    @Test func `a directory of another user is not written to by root`() throws {
        try #require(geteuid() == 0, "as root, who could")
        chown(base, 65534, .max)
        let error = #expect(throws: EmbeddedRedisError.self) { try StateDirectory.checkUser(of: base) }
        #expect(error == .stateOfUser(path: base, user: 65534) && error?.exitCode == EX_CONFIG)
        try StateDirectory.checkUser(of: directory.path)
        try StateDirectory.checkUser(of: directory.path + "/nowhere")
    }
}
