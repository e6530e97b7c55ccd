import FlyingSocks
import Glibc

/// Why a receiver does not listen, and what would help.
struct ReceiverError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ place: ListenAddress, _ error: any Error) {
        guard case SocketError.failed(_, let code, let message) = error else {
            description = "cannot listen on \(place.url(port: place.port)): \(error)"
            return
        }
        description =
            switch code {
            case EADDRINUSE:
                "port \(place.port) of \(place.host) is in use; "
                    + "choose another with --port, or any free one with --port 0"
            case EACCES: "port \(place.port) is for root only; choose one above 1023 with --port"
            case EADDRNOTAVAIL: "\(place.host) is no address of this machine; choose another with --host"
            default: "cannot listen on \(place.url(port: place.port)): \(message)"
            }
    }
}
