/// What an error answer of a common server most likely says about the configuration, in words for an operator.
public enum LikelyCause {
    private static let plainAtTLS = "the port speaks TLS: write https:// in the URL"
    private static let certificateWanted = "the receiver wants a client certificate"
    private static let certificateRefused = "the receiver does not trust our client certificate"
    private static let unknownHost = "the receiver does not know the host name in the URL"
    private static let upstreamTLS = "the receiver's gateway fails at TLS with the server behind it"

    /// A phrase in lower case, the status it comes with, and what it means there.
    private static let phrases: [(status: Int, phrase: String, cause: String)] = [
        // nginx, which has 497, 496 and 495 for these and sends 400 (src/http/ngx_http_special_response.c).
        (400, "the plain http request was sent to https port", plainAtTLS),
        (400, "no required ssl certificate was sent", certificateWanted),
        (400, "the ssl certificate error", certificateRefused),
        // Apache; the beginning, "You're", is an entity in some versions.
        (400, "speaking plain http to an ssl-enabled server port", plainAtTLS),
        // Go's net/http, and so Caddy, Traefik and others.
        (400, "client sent an http request to an https server", plainAtTLS),
        // Tomcat, TLSClientHelloExtractor; Spring Boot with it.
        (400, "this combination of host and port requires tls", plainAtTLS),
        (403, "403.7 - forbidden", certificateWanted),  // IIS
        // Django shows it only with DEBUG; otherwise the page is a bare "Bad Request (400)".
        (400, "invalid http_host header", unknownHost),
        (400, "bad request - invalid hostname", unknownHost),  // http.sys, Kestrel's HostFiltering
        (403, "blocked hosts: ", unknownHost),  // Rails, ActionDispatch::HostAuthorization
        (403, "blocked host: ", unknownHost),
        (503, "transport failure reason: tls", upstreamTLS),  // Envoy, Istio
    ]

    /// The likely cause, or `nil` for an answer that says nothing of the kind.
    ///
    /// - Parameter bodyHead: the beginning of the body; a few hundred bytes are enough.
    public static func of(status: Int, bodyHead: [UInt8]) -> String? {
        guard phrases.contains(where: { $0.status == status }) else { return nil }
        let text = String(decoding: bodyHead.prefix(4096), as: UTF8.self).lowercased()
        return phrases.first { $0.status == status && text.contains($0.phrase) }?.cause
    }
}
