extension ServerConnection {
    /// Answers the commands that a connection to Redis begins with.
    ///
    /// - Parameter id: what the server calls the connection.
    public func greet(id: Int = 7, role: String = "master") throws {
        try expect(command("HELLO", "3"))
        try send("%1\r\n+id\r\n:\(id)\r\n")
        try expect(command("ROLE"))
        try send("*1\r\n+\(role)\r\n")
    }
}
