package import FootbridgeRESP

/// Commands of our own: Lua that looks and acts in one step, so that an instance which was taken for dead takes nothing
/// back, and no two survivors get the same entry.
///
/// An entry that is no longer in the stream is left alone and reported: XCLAIM would drop it from the pending ones without
/// a word (7.0 and later), and nobody would hear of it.
extension StreamCommand {
    /// - Parameter decode: `nil` if the reply has not the shape that the script promises.
    package static func script(
        _ text: String, _ stream: any RESPArgument, _ arguments: [any RESPArgument],
        decode: @escaping @Sendable (RESPValue) -> Reply?
    ) -> StreamCommand {
        StreamCommand(RESPCommand("EVAL", arguments: [text, 1, stream] + arguments), decode: decode)
    }
}

/// How many entries one script may look at.
package enum ScriptPortion {
    /// Well below a millisecond of the server.
    package static let usual = 100
    /// A few milliseconds; for an instance that stops and has no time to lose.
    package static let large = 500
}

extension Collection where Index == Int {
    /// The elements in their order, in slices of at most `count`.
    package func portions(of count: Int) -> [SubSequence] {
        stride(from: startIndex, to: endIndex, by: count).map { self[$0..<Swift.min($0 + count, endIndex)] }
    }
}
