/// The value of an `Authorization` header with a user and a password (RFC 7617).
public enum BasicAuthorization {
    public static func value(user: String, password: String) -> String {
        var text = Array("Basic ".utf8)
        Array("\(user):\(password)".utf8).withUnsafeBytes { Base64.encode($0, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }
}
