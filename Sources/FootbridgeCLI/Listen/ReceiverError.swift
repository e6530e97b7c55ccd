import FootbridgeCurl
import FootbridgeHTTP
import Glibc

/// Why a receiver does not listen, and what would help.
struct ReceiverError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ place: ListenAddress, _ failure: SystemFailure) {
        let (host, port) = (place.address.host, place.address.port)
        description =
            switch failure.code {
            case EADDRINUSE:
                "port \(port) of \(host) is in use; choose another with --port, or any free one with --port 0"
            case EACCES: "port \(port) is for root only; choose one above 1023 with --port"
            case EADDRNOTAVAIL: "\(host) is no address of this machine; choose another with --host"
            default: "cannot listen on \(place.url(port: port)): \(failure)"
            }
    }
}
