import RedisStreams
import Testing

@testable import Footbridge

@Suite struct EntryBodyTests {
    @Test func `an envelope holds id, stream, time and fields`() {
        var out: [UInt8] = []
        EntryBody.writeEnvelope(
            EntryID(milliseconds: 1_700_000_000_007, sequence: 3), "a\"b", EntryFields(["n": "1", "t": "é"]), into: &out
        )
        #expect(
            String(decoding: out, as: UTF8.self)
                == #"{"id":"1700000000007-3","stream":"a\"b","timestamp":1700000000.007,"fields":{"n":"1","t":"é"}}"#)
    }

    /// <https://url.spec.whatwg.org/#urlencoded-serializing>
    @Test func `a form is encoded as browsers do it`() {
        var out: [UInt8] = []
        let bytes: EntryFields.Element = (Array("raw".utf8)[...], [0xff, 0x00])
        let pairs: [EntryFields.Element] =
            [(Array("a b".utf8)[...], Array("x&y=z +~*-._é".utf8)[...]), (Array("a b".utf8)[...], []), bytes]
        EntryBody.writeForm(EntryFields(pairs), into: &out)
        #expect(String(decoding: out, as: UTF8.self) == "a+b=x%26y%3Dz+%2B%7E*-._%C3%A9&a+b=&raw=%FF%00")
        out = []
        EntryBody.writeForm(EntryFields([:]), into: &out)
        #expect(out == [])
    }

    @Test(arguments: [
        ("https://h/p?a=1&b=2", "https://h/p?a=***&b=***", false), ("https://h/p=1&x", "https://h/p=1&x", false),
        ("?token=s3cret&n=", "?token=***&n=", false), ("cret&x=y", "***&x=***", true),
        ("&x=a=b&flag", "&x=***&flag", true),
        ("?key", "?key", false), ("?a=", "?a=", false),
    ]) func `a query is shown without its values`(text: String, shown: String, isInQuery: Bool) {
        #expect(QueryMask.masked(text, isInQuery: isInQuery) == shown)
    }
}
