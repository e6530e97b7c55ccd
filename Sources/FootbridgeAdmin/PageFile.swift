internal import CFootbridgeAdminPage
internal import FootbridgeHTTP

/// The files of the page, which the binary holds.
struct PageFile {
    let contentType: String
    let bytes: [UInt8]

    /// `nil` if there is no such file.
    init?(path: String) {
        switch path {
        case "/":
            contentType = "text/html; charset=utf-8"
            bytes = Self.bytes(footbridge_page_html(), footbridge_page_html_count())
        case "/page.css":
            contentType = "text/css; charset=utf-8"
            bytes = Self.bytes(footbridge_page_css(), footbridge_page_css_count())
        case "/page.js":
            contentType = "text/javascript; charset=utf-8"
            bytes = Self.bytes(footbridge_page_js(), footbridge_page_js_count())
        default: return nil
        }
    }

    private static func bytes(_ first: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: first, count: count))
    }

    /// No script and no style but its own, and nothing from elsewhere: what entries and receivers say is shown on it.
    var answer: HTTPAnswer {
        var answer = HTTPAnswer(status: 200, contentType: contentType, body: .bytes(bytes))
        answer.headers["Content-Security-Policy"] = """
            default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer
    }
}
