#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The name of a consumer that nobody else has: `<host>-<made up>.1`. Bridges know by its end that it is of their kind.
enum WorkerName {
    static func new() -> String { "\(host)-\(String(UInt32.random(in: .min ... .max), radix: 36)).1" }

    private static var host: String {
        var bytes = [CChar](repeating: 0, count: 256)
        let isKnown = gethostname(&bytes, 255) == 0
        let name = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return isKnown && !name.isEmpty ? name : "worker"
    }
}
