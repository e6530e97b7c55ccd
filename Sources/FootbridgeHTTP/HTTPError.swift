/// Why a request cannot be answered as it was meant.
package struct HTTPError: Error, Equatable {
    package let status: Int
    package let message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}
