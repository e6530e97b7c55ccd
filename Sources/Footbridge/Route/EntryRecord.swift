internal import RedisStreams

/// What is kept of an entry: 48 bytes.
struct EntryRecord {
    var milliseconds: UInt64 = 0
    var sequence: UInt64 = 0
    /// Waiting: when it is due, in nanoseconds of the monotonic clock.
    var due: Int64 = 0
    /// When the first attempt began, in the lower 48 bits; above them, how many attempts were not charged.
    var times: UInt64 = 0
    var attempts: Int32 = 0
    var stream: UInt16 = 0
    var place = EntryTable.Place.free
    var flags: UInt8 = 0
    /// Waiting: its place in the heap. With a body: the body's place. Free: the next free record.
    var link: UInt32 = .max
    var mark = RefusalMark.none

    var firstAt: Int64 {
        get { Int64(times & 0xffff_ffff_ffff) }
        set { times = times & ~0xffff_ffff_ffff | UInt64(clamping: min(newValue, 0xffff_ffff_ffff)) }
    }
    /// At most 65,535.
    var uncharged: Int {
        get { Int(times >> 48) }
        set { times = times & 0xffff_ffff_ffff | UInt64(clamping: min(newValue, 0xffff)) << 48 }
    }
    var key: EntryKey { EntryKey(stream: Int(stream), id: EntryID(milliseconds: milliseconds, sequence: sequence)) }
}

/// Records in chunks of equal size: growing copies nothing and leaves no half-empty array.
struct RecordStore {
    static let chunk = 1 << 12

    private var chunks: [ContiguousArray<EntryRecord>] = []
    private var firstFree = UInt32.max

    var capacity: Int { chunks.count * Self.chunk }

    subscript(index: UInt32) -> EntryRecord {
        get { chunks[Int(index >> 12)][Int(index & 4095)] }
        _modify { yield &chunks[Int(index >> 12)][Int(index & 4095)] }
    }

    /// A record that nobody uses.
    mutating func take() -> UInt32 {
        if firstFree == .max {
            let start = UInt32(capacity)
            chunks.append(ContiguousArray(repeating: EntryRecord(), count: Self.chunk))
            for index in (start..<start + UInt32(Self.chunk)).reversed() { giveBack(index) }
        }
        let index = firstFree
        firstFree = self[index].link
        return index
    }

    mutating func giveBack(_ index: UInt32) {
        self[index] = EntryRecord(link: firstFree)
        firstFree = index
    }
}
