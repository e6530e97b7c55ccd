import FootbridgeWebhooks
import Testing

/// The secrets are test vectors of the Standard Webhooks libraries (go, rust) or made of zeros.
@Suite struct SigningSecretTests {
    @Test(arguments: [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "whsec_" + String(repeating: "A", count: 84) + "AA==",  // 64 bytes, the most
    ])
    func `a secret is read and told again as it was`(text: String) throws {
        #expect(try SigningSecret(text).revealed() == text)
    }

    @Test func `padding may be missing`() throws {
        let digits = String(repeating: "A", count: 43)
        #expect(try SigningSecret("whsec_" + digits) == SigningSecret("whsec_" + digits + "="))
    }

    /// Of Svix' types/mod.rs, go's and python's libraries, and dashboards that show the version in front.
    @Test(arguments: [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_"),
        (AsymmetricVector.a2.privateKey, "v1a,\(AsymmetricVector.a2.privateKey)"),
        (AsymmetricVector.a2.privateKey, String(AsymmetricVector.a2.privateKey.dropLast(2))),
    ])
    func `other ways of writing mean the same`(text: String, other: String) throws {
        #expect(try SigningSecret(other) == SigningSecret(text))
    }

    /// A seed is told again with its public key behind it.
    @Test func `a private key is its seed, with or without the public key`() throws {
        let seed = try SigningSecret(AsymmetricVector.a1.privateKey)
        #expect(seed.revealed().utf8.count == "whsk_".utf8.count + 88)
        #expect(try SigningSecret(seed.revealed()) == seed)
        #expect(try SigningSecret(AsymmetricVector.a2.privateKey).revealed() == AsymmetricVector.a2.privateKey)
    }

    @Test(arguments: [("A", 31, 23), ("A", 32, nil), ("A", 86, nil), ("A", 87, 65), ("A", 108, 81), ("A", 2, 1)])
    func `an unusual length is told and not refused`(digit: String, count: Int, bytes: Int?) throws {
        #expect(try SigningSecret("whsec_" + String(repeating: digit, count: count)).unusualLength == bytes)
    }

    @Test(arguments: [
        ("", SigningSecretError.empty),
        ("whsec_", .empty),
        ("whsk_", .empty),
        ("v1,", .noPrefix),
        ("v1,whsec_", .empty),
        ("v1a,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        ("w", .noPrefix),
        ("hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        (" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        ("whsec_%", .notBase64),
        ("whsec_wronglength", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", .notBase64),
        ("whsk_6XY", .wrongLength(bytes: 2)),
        ("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9l", .wrongLength(bytes: 57)),
        // The public half of the other vector behind the seed of this one.
        ("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlnUiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOirfg", .halvesDiffer),
        ("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", .publicKey),
    ])
    func `anything else is refused`(text: String, expected: SigningSecretError) {
        #expect(throws: expected) { try SigningSecret(text) }
    }

    @Test(arguments: [
        ("whpk_1SiA", SigningSecretError.wrongLength(bytes: 3)), ("whpk_", .empty), ("whpk_%", .notBase64),
        ("whsk_6XY", .wrongLength(bytes: 2)), ("x", .noPrefix),
    ])
    func `what is no key for verifying is refused`(text: String, expected: SigningSecretError) {
        #expect(throws: expected) { try VerificationKey(text) }
    }

    @Test func `a private key is not shown, and a public one is`() throws {
        let secret = try SigningSecret(AsymmetricVector.a1.privateKey)
        #expect("\(secret) \(String(reflecting: secret))" == "whsk_(hidden) whsk_(hidden)")
        #expect("\(VerificationKey(secret))" == AsymmetricVector.a1.publicKey)
        let shared = VerificationKey(try SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        var dumped = ""
        dump(shared, to: &dumped)
        #expect("\(shared) \(dumped)" == "whsec_(hidden) - whsec_(hidden)\n")
        #expect(shared.publicText == nil)
    }

    @Test func `no way of printing shows the key`() throws {
        let secret = try SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        var dumped = ""
        dump(secret, to: &dumped)
        var nested = ""
        dump([Optional(secret)], to: &nested)
        #expect("\(secret)" == "whsec_(hidden)")
        #expect(String(reflecting: secret) == "whsec_(hidden)")
        #expect(dumped == "- whsec_(hidden)\n")
        #expect(nested == "▿ 1 element\n  ▿ Optional(whsec_(hidden))\n    - some: whsec_(hidden)\n")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test(arguments: [
        SigningSecretError.empty, .noPrefix, .publicKey, .notBase64, .wrongLength(bytes: 3), .halvesDiffer,
    ])
    func `an error says how to make a right one`(error: SigningSecretError) {
        #expect(error.description.contains("footbridge secret new"))
    }

    @Test func `random secrets have 32 bytes and differ`() throws {
        let secret = SigningSecret.random()
        #expect(secret.revealed().utf8.count == "whsec_".utf8.count + 44)
        #expect(try SigningSecret(secret.revealed()) == secret)
        #expect(secret != .random())
        let key = try SigningSecret.randomPrivateKey()
        #expect(try SigningSecret(key.revealed()) == key)
        #expect(try key != .randomPrivateKey())
    }
}
