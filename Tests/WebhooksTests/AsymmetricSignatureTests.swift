import FootbridgeWebhooks
import Testing

/// Ed25519, `v1a`. A1 is of the go library of Standard Webhooks (webhook_asymmetric_test.go), A2 of the Svix server
/// (worker.rs, types/mod.rs). Both sign the message of `SignatureVector.v1`.
struct AsymmetricVector: Sendable {
    let privateKey: String
    let publicKey: String
    let signature: String

    static let a1 = AsymmetricVector(
        privateKey: "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        // Of the seed, by `cryptography`.
        publicKey: "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=",
        signature: "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==")
    static let a2 = AsymmetricVector(
        privateKey: "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
        publicKey: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        signature: "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==")

    func verify(_ message: SignatureVector, with keys: [String]) throws -> VerificationResult {
        try Array(message.body.utf8).withUnsafeBytes {
            try SignatureVerifier(keys.map { try VerificationKey($0) }).verify(
                id: message.id, timestamp: String(message.timestamp), signature: signature, body: $0,
                now: message.timestamp)
        }
    }
}

@Suite struct AsymmetricSignatureTests {
    private let message = SignatureVector.v1

    private func sign(_ secrets: [String], _ body: String? = nil) throws -> String {
        let signer = try Signer(secrets.map { try SigningSecret($0) })
        var header: [UInt8] = []
        // Twice: the second has to be as the first.
        for _ in 0..<2 {
            header = []
            try Array((body ?? message.body).utf8).withUnsafeBytes {
                try signer.sign(id: Array(message.id.utf8), timestamp: message.timestamp, body: $0, into: &header)
            }
        }
        return String(decoding: header, as: UTF8.self)
    }

    @Test(arguments: [AsymmetricVector.a1, .a2])
    func `the published signatures are made and are valid`(vector: AsymmetricVector) throws {
        #expect(try sign([vector.privateKey]) == vector.signature)
        #expect(try vector.verify(message, with: [vector.publicKey]) == .valid)
        #expect(try vector.verify(message, with: [vector.privateKey]) == .valid)
        #expect(try VerificationKey(vector.privateKey).publicText == vector.publicKey)
    }

    @Test func `both kinds stand in one header, in the order of the secrets`() throws {
        let header = try sign([AsymmetricVector.a2.privateKey, message.secret, AsymmetricVector.a1.privateKey])
        #expect(header == "\(AsymmetricVector.a2.signature) \(message.signature) \(AsymmetricVector.a1.signature)")
    }

    @Test func `another key, body or signature does not fit`() throws {
        #expect(try AsymmetricVector.a1.verify(message, with: [AsymmetricVector.a2.publicKey]) == .mismatch)
        var other = message
        other.body += " "
        #expect(try AsymmetricVector.a1.verify(other, with: [AsymmetricVector.a1.publicKey]) == .mismatch)
        // A shared secret has no say in v1a.
        #expect(try AsymmetricVector.a1.verify(message, with: [message.secret]) == .mismatch)
        #expect(
            try AsymmetricVector.a1.verify(message, with: [message.secret, AsymmetricVector.a1.publicKey]) == .valid)
    }

    /// 32 bytes that are no point of the curve: y = 2 (RFC 8032 §5.1.3).
    @Test func `a key that is no point of the curve fits nothing`() throws {
        let key = "whpk_AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        #expect(try AsymmetricVector.a1.verify(message, with: [key]) == .mismatch)
    }

    @Test func `an empty body is signed`() throws {
        let header = try sign([AsymmetricVector.a1.privateKey], "")
        let vector = AsymmetricVector(privateKey: "", publicKey: "", signature: header)
        var empty = message
        empty.body = ""
        #expect(try vector.verify(empty, with: [AsymmetricVector.a1.publicKey]) == .valid)
    }
}
