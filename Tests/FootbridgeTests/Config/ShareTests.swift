import Testing

@testable import Footbridge

@Suite struct ShareTests {
    @Test(arguments: [(0, 0), (1, 1_000), (12.5, 12_500), (100, 100_000)] as [(Double, Int)])
    func `so many of a hundred are included, always the same`(percent: Double, expected: Int) {
        let share = Share(percent: percent)
        let included = (0..<100_000 as Range<UInt64>).filter { share.includes(SplitMix.mixed($0)) }
        #expect(abs(included.count - expected) <= (percent == 0 || percent == 100 ? 0 : expected / 8))
        // Whoever takes more takes these, too.
        #expect(included.allSatisfy { Share(percent: min(100, percent + 1)).includes(SplitMix.mixed($0)) })
    }

    @Test func `the edges of the 56 bits that count`() {
        #expect(!Share.none.includes(.max) && Share.all.includes(0) && Share.all.includes(0xff00_0000_0000_0000))
    }

    @Test(arguments: ["1", "%", "-1%", "101%", "1 %", "1e1%", "one%", ".5%", ""])
    func `what is no percentage is refused`(text: String) {
        #expect(throws: Complaint.self) { try ShareText.parse(ConfigText(text: text, shown: text, isLiteral: true)) }
    }
}
