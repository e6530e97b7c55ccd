import Testing

@testable import Footbridge

struct ProxyEnvironmentTests {
    private func proxy(_ variables: [String: String], _ url: String) -> String? {
        ProxyEnvironment { variables[$0] }.proxy(for: url).map { "\($0.variable)=\($0.url)" }
    }

    @Test(
        arguments: [
            (["https_proxy": "http://p:1"], "https://a.example/", "https_proxy=http://p:1"),
            (["HTTPS_PROXY": "p:1"], "HTTPS://a.example/", "HTTPS_PROXY=http://p:1"),
            (["https_proxy": "http://p:1"], "http://a.example/", nil),
            (["http_proxy": "http://p:1"], "http://a.example/", "http_proxy=http://p:1"),
            // A CGI program finds the header "Proxy" of its client there.
            (["HTTP_PROXY": "http://p:1"], "http://a.example/", nil),
            (["ALL_PROXY": "socks5://p:1"], "http://a.example/", "ALL_PROXY=socks5://p:1"),
            (["https_proxy": "", "all_proxy": "http://p:1"], "https://a.example/", nil),
            ([:], "https://a.example/", nil),
        ] as [([String: String], String, String?)])
    func `which variable counts depends on the scheme`(variables: [String: String], url: String, expected: String?) {
        #expect(proxy(variables, url) == expected)
    }

    @Test(arguments: [
        ("*", true), ("a.example", true), (".example", true), ("example", true), ("A.Example.", true),
        ("b.example", false),
        ("xa.example", false), ("b.example, a.example", true), ("b.example a.example", true), ("ample", false),
        ("", false),
        (",", false),
    ])
    func `no_proxy names hosts and the ends of names`(list: String, isExcepted: Bool) {
        let variables = ["https_proxy": "http://p:1", "no_proxy": list]
        #expect((proxy(variables, "https://a.example:8443/") == nil) == isExcepted)
    }

    @Test(arguments: [
        ("https://10.1.2.3/", "10.0.0.0/8", true), ("https://10.1.2.3/", "10.1.2.3", true),
        ("https://11.1.2.3/", "10.0.0.0/8", false), ("https://[fd00::1]/", "fd00::/8", true),
        ("https://[fd00::1]/", "10.0.0.0/8", false), ("https://10.1.2.3/", "2.3", false),
    ])
    func `no_proxy names addresses and ranges`(url: String, list: String, isExcepted: Bool) {
        #expect((proxy(["https_proxy": "http://p:1", "NO_PROXY": list], url) == nil) == isExcepted)
    }
}
