import Foundation
import Glibc
import Testing

@testable import Footbridge

@Suite struct StateDirectoryTests {
    private func path(
        given: String? = nil, owner: StateOwner? = nil, isRoot: Bool = false, writable: [String] = [],
        _ variables: [String: String]
    ) -> String {
        StateDirectory.path(
            given: given, owner: owner, isRoot: isRoot, isWritable: { writable.contains($0) },
            variable: { variables[$0] })
    }

    @Test func `the first of option, systemd, system, XDG and home that is there`() {
        let system = ["/var/lib/footbridge"]
        let all = ["STATE_DIRECTORY": "/var/lib/footbridge/a:/b", "XDG_STATE_HOME": "/x", "HOME": "/home/u"]
        let user = ["XDG_STATE_HOME": "/x", "HOME": "/home/u"]
        #expect(path(given: "/given/", isRoot: true, writable: system, all) == "/given")
        #expect(path(isRoot: true, writable: system, all) == "/var/lib/footbridge/a")
        #expect(path(isRoot: true, user) == "/var/lib/footbridge")
        #expect(path(writable: system, user) == "/var/lib/footbridge")
        #expect(path(user) == "/x/footbridge")
        #expect(path(["HOME": "/home/u"]) == "/home/u/.local/state/footbridge")
        #expect(path([:]) == "/var/lib/footbridge")
    }

    /// "All paths set in these environment variables must be absolute … consider the path invalid and ignore it":
    /// <https://specifications.freedesktop.org/basedir-spec/latest/>
    @Test func `a relative path in the environment is ignored`() {
        #expect(
            path(["STATE_DIRECTORY": "a", "XDG_STATE_HOME": "x", "HOME": "/home/u"])
                == "/home/u/.local/state/footbridge")
    }

    @Test func `a given relative path starts where the process stands`() {
        let here = FileManager.default.currentDirectoryPath
        #expect(StateDirectory.absolute("state/") == here + "/state")
        #expect(StateDirectory.absolute(".") == here)
        #expect(StateDirectory.absolute("/") == "/")
        #expect(StateDirectory.absolute("./run/./redis.sock") == here + "/run/redis.sock")
        // Where a link is in the way, `..` is not what stands in front of it.
        #expect(StateDirectory.absolute("/a//./b/../c/") == "/a/b/../c")
    }

    @Test func `missing directories are made for the owner alone, an existing one stays as it is`() throws {
        let directory = try TemporaryDirectory()
        chmod(directory.path, 0o755)
        try StateDirectory.create(directory.path + "/a/b/c")
        try StateDirectory.create(directory.path + "/a/b/c")
        let modes = ["", "/a", "/a/b", "/a/b/c"].map { name in
            var status = stat()
            stat(directory.path + name, &status)
            return status.st_mode & 0o777
        }
        #expect(modes == [0o755, 0o700, 0o700, 0o700])
    }

    @Test func `a file in the way is an error`() {
        #expect(throws: EmbeddedRedisError.unusableDirectory(path: "/etc/passwd/x", errno: ENOTDIR)) {
            try StateDirectory.create("/etc/passwd/x")
        }
    }
}
