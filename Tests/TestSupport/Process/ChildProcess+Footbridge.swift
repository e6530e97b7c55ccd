import Foundation

extension ChildProcess {
    /// Starts the built `footbridge` with these arguments.
    public static func footbridge(_ arguments: String..., environment: [String: String] = [:]) throws -> ChildProcess {
        try footbridge(arguments, environment: environment)
    }

    /// Starts the built `footbridge` with these arguments.
    public static func footbridge(
        _ arguments: [String], environment: [String: String] = [:], inputFile: String? = nil
    ) throws -> ChildProcess {
        try ChildProcess(footbridgeBinary(), arguments, environment: environment, inputFile: inputFile)
    }

    /// `FOOTBRIDGE_BINARY`, or the executable that was built beside the tests.
    ///
    /// - Throws: if there is none; the test target must name `footbridge` among its dependencies.
    public static func footbridgeBinary() throws -> String {
        if let given = ProcessInfo.processInfo.environment["FOOTBRIDGE_BINARY"] {
            guard access(given, X_OK) == 0 else { throw TestSupportError("FOOTBRIDGE_BINARY=\(given) cannot be run") }
            return given
        }
        return try builtBinary("footbridge")
    }

    /// An executable of this package that was built beside the tests.
    ///
    /// - Throws: if there is none; the test target must name it among its dependencies.
    public static func builtBinary(_ name: String) throws -> String {
        let places = CommandLine.arguments.filter { $0.contains(".xctest") } + [Bundle.main.executablePath ?? ""]
        let candidates = places.map { place in
            let file = URL(fileURLWithPath: place).resolvingSymlinksInPath()
            return file.deletingLastPathComponent().appendingPathComponent(name).path
        }
        guard let binary = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw TestSupportError(
                "no binary \(name); looked at \(Set(candidates).sorted().joined(separator: ", "))")
        }
        return binary
    }
}
