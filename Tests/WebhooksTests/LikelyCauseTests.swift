import FootbridgeWebhooks
import Testing

/// The pages are those of the servers, as found in reports of their users.
struct LikelyCauseTests {
    private static func nginx(_ text: String) -> String {
        """
        <html>\r\n<head><title>400 \(text)</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r
        <center>\(text)</center>\r\n<hr><center>nginx/1.27.4</center>\r\n</body>\r\n</html>\r\n
        """
    }

    @Test(arguments: [
        (
            400, nginx("The plain HTTP request was sent to HTTPS port"),
            "the port speaks TLS: write https:// in the URL"
        ),
        (400, nginx("No required SSL certificate was sent"), "the receiver wants a client certificate"),
        (400, nginx("The SSL certificate error"), "the receiver does not trust our client certificate"),
        (
            400,
            """
            <p>Your browser sent a request that this server could not understand.<br />
            Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />
             Instead use the HTTPS scheme to access this URL, please.<br /></p>
            """, "the port speaks TLS: write https:// in the URL"
        ),
        (400, "Client sent an HTTP request to an HTTPS server.\n", "the port speaks TLS: write https:// in the URL"),
        (
            400, "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
            "the port speaks TLS: write https:// in the URL"
        ),
        (403, "<h2>403.7 - Forbidden: Client certificate required.</h2>", "the receiver wants a client certificate"),
        (
            400, "DisallowedHost at /hooks\nInvalid HTTP_HOST header: 'a.example'. You may need to add …",
            "the receiver does not know the host name in the URL"
        ),
        (
            400, "<BODY><h2>Bad Request - Invalid Hostname</h2>\r\n<hr><p>HTTP Error 400.",
            "the receiver does not know the host name in the URL"
        ),
        (403, "<h1>Blocked hosts: web:3000</h1>", "the receiver does not know the host name in the URL"),
        (
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, "
                + "transport failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER",
            "the receiver's gateway fails at TLS with the server behind it"
        ),
    ])
    func `a page that is known has a cause`(status: Int, body: String, cause: String) {
        #expect(LikelyCause.of(status: status, bodyHead: Array(body.utf8)) == cause)
    }

    @Test(arguments: [
        (400, "<h1>Bad Request (400)</h1>"), (400, ""), (400, #"{"error":"no such order"}"#),
        (200, nginx("No required SSL certificate was sent")), (500, nginx("No required SSL certificate was sent")),
        (503, "upstream connect error or disconnect/reset before headers. reset reason: connection timeout"),
    ])
    func `any other answer has none`(status: Int, body: String) {
        #expect(LikelyCause.of(status: status, bodyHead: Array(body.utf8)) == nil)
    }

    @Test func `bytes that are no text have none`() {
        #expect(LikelyCause.of(status: 400, bodyHead: (0...255).map { UInt8($0) }) == nil)
    }
}
