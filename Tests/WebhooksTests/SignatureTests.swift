import FootbridgeWebhooks
import Testing

/// A published signature: V1 from the go, python, js, php, ruby, c# and java libraries of Standard Webhooks, V2 from
/// the rust one.
struct SignatureVector: Sendable {
    var secret: String
    var id: String
    var timestamp: Int64
    var body: String
    var signature: String

    static let v1 = SignatureVector(
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
        body: #"{"test": 2432232314}"#, signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    static let v2 = SignatureVector(
        secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        timestamp: 1_649_367_553, body: #"{"email":"test@example.com","username":"test_user"}"#,
        signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")

    func verify(with secrets: [String], after seconds: Int64 = 0) throws -> VerificationResult {
        try Array(body.utf8).withUnsafeBytes {
            try SignatureVerifier(secrets.map { try SigningSecret($0) }).verify(
                id: id, timestamp: String(timestamp), signature: signature, body: $0, now: timestamp + seconds)
        }
    }
}

@Suite struct SignatureTests {
    @Test func `one signer makes the published signatures again and again`() throws {
        let v1 = SignatureVector.v1
        let signer = try Signer([SigningSecret(v1.secret)])
        var header: [UInt8] = []
        for body in [v1.body, "another", v1.body, ""] {
            header = Array("webhook-signature: ".utf8)
            try Array(body.utf8).withUnsafeBytes {
                try signer.sign(id: Array(v1.id.utf8), timestamp: v1.timestamp, body: $0, into: &header)
            }
            let isPublished = String(decoding: header, as: UTF8.self) == "webhook-signature: \(v1.signature)"
            #expect(isPublished == (body == v1.body))
        }
    }

    @Test func `each secret adds a signature, in their order`() throws {
        let vectors = [SignatureVector.v2, .v1]
        let signer = try Signer(vectors.map { try SigningSecret($0.secret) })
        for vector in vectors {
            var header: [UInt8] = []
            try Array(vector.body.utf8).withUnsafeBytes {
                try signer.sign(id: Array(vector.id.utf8), timestamp: vector.timestamp, body: $0, into: &header)
            }
            let signatures = String(decoding: header, as: UTF8.self).split(separator: " ").map(String.init)
            #expect(signatures.count == 2)
            #expect(signatures[vector.secret == vectors[0].secret ? 0 : 1] == vector.signature)
        }
    }

    /// Expected value by Python's `hmac` over `id.-1.`.
    @Test func `an empty body and a timestamp before 1970 are signed as they are`() throws {
        let signer = try Signer([SigningSecret(SignatureVector.v1.secret)])
        var header: [UInt8] = []
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        try signer.sign(id: Array("id".utf8), timestamp: -1, body: nothing, into: &header)
        #expect(String(decoding: header, as: UTF8.self) == "v1,+mlU48teV86eZo96Sjs/GSmwV2cyDsOPaZo4mcRSuNo=")
    }
}

@Suite struct SignatureVerifierTests {
    @Test(arguments: [SignatureVector.v1, .v2])
    func `the published signatures are valid`(vector: SignatureVector) throws {
        #expect(try vector.verify(with: [vector.secret]) == .valid)
    }

    @Test(
        arguments: [
            (-301, VerificationResult.tooNew), (-300, .valid), (300, .valid), (301, .tooOld),
            (.max - 1_614_265_330, .tooOld),
        ] as [(Int64, VerificationResult)])
    func `five minutes either way are tolerated`(seconds: Int64, expected: VerificationResult) throws {
        #expect(try SignatureVector.v1.verify(with: [SignatureVector.v1.secret], after: seconds) == expected)
    }

    @Test func `either secret of a rotation will do`() throws {
        let secrets = [SignatureVector.v2.secret, SignatureVector.v1.secret]
        #expect(try SignatureVector.v1.verify(with: secrets) == .valid)
        #expect(try SignatureVector.v1.verify(with: [SignatureVector.v2.secret]) == .mismatch)
    }

    @Test(arguments: [
        (
            [
                "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", "$",
                "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5B",
            ],
            VerificationResult.valid
        ),
        (
            ["v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
            .mismatch
        ),
        (["v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="], .mismatch),
        (["v1,"], .malformed(.signature)),
        (["v1,g0hM9SsE"], .malformed(.signature)),
        (["g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="], .malformed(.signature)),
        (["v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5B"], .malformed(.signature)),
        ([" "], .malformed(.signature)),
        ([""], .missing(.signature)),
    ])
    func `one right signature among several is enough`(signatures: [String], expected: VerificationResult) throws {
        var vector = SignatureVector.v1
        vector.signature = signatures.map { $0 == "$" ? vector.signature : $0 }.joined(separator: " ")
        #expect(try vector.verify(with: [vector.secret]) == expected)
    }

    @Test func `another id, timestamp or body does not fit`() throws {
        let changes: [(inout SignatureVector) -> Void] = [
            { $0.id += "x" }, { $0.timestamp += 1 }, { $0.body += " " }, { $0.body = "" },
        ]
        for change in changes {
            var vector = SignatureVector.v1
            change(&vector)
            #expect(try vector.verify(with: [vector.secret]) == .mismatch)
        }
    }

    @Test(
        arguments: [
            (nil, "1", "v1,", VerificationResult.missing(.id)),
            ("", "1", "v1,", .missing(.id)),
            ("id", nil, "v1,", .missing(.timestamp)),
            ("id", "", "v1,", .missing(.timestamp)),
            ("id", "1", nil, .missing(.signature)),
            ("i.d", "1", "v1,", .malformed(.id)),
            ("id", "-1", "v1,", .malformed(.timestamp)),
            ("id", "+1", "v1,", .malformed(.timestamp)),
            ("id", "1.0", "v1,", .malformed(.timestamp)),
            ("id", "9223372036854775808", "v1,", .malformed(.timestamp)),
            ("id", "9223372036854775807", "v1,", .tooNew),
        ] as [(String?, String?, String?, VerificationResult)])
    func `headers that are missing or malformed are named`(
        id: String?, timestamp: String?, signature: String?, expected: VerificationResult
    ) throws {
        let verifier = try SignatureVerifier([SigningSecret(SignatureVector.v1.secret)])
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let result = try verifier.verify(id: id, timestamp: timestamp, signature: signature, body: nothing, now: 1)
        #expect(result == expected)
    }
}
