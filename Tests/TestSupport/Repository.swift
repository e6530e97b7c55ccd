import Foundation

/// Files of the repository, outside the test bundles.
public enum Repository {
    static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    public static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}
