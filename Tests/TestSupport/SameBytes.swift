import Glibc

/// Whether two runs of bytes are equal. In a debug build `==` takes seconds for megabytes.
public func areSame(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return left.withContiguousStorageIfAvailable { left in
        right.withContiguousStorageIfAvailable { right in
            left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0
        }
    }.flatMap { $0 } ?? left.elementsEqual(right)
}
