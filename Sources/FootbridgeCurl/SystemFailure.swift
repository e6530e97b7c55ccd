internal import CFootbridgeCurl

/// What a system call said.
package struct SystemFailure: Error, Equatable, CustomStringConvertible {
    package let code: Int32

    package init(code: Int32) { self.code = code }

    package var description: String { String(cString: strerror(code)) }
}
