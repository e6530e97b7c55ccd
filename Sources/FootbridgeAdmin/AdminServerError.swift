internal import Footbridge
internal import FootbridgeCurl
internal import Glibc

/// Why the admin server does not listen, and what would help.
public struct AdminServerError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ place: AdminAddress, _ failure: SystemFailure) {
        description =
            switch failure.code {
            case EADDRINUSE:
                "admin.listen: port \(place.port) of \(place.host) is in use, perhaps by another bridge; choose another"
            case EACCES: "admin.listen: port \(place.port) is for root only; choose one above 1023"
            case EADDRNOTAVAIL: "admin.listen: \(place.host) is no address of this machine; choose 127.0.0.1 or [::1]"
            default: "admin.listen: cannot listen on \(place): \(failure)"
            }
    }
}
