#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// `localizedDescription` says what `description` does.
extension Redis.Failure: LocalizedError {
    public var errorDescription: String? { description }
}

extension AddFailure: LocalizedError {
    public var errorDescription: String? { description }
}
