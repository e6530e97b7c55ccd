/// Runs bridges that are broken on purpose: each has to be caught.
struct CheckTheChecker {
    let settings: Settings

    func run() throws -> Bool { false }
}
