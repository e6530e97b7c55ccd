/// Sends these bytes to a port of 127.0.0.1 and gives all that comes back, until the other side closes.
///
/// For an answer that ends, the request needs `connection: close`.
///
/// - Parameter whenSent: Is called before the answer is waited for.
public func exchange(
    _ request: String, port: UInt16, timeout: Duration = .seconds(30), whenSent: () throws -> Void = {}
) throws -> String {
    try exchange(Array(request.utf8), port: port, timeout: timeout, whenSent: whenSent)
}

/// Sends these bytes to a port of 127.0.0.1 and gives all that comes back, until the other side closes.
public func exchange(
    _ request: [UInt8], port: UInt16, timeout: Duration = .seconds(30), whenSent: () throws -> Void = {}
) throws -> String {
    let socket = try StreamSocket.connected(port: port)
    socket.limit(timeout)
    try socket.sendAll(request)
    try whenSent()
    var answer: [UInt8] = []
    while case let bytes = try socket.receive(), !bytes.isEmpty { answer += bytes }
    return String(decoding: answer, as: UTF8.self)
}
