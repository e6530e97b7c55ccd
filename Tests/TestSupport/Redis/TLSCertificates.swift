/// A certificate authority made for one test, with a server's certificate for 127.0.0.1 and localhost and a client's.
public struct TLSCertificates: Sendable {
    public let authority: String
    public let serverCertificate: String
    public let serverKey: String
    public let clientCertificate: String
    public let clientKey: String

    /// Makes them with the `openssl` command line, valid for two days.
    public init(in directory: TemporaryDirectory) throws {
        authority = directory.file("ca.crt")
        serverCertificate = directory.file("server.crt")
        serverKey = directory.file("server.key")
        clientCertificate = directory.file("client.crt")
        clientKey = directory.file("client.key")
        let authorityKey = directory.file("ca.key")
        try Self.openssl(
            [
                "req", "-x509", "-days", "2", "-subj", "/CN=Footbridge test authority", "-keyout", authorityKey, "-out",
                authority,
            ]
                + Self.newKey)
        try sign("server", "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n", in: directory)
        try sign("client", "extendedKeyUsage=clientAuth\n", in: directory)
    }

    /// Another server's, from the same authority: `directory` is the one that it was made in.
    public func forServer(
        named host: String, in directory: TemporaryDirectory
    ) throws -> (certificate: String, key: String) {
        try sign(host, "subjectAltName=DNS:\(host)\nextendedKeyUsage=serverAuth\n", in: directory)
        return (directory.file("\(host).crt"), directory.file("\(host).key"))
    }

    /// A certificate for 127.0.0.1 and localhost whose time was over yesterday.
    public func expired(in directory: TemporaryDirectory) throws -> (certificate: String, key: String) {
        let names = "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n"
        try sign("expired", names, in: directory, days: -1)
        return (directory.file("expired.crt"), directory.file("expired.key"))
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private func sign(
        _ name: String, _ extensions: String, in directory: TemporaryDirectory, days: Int = 2
    ) throws {
        let request = directory.file("\(name).csr")
        try Self.openssl(
            ["req", "-subj", "/CN=\(name)", "-keyout", directory.file("\(name).key"), "-out", request] + Self.newKey)
        try Self.openssl([
            "x509", "-req", "-days", "\(days)", "-in", request, "-CA", authority, "-CAkey", directory.file("ca.key"),
            "-CAcreateserial", "-extfile", directory.write(extensions, to: "\(name).ext"),
            "-out", directory.file("\(name).crt"),
        ])
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = try ChildProcess("openssl", arguments)
        guard try process.waitForExit() == .status(0) else {
            throw TestSupportError("openssl \(arguments.joined(separator: " ")): \(process.errorOutput)")
        }
    }
}
