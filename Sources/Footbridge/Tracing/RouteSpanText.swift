internal import FootbridgeCurl

/// What all spans of a route have in common: name, kind and attributes, written once.
///
/// Names are those of OpenTelemetry's conventions for HTTP clients and for messaging
/// (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span>).
struct RouteSpanText {
    let isHTTP: Bool
    let hasManyEndpoints: Bool
    /// From `"name"` up to the last attribute, without the bracket that ends them.
    private let constants: [[UInt8]]

    /// - Parameter redis: the bridge's own, for people.
    init(_ route: RouteConfig, urls: LoggedURLs, redis: String) {
        isHTTP = route.webhook != nil
        hasManyEndpoints = route.webhook?.hasManyEndpoints ?? false
        constants = route.streams.map { Self.constant(of: route, stream: $0, urls, redis) }
    }

    func constant(ofStream stream: Int) -> [UInt8] { constants[stream] }

    /// Of a route whose entries name their endpoints.
    func append(endpoint: String, to out: inout [UInt8]) {
        SpanText.append("footbridge.endpoint", .text(endpoint), to: &out)
        guard let place = EndpointPlace(url: endpoint) else { return }
        SpanText.append("url.full", .text(endpoint), to: &out)
        place.append(to: &out)
    }

    private static func constant(
        of route: RouteConfig, stream: String, _ urls: LoggedURLs, _ redis: String
    ) -> [UInt8] {
        var out: [UInt8] = []
        func begin(_ name: String, kind: Int) {
            out.append(contentsOf: #""name":"#.utf8)
            SpanText.append(name, to: &out)
            out.append(contentsOf: #","kind":\#(kind),"attributes":["#.utf8)
            SpanText.append("messaging.system", .text("redis"), isFirst: true, to: &out)
        }
        switch route.destination {
        case .webhook(let webhook):
            begin("\(webhook.method) \(route.name)", kind: 3)
            SpanText.append("messaging.destination.name", .text(stream), to: &out)
            SpanText.append("http.request.method", .text(webhook.method), to: &out)
            if !webhook.hasManyEndpoints {
                SpanText.append("url.full", .text(webhook.loggedURL(urls)), to: &out)
                EndpointPlace(url: webhook.url)?.append(to: &out)
            }
        case .publish(let publish):
            begin("publish \(publish.channel)", kind: 4)
            append(publish.channel, "publish", of: publish.redis, redis, to: &out)
        case .append(let append):
            begin("append \(append.stream)", kind: 4)
            Self.append(append.stream, "append", of: append.redis, redis, to: &out)
        }
        SpanText.append("messaging.consumer.group.name", .text(route.group), to: &out)
        SpanText.append("footbridge.route", .text(route.name), to: &out)
        SpanText.append("footbridge.stream", .text(stream), to: &out)
        return out
    }

    private static func append(
        _ target: TargetName, _ operation: String, of source: RedisSource?, _ own: String, to out: inout [UInt8]
    ) {
        let name: StaticString =
            target.template == nil ? "messaging.destination.name" : "messaging.destination.template"
        SpanText.append(name, .text(target.text), to: &out)
        SpanText.append("messaging.operation.name", .text(operation), to: &out)
        SpanText.append("messaging.operation.type", .text("send"), to: &out)
        EndpointPlace(redis: source?.shortName ?? own).append(to: &out)
    }
}

/// Host and port of an endpoint, or the path of a socket.
struct EndpointPlace: Equatable {
    var address: String
    var port: Int?

    /// `nil` if it has no host.
    init?(url: String) {
        guard url.contains("://"), let host = URLHost.of(url) else { return nil }
        address = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let authority = url[url.firstRange(of: "://")!.upperBound...].prefix { !"/?#".contains($0) }
        let digits = authority.drop { $0 != "]" }.isEmpty ? authority[...] : authority.drop { $0 != "]" }
        port =
            digits.lastIndex(of: ":").flatMap { Int(digits[digits.index(after: $0)...]) }
            ?? (url.lowercased().hasPrefix("https") ? 443 : 80)
    }

    /// - Parameter redis: `host:port`, `[::1]:port`, or anything else, which then is the address.
    init(redis text: String) {
        guard !text.hasPrefix("/"), let colon = text.lastIndex(of: ":"),
            let number = Int(text[text.index(after: colon)...])
        else {
            address = text
            return
        }
        let host = text[..<colon]
        address = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : String(host)
        port = number
    }

    func append(to out: inout [UInt8]) {
        SpanText.append("server.address", .text(address), to: &out)
        if let port { SpanText.append("server.port", .number(port), to: &out) }
    }
}
