public import FootbridgeCurl

/// What shows a receiver who we are.
public enum AuthConfig: Sendable, Hashable {
    case basic(user: String, password: String)
    case bearer(String)
    case apiKey(APIKeyPlace, value: String)
    case aws(AWSCredentials, sessionToken: String?)
    case oauth2(OAuth2Config)

    public enum APIKeyPlace: Sendable, Hashable {
        case header(String)
        /// A parameter of the URL's query.
        case query(String)
    }
}

/// OAuth 2.0 with the grant of client credentials (RFC 6749 §4.4).
public struct OAuth2Config: Sendable, Hashable {
    public var tokenURL: String
    public var clientID: String
    public var clientSecret: String
    public var scope: String?
    /// Not of the RFC; Auth0 and others ask for it.
    public var audience: String?
    /// Whom to trust at the token server, instead of the system's authorities.
    public var authorityFile: String?

    public init(
        tokenURL: String, clientID: String, clientSecret: String, scope: String? = nil, audience: String? = nil,
        authorityFile: String? = nil
    ) {
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scope = scope
        self.audience = audience
        self.authorityFile = authorityFile
    }
}

extension AuthConfig {
    /// The header that carries the credentials, if one does.
    var header: String? {
        switch self {
        case .apiKey(.header(let name), _): name
        case .apiKey(.query, _): nil
        case .basic, .bearer, .aws, .oauth2: "Authorization"
        }
    }

    /// Whether the credentials are the same line in every request, so that they can be changed while a bridge runs.
    var isFixedHeader: Bool {
        switch self {
        case .basic, .bearer, .apiKey(.header, _): true
        case .apiKey(.query, _), .aws, .oauth2: false
        }
    }

    /// As the file calls it.
    var name: String {
        switch self {
        case .basic: "basic"
        case .bearer: "bearer"
        case .apiKey: "api_key"
        case .aws: "aws"
        case .oauth2: "oauth2"
        }
    }
}
