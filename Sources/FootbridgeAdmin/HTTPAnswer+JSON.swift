internal import FootbridgeHTTP

extension HTTPAnswer {
    static func json(_ status: Int, _ value: some Encodable) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "application/json", body: AdminJSON.text(value) + "\n")
    }
}

extension HTTPError {
    var answer: HTTPAnswer {
        var answer = HTTPAnswer.json(status, ["error": message])
        if status == 401 { answer.headers["WWW-Authenticate"] = "Bearer realm=\"footbridge\"" }
        if status == 429 { answer.headers["Retry-After"] = "1" }
        return answer
    }
}
