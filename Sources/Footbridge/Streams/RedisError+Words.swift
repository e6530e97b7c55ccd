internal import FootbridgeRedis

extension RedisError {
    /// For people: without the place in our script that Redis adds (` script: 4b21…, on @user_script:1.`).
    var words: String {
        let text = description
        guard let place = text.firstRange(of: " script: "), text[place.upperBound...].contains(", on @") else {
            return text
        }
        return String(text[..<place.lowerBound])
    }
}
