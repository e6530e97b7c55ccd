import Foundation
import TestSupport
import Testing

/// Recipes whose receivers ask who is there.
extension Recipe {
    static let aws = Recipe(
        name: "aws", routes: ["orders": ["orders"]],
        variables: ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfi"],
        hosts: ["https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"],
        entries: [Entry("orders", ["id": "A1"]), Entry("orders", ["id": "é +&="])],
        verify: { requests in
            #expect(requests.map(\.path) == ["/prod/orders", "/prod/orders"])
            for request in requests {
                #expect(faultOfAWSSignature(request, secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfi") == nil)
                #expect(faultOfAWSSignature(request, secretKey: "another") != nil)
                let scope = #/Credential=AKIDEXAMPLE/\d{8}/eu-central-1/execute-api/aws4_request/#
                #expect(request["authorization"]?.firstMatch(of: scope) != nil)
            }
        })

    static let oauth2 = Recipe(
        name: "oauth2", routes: ["orders": ["orders"]],
        variables: ["CLIENT_ID": "shop", "CLIENT_SECRET": "s3cret"],
        hosts: ["https://api.example.com", "https://auth.example.com"],
        entries: (1...3).map { Entry("orders", ["id": "\($0)"]) },
        answer: { request in
            if request.path == "/v1/orders" {
                return request["authorization"] == "Bearer token-1" ? .answer(201) : .answer(401)
            }
            // RFC 6749 §4.4.2
            guard request.path == "/oauth/token",
                request["authorization"] == "Basic \(Data("shop:s3cret".utf8).base64EncodedString())",
                request["content-type"] == "application/x-www-form-urlencoded",
                request.text == "grant_type=client_credentials&scope=orders%3Awrite"
            else { return .answer(401, body: #"{"error":"invalid_client"}"#) }
            return .answer(200, body: #"{"access_token":"token-1","token_type":"Bearer","expires_in":3600}"#)
        },
        verify: { requests in
            #expect(requests.filter { $0.path == "/oauth/token" }.count == 1)
            #expect(
                requests.filter { $0.path == "/v1/orders" }.map(\.text).sorted()
                    == (1...3).map { #"{"id":"\#($0)"}"# })
        })

    static let clientCertificate = Recipe(
        name: "client-certificate", routes: ["orders": ["orders"]], hosts: ["https://partner.example.com"])
}
