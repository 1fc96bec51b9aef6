import MeshWire

/// A file under way on the receiver: what is missing of it, and how far it is.
struct ActiveFile: Sendable {
    var entry: ReceivedEntry
    var plan: FilePlan
    /// Chunks asked for and not yet arrived.
    var missing: NumberSet
    /// Chunks being verified and written.
    var storing = 0
    var isSealed: Bool
    /// Its room is made first: its chunks are not wanted yet.
    var isUnmade = false
    /// `finish` was said, or the commit before it.
    var isFinishing = false
    /// Of open length: the highest end of a chunk that was not shorter than planned.
    var wholeEnd: UInt64 = 0
    /// Of open length: where the one chunk ended that was shorter than the others.
    var shortEnd: UInt64?

    /// All bytes are in the part, whether committed or not.
    var isWritten: Bool { missing.isEmpty && storing == 0 && entry.part != nil }

    /// Plain bytes of the missing chunks, the last one taken for as long as the others.
    var missingBytes: UInt64 { min(plan.size, missing.count * UInt64(plan.chunkSize)) }
}

/// The files being received now: a bounded piece of the manifest, found by entry or by chunk.
struct ReceiveWindow: Sendable {
    /// Entries held at most; at about 300 bytes each and with short ranges this is 1.5 MiB.
    static let limit = 4_096

    private var files: [UInt64: ActiveFile] = [:]
    /// Entry numbers in ascending order: the order of their chunks too, for chunk numbers grow with entry numbers.
    private var order: [UInt64] = []

    var count: Int { files.count }
    var isEmpty: Bool { files.isEmpty }

    subscript(entry: UInt64) -> ActiveFile? {
        get { files[entry] }
        _modify { yield &files[entry] }
    }

    /// Entries come in ascending order.
    mutating func insert(_ file: ActiveFile) {
        let number = file.entry.number
        if files.updateValue(file, forKey: number) == nil { order.append(number) }
    }

    mutating func remove(entry: UInt64) {
        guard files.removeValue(forKey: entry) != nil else { return }
        // Entries end nearly in order: dead numbers are dropped from the front, and all at once when they prevail.
        if order.count > 2 * files.count + 64 { order.removeAll { files[$0] == nil } }
    }

    /// The file that holds `chunk`, or nil.
    func file(holding chunk: UInt64) -> ActiveFile? {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            // A dead number tells nothing about where to go, so look right of it until one is alive.
            var probe = middle
            while probe < high, files[order[probe]] == nil { probe += 1 }
            guard probe < high, let file = files[order[probe]] else {
                high = middle
                continue
            }
            if file.plan.chunks.contains(chunk) { return file }
            if file.plan.chunks.lowerBound > chunk { high = middle } else { low = probe + 1 }
        }
        return nil
    }

    /// All files, in no order.
    var all: Dictionary<UInt64, ActiveFile>.Values { files.values }

    /// Everything asked for and not arrived.
    var missing: NumberSet {
        var ranges: [Range<UInt64>] = []
        for file in files.values where !file.isUnmade { ranges.append(contentsOf: file.missing.ranges) }
        return NumberSet(ranges)
    }

    /// Files whose bytes are all here but which the sender has not sealed.
    var unsealed: NumberSet {
        NumberSet(
            files.values.filter { !$0.isSealed && ($0.missing.isEmpty || $0.entry.manifest.room > 0) }.map {
                $0.entry.number..<$0.entry.number + 1
            })
    }
}
