import Glibc

/// A failure of the test's surroundings, not of what is tested.
public struct TestSupportError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// The failed call, with the text for `errno`.
    static func system(_ call: String, _ code: Int32 = errno) -> TestSupportError {
        TestSupportError("\(call): \(String(cString: strerror(code)))")
    }
}
