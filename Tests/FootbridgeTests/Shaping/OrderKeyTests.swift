import RedisStreams
import Testing

@testable import Footbridge

struct OrderKeyTests {
    private func key(_ program: String, dataField: String? = nil) throws -> OrderKey {
        let route = RouteConfig(
            name: "r", streams: ["s", "t"], group: "g",
            destination: .publish(PublishConfig(channel: TargetName("c"), body: .fields)), dataField: dataField)
        return try OrderKey(program, of: route)
    }

    private func lane(
        _ key: OrderKey, _ fields: KeyValuePairs<String, String>, stream: Int = 0
    ) throws -> UInt64? {
        try key.lane(
            of: EntryKey(stream: stream, id: EntryID(milliseconds: 1)),
            EntryFields(fields.map { (name: Array($0.key.utf8)[...], value: Array($0.value.utf8)[...]) }))
    }

    @Test(
        arguments: [
            (".fields.customer", "customer"), ("  .fields.a_1\n", "a_1"), (".fields", nil), (".fields.", nil),
            (".fields.1a", nil), (".fields.a.b", nil), (".fields.a | .", nil), (".fields.\"a\"", nil), ("\"a\"", nil),
        ] as [(String, String?)])
    func `a program that only names a field is known`(program: String, field: String?) {
        #expect(OrderKey.field(of: program) == field)
    }

    /// With jq and without.
    @Test(arguments: [".fields.c", ".fields | .c"])
    func `the same key gives the same lane, another one or another stream another`(program: String) throws {
        let key = try key(program)
        let one = try lane(key, ["c": "x"])
        #expect(one != nil)
        #expect(try lane(key, ["n": "7", "c": "x"]) == one)
        #expect(try lane(key, ["c": "y"]) != one)
        #expect(try lane(key, ["c": "x"], stream: 1) != one)
        #expect(try lane(key, ["c": "x", "c": "y"]) != one)
        #expect(try lane(key, ["n": "7"]) == nil)
        #expect(try lane(key, ["c": ""]) == nil)
    }

    @Test func `a key may be any value`() throws {
        let key = try key(".data.c", dataField: "d")
        let values = ["1", "\"1\"", "{\"a\":1}", "[1]", "true"]
        let lanes = try values.map { try lane(key, ["d": "{\"c\":\($0)}"]) }
        #expect(Set(lanes.compactMap(\.self)).count == values.count)
        #expect(try lane(key, ["d": "{\"c\":null}"]) == nil)
        #expect(try lane(key, ["d": "{\"c\":\"\"}"]) == nil)
    }

    @Test(arguments: ["error(\"no\")", "empty", "1, 2"]) func `a program that fails says so`(program: String) throws {
        let key = try key(program)
        #expect { try lane(key, [:]) } throws: { "\($0)".hasPrefix("key: ") }
    }
}
