internal import CFootbridgeCurl

/// How libcurl ended a transfer, and what else has to be known for telling whose fault it was.
struct TransferEnd: Equatable {
    var code: CURLcode
    /// libcurl's words.
    var detail = ""
    /// How often the request was begun.
    var prerequests = 0
    /// A connection was made for it, or tried.
    var hasConnected = false
    /// libcurl wanted to connect anew for sending the request again.
    var repeatRefused = false
    /// Why the kernel gave no socket, or 0.
    var socketError: Int32 = 0
    /// What the kernel said last of a connection, CURLINFO_OS_ERRNO.
    var connectionError: Int32 = 0
    /// An address that may not be connected to, and what would let it through.
    var refusedAddress: String?
    /// The connection was to be one to a proxy.
    var hasProxy = false
    /// The last address that was tried is one of IPv4.
    var isIPv4 = false

    /// It went over a connection that had carried other requests before.
    var usedConnection: Bool { prerequests > 0 && !hasConnected }

    /// - Parameter isShortOfDescriptors: asked only where it counts.
    func failure(isShortOfDescriptors: () -> Bool) -> TransportFailure {
        // A connection is looked for only before the first sending, and once more if libcurl wants to send again.
        if prerequests > 1 || repeatRefused || code == CURLE_SEND_FAIL_REWIND
            || prerequests == 1 && (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        {
            return TransportFailure(
                kind: .keptConnectionEnded, code: code.rawValue,
                message: "the kept connection ended before any byte of an answer", usedConnection: true)
        }
        if let refusedAddress, code == CURLE_COULDNT_CONNECT, !hasConnected {
            return TransportFailure(kind: .forbiddenAddress, code: code.rawValue, message: refusedAddress)
        }
        var failure = TransportFailure(code, detail: detail)
        // Nobody else was to be connected to.
        if hasProxy, code == CURLE_COULDNT_CONNECT {
            failure = TransportFailure(kind: .proxy, code: failure.code, message: failure.message)
        }
        if isOwnLack(isShortOfDescriptors) {
            failure = TransportFailure(kind: .ownLack, code: failure.code, message: ownWords ?? failure.message)
        }
        failure.usedConnection = usedConnection
        return failure
    }

    private static let lacks: [Int32] = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private func isOwnLack(_ isShortOfDescriptors: () -> Bool) -> Bool {
        switch code {
        case CURLE_COULDNT_CONNECT:
            Self.lacks.contains(socketError)
                // With IPv6 it says that this machine has no address of the kind.
                || connectionError == EADDRNOTAVAIL && isIPv4
                || Self.lacks.contains(connectionError)
        // The resolver reads files and opens sockets, OpenSSL reads files: neither tells that it had no descriptor.
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM: isShortOfDescriptors()
        default: false
        }
    }

    /// What we lack: of these libcurl says only that it could not connect.
    private var ownWords: String? {
        switch code {
        case CURLE_COULDNT_CONNECT where Self.lacks.contains(socketError):
            "no socket: \(String(cString: strerror(socketError)))"
        case CURLE_COULDNT_CONNECT where connectionError == EADDRNOTAVAIL: "no free local port for a connection"
        case CURLE_COULDNT_CONNECT: "no connection: \(String(cString: strerror(connectionError)))"
        default: "no free descriptor: \(detail)"
        }
    }
}

/// The descriptors that this process may still open.
enum Descriptors {
    /// Whether fewer are left than a lookup and a handshake need beside each other; some may have been given back since
    /// one was missed.
    static var areShort: Bool {
        let wanted = 8
        var opened: [Int32] = []
        while opened.count < wanted {
            let descriptor = footbridge_spare_descriptor()
            guard descriptor >= 0 else { break }
            opened.append(descriptor)
        }
        for descriptor in opened { close(descriptor) }
        return opened.count < wanted
    }
}
