import Foundation
import TestSupport
import TestThreads
import Testing

/// The admin server takes a socket that a service manager listens on.
@Suite(.serialized, .ownThreads) struct PassedAdminSocket {
    /// `systemd-socket-activate` starts the command when the first connection comes.
    private func activate(_ scene: Scene, _ port: UInt16, host: String = "127.0.0.1") throws -> ChildProcess {
        try ChildProcess(
            "/usr/bin/systemd-socket-activate",
            [
                "-l", "\(host):\(port)", "--fdname=admin", ChildProcess.footbridgeBinary(), "run", "-c",
                scene.writeFile(),
            ])
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-socket-activate")))
    func `the socket takes the place of the address, and its first client gets its answer`() throws {
        let scene = try Scene()
        // Whatever listens there: it is not needed.
        scene.file.admin = "{ listen: \"127.0.0.1:\(scene.receiver.port)\" }"
        let port = try freePort()
        let bridge = try activate(scene, port)
        try bridge.waitForOutput(containing: "Listening on", on: .error)
        let answer = try exchange("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", port: port)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        try bridge.waitForLog("footbridge runs")
        #expect(try AdminProbe(bridge).port == port)
        #expect(try bridge.stop() == .status(0))
    }

    /// As the unit asks for it, but for the directory.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-socket-activate")))
    func `the socket of footbridge@orders is a path that its bridge answers at`() throws {
        let unit = try String(contentsOfFile: Repository.path("systemd/footbridge@.socket"), encoding: .utf8)
        func value(_ key: String) throws -> String {
            let values = unit.split(separator: "\n").filter { $0.hasPrefix("\(key)=") }
            try #require(values.count == 1, "\(key)")
            return String(values[0].dropFirst(key.count + 1))
        }
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        let path = try scene.directory.file(
            value("ListenStream").replacing("/run/", with: "").replacing("%i", with: "orders"))
        let bridge = try ChildProcess(
            "/usr/bin/systemd-socket-activate",
            [
                "-l", path, "--fdname=\(value("FileDescriptorName"))", ChildProcess.footbridgeBinary(), "run", "-c",
                scene.writeFile(),
            ])
        try bridge.waitForOutput(containing: "Listening on", on: .error)
        let client = try StreamSocket.connected(path: path)
        client.limit(.seconds(20))
        try client.sendAll(Array("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".utf8))
        #expect(try String(decoding: client.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 200 OK\r\n"))
        try bridge.waitForLog("footbridge runs")
        #expect(try bridge.stop() == .status(0))
        #expect(try value("SocketMode") == "0600")
        #expect(try value("Accept") == "no")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-socket-activate")))
    func `a socket that others can reach needs a token, and one that nobody wants is named`() throws {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        for (admin, text, status) in [
            (scene.file.admin, "can be reached from other machines", 69), (nil, "has no admin server for it", 78),
        ] {
            scene.file.admin = admin
            let port = try freePort()
            let bridge = try activate(scene, port, host: "0.0.0.0")
            try bridge.waitForOutput(containing: "Listening on", on: .error)
            let client = try StreamSocket.connected(port: port)
            try bridge.waitForOutput(containing: text, on: .error)
            #expect(try bridge.waitForExit() == .status(Int32(status)))
            withExtendedLifetime(client) {}
        }
    }
}
