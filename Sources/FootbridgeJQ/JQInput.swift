internal import CFootbridgeJQ

/// What a program gets as `.`: `{"id", "stream", "timestamp", "attempt", "fields", "data"}`.
///
/// - `timestamp` is in seconds since 1970, as jq's own dates are.
/// - `fields` is an object of strings; a name that occurs again gives an array, a value that is not UTF-8 is
///   `{"$base64": "…"}`, a name that is not is `$base64:…`.
/// - `data` is the JSON text of one field, parsed; `null` if there is none. jq's numbers are doubles: integers beyond 2^53
///   lose their last digits.
public struct JQInput: ~Copyable {
    public typealias RawField = (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

    /// Reused from one entry to the next.
    private var fields: [footbridge_jq_field] = []

    public init() {}

    /// Calls back with the input as libjq's side of this package takes it.
    ///
    /// - Parameter dataField: the name of the field that is parsed; the first of its name.
    mutating func withInput<Result>(
        id: UnsafeRawBufferPointer, stream: UnsafeRawBufferPointer, timestamp: Double, attempt: Int,
        fields pairs: UnsafeBufferPointer<RawField>, dataField: [UInt8]?,
        _ body: (UnsafePointer<footbridge_jq_input>) -> Result
    ) -> Result {
        fields.removeAll(keepingCapacity: true)
        var data = -1
        for (index, pair) in pairs.enumerated() {
            if data < 0, let dataField, pair.name.elementsEqual(dataField) { data = index }
            fields.append(footbridge_jq_field(name: .init(pair.name), value: .init(pair.value)))
        }
        return fields.withUnsafeBufferPointer { buffer in
            var input = footbridge_jq_input(
                id: .init(id), stream: .init(stream), timestamp: timestamp, attempt: Int64(attempt),
                fields: buffer.baseAddress, field_count: buffer.count, data_field: data)
            return body(&input)
        }
    }
}

extension footbridge_jq_bytes {
    fileprivate init(_ bytes: UnsafeRawBufferPointer) { self.init(bytes: bytes.baseAddress, count: bytes.count) }
}
