import Testing
import Webhooks

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

    @Test(arguments: [
        ("", SigningSecretError.empty),
        ("whsec_", .empty),
        ("w", .noPrefix),
        ("hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        (" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .noPrefix),
        ("whsec_%", .notBase64),
        ("whsec_wronglength", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", .notBase64),
        ("whsec_" + String(repeating: "A", count: 31), .wrongLength(bytes: 23)),
        ("whsec_" + String(repeating: "A", count: 87), .wrongLength(bytes: 65)),
        ("whsec_" + String(repeating: "A", count: 108), .wrongLength(bytes: 81)),
        ("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=", .asymmetric),
        ("whsk_6Xb", .asymmetric),
        ("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", .asymmetric),
    ])
    func `anything else is refused`(text: String, expected: SigningSecretError) {
        #expect(throws: expected) { try SigningSecret(text) }
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
        SigningSecretError.empty, .noPrefix, .asymmetric, .notBase64, .wrongLength(bytes: 3),
    ])
    func `an error says how to make a right one`(error: SigningSecretError) {
        #expect(error.description.contains("openssl rand -base64 32"))
    }

    @Test func `random secrets have 32 bytes and differ`() throws {
        let secret = SigningSecret.random()
        #expect(secret.revealed().utf8.count == "whsec_".utf8.count + 44)
        #expect(try SigningSecret(secret.revealed()) == secret)
        #expect(secret != .random())
    }
}
