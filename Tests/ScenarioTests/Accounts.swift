import Foundation
import TestSupport
import TestThreads
import Testing

/// `footbridge verify`: whether Redis' own figures leave room for an entry that is nowhere.
@Suite(.serialized, .ownThreads) struct Accounts {
    private func verify(_ scene: Scene, _ arguments: String...) throws -> CommandResult {
        try CommandResult(.footbridge(["verify", "-c", scene.writeFile()] + arguments))
    }

    private func row(_ scene: Scene) throws -> (exit: ChildProcess.Exit, [String: Any]) {
        let result = try verify(scene, "--json")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: [[String: Any]]]
        return (result.exit, try #require(object?["rows"]?.first))
    }

    @Test func `settled, pending, unread and buried entries are all there is, and what is trimmed is missed`() throws {
        let scene = try Scene { $0.text == body(1) ? .answer(422) : .answer(200) }
        #expect(try verify(scene).exit == .status(0))
        try scene.redis.add(numbers: 0..<700)
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        var (exit, books) = try row(scene)
        #expect(exit == .status(0))
        for (key, value) in ["added": 700, "read": 700, "settled": 700, "pending": 0, "unread": 0, "dead_letters": 1] {
            #expect(books[key] as? Int == value, "\(key)")
        }
        #expect(try bridge.stop() == .status(0))
        let admin = try scene.redis.command(
            "XREADGROUP", "GROUP", "orders", "other", "COUNT", "1", "STREAMS", "orders", ">")
        #expect(admin == .null)

        try scene.redis.add(numbers: 700..<1900)
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "other", "COUNT", "300", "STREAMS", "orders", ">")
        (exit, books) = try row(scene)
        #expect(exit == .status(0))
        for (key, value) in ["read": 1000, "settled": 700, "pending": 300, "unread": 900, "gone_unread": 0] {
            #expect(books[key] as? Int == value, "\(key)")
        }
        #expect(try verify(scene).output.contains("closes"))

        // Fifty of the unread, all pending and all settled ones leave the stream.
        try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "850")
        (exit, books) = try row(scene)
        #expect(exit == .status(1))
        #expect(books["books"] as? String == "does not close")
        for (key, value) in ["gone_unread": 50, "gone_pending": 300, "unread": 850] {
            #expect(books[key] as? Int == value, "\(key)")
        }
        #expect(try verify(scene, "nosuch").exit == .status(64))
        try scene.server.kill()
        #expect(try verify(scene).exit == .status(69))
    }
}
