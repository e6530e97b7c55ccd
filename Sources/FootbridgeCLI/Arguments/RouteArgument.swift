import ArgumentParser
import Footbridge

extension [RouteConfig] {
    /// The route that people name.
    ///
    /// - Parameter option: by which they do, `--to`.
    func named(_ name: String, option: String? = nil) throws -> RouteConfig {
        if let route = first(where: { $0.name == name }) { return route }
        let trouble = "\(UnknownChoice(EscapedText.line(name.utf8), what: "route", map(\.name)))"
        throw ValidationError(option.map { "\($0): \(trouble)" } ?? trouble)
    }
}

extension RouteConfig {
    /// Where the stream stands that people name, among those that the route reads.
    func index(of stream: String) throws -> Int {
        if let index = streams.firstIndex(of: stream) { return index }
        throw ValidationError(
            "route \(name): \(UnknownChoice(EscapedText.line(stream.utf8), what: "stream", streams))")
    }
}
