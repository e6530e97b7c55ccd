internal import FootbridgeCurl

extension Section {
    /// `allow`: special addresses that may be connected to all the same.
    func allowedAddresses() -> AddressGuard {
        var allowed = AddressGuard()
        for item in list("allow", type: "list of ranges, addresses or names", example: "[10.0.0.0/8, localhost]") {
            guard let read = value(at: item, AllowText.parse) else { continue }
            allowed = allowed + read
        }
        return allowed
    }
}

/// One item of `allow`: `10.0.0.0/8`, `::1` or `hooks.internal`.
enum AllowText {
    static func parse(_ text: ConfigText) throws(Complaint) -> AddressGuard {
        do throws(AddressRange.Fault) {
            return AddressGuard(ranges: [try AddressRange(text.text)])
        } catch {
            switch error {
            case .prefix: throw Complaint("\(text.shown): the prefix must be 0 to 32, or to 128 for IPv6")
            case .bitsBehindPrefix(let range):
                throw Complaint("\(text.shown) has bits set behind its prefix; write \(range)")
            case .noAddress: return AddressGuard(names: [try name(text)])
            }
        }
    }

    private static func name(_ text: ConfigText) throws(Complaint) -> String {
        let bytes = text.text.utf8
        guard (1...254).contains(bytes.count), bytes.allSatisfy(isWordByte) else {
            throw Complaint("\(text.shown) is no range, address or name; write 10.0.0.0/8, \"::1\" or hooks.internal")
        }
        // libcurl and others read the rest into such numbers, each in its own way.
        guard
            bytes.contains(where: { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) && $0 != UInt8(ascii: ".") })
        else { throw Complaint("\(text.shown) is no whole address; write 10.0.0.0/8") }
        return AddressGuard.normalized(text.text)
    }
}

extension Destination {
    /// Adds what the whole file allows.
    mutating func allow(_ allow: AddressGuard) {
        guard case .webhook(var webhook) = self else { return }
        webhook.connection.addressGuard = allow + (webhook.connection.addressGuard ?? AddressGuard())
        self = .webhook(webhook)
    }
}

/// Routes whose URL already shows that they lead to where nothing may be sent.
enum AddressCheck {
    static func run(_ routes: [(config: RouteConfig, section: Section)]) {
        for (config, section) in routes {
            guard let settings = config.webhook else { continue }
            let (connection, webhook) = (settings.connection, section.section("webhook"))
            guard connection.proxy == nil, let addressGuard = connection.addressGuard else { continue }
            if connection.unixSocket == nil, !settings.isHostFromEntry {
                check(settings.url, at: webhook.find("url"), addressGuard, section)
            }
            if case .oauth2(let oauth2) = settings.auth {
                let url = webhook.section("auth").section("oauth2").find("token_url")
                check(oauth2.tokenURL, at: url, addressGuard, section)
            }
        }
    }

    private static func check(_ url: String, at found: Section.Found?, _ addressGuard: AddressGuard, _ section: Section)
    {
        guard let found, let refusal = addressGuard.refusal(ofURL: url), let host = URLHost.of(url) else { return }
        let isName = IPAddress(host) == nil && !host.hasPrefix("[")
        let line = isName ? "allow: [\(AddressGuard.normalized(host))]" : "allow: [\"\(refusal.address)\"]"
        section.report("leads to \(refusal.address), \(refusal.name); if it is to, write \(line) in webhook", at: found)
    }
}
