/// The files of the page, which the binary holds.
struct PageFile {
    let contentType: String
    let bytes: [UInt8]

    /// `nil` if there is no such file.
    init?(path: String) {
        switch path {
        case "/":
            (contentType, bytes) = (
                "text/plain; charset=utf-8", Array("footbridge\n/healthz\n/readyz\n/metrics\n/api/v1/status\n".utf8)
            )
        default: return nil
        }
    }

    /// No script and no style but its own, and nothing from elsewhere: what entries and receivers say is shown on it.
    var answer: AdminAnswer {
        var answer = AdminAnswer(status: 200, contentType: contentType, body: .bytes(bytes))
        answer.headers["Content-Security-Policy"] = """
            default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer
    }
}
