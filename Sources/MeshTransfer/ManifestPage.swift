package import MeshWire
package import NIOCore

/// Entries' encodings, one after the other.
struct EntryBuffer {
    private var buffer = ByteBuffer()

    var count: Int { buffer.readableBytes }

    mutating func append(_ entry: ManifestEntry) { entry.write(into: &buffer) }

    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { buffer.withUnsafeReadableBytes(body) }
}

/// Packs manifest entries into pages that fit a message, and reads them back within bounds.
package enum ManifestPage {
    /// Entries in one page at most; with paths at their longest, fewer fit.
    package static let entryLimit = 1_024
    /// Plain bytes at which a page is full: deflated it stays below `Limits.message` even where nothing shrinks.
    private static let full = Limits.message - 32 * 1024

    /// The page that holds as many of `entries` as fit, at least one: the longest entry takes 8,300 bytes.
    /// Nil only when zlib has no memory. Answers also how many entries it holds.
    package static func encode(_ entries: [ManifestEntry], first: UInt64) -> (message: DataMessage, count: Int)? {
        var plain = EntryBuffer()
        var count = 0
        while count < entries.count, count < entryLimit, plain.count < full - 9_000 {
            plain.append(entries[count])
            count += 1
        }
        guard var deflater = Deflater(level: 6) else { return nil }
        let bound = plain.count + plain.count / 1_000 + 64
        var output = ByteBufferAllocator().buffer(capacity: bound)
        var written: Int?
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
            written = plain.withBytes { deflater.deflate([$0], into: [target]) }
            return written ?? 0
        }
        guard written != nil else { return nil }
        return (.manifestPage(first: first, count: count, rawLength: plain.count, deflated: output), count)
    }

    /// The entries of a page. Refuses pages that inflate to another length than they say, hold another count than they
    /// say, or hold paths that escape, and names of part files.
    package static func decode(
        count: Int, rawLength: Int, deflated: ByteBuffer
    ) throws(WireError) -> [ManifestEntry] {
        guard count > 0, count <= entryLimit, rawLength <= Limits.page else { throw .invalid("manifest page") }
        var plain = ByteBufferAllocator().buffer(capacity: rawLength)
        var isWhole = false
        plain.writeWithUnsafeMutableBytes(minimumWritableBytes: rawLength) { target in
            guard var inflater = Inflater() else { return 0 }
            let region = UnsafeMutableRawBufferPointer(rebasing: target.prefix(rawLength))
            isWhole = deflated.withUnsafeReadableBytes { inflater.inflate([$0], into: region) }
            return rawLength
        }
        guard isWhole else { throw .invalid("manifest page") }
        var entries: [ManifestEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let entry = try ManifestEntry(reading: &plain)
            guard try leadsNowhereElse(entry) else { throw .invalid("path (\(EntryPath.escaped(entry.path)))") }
            entries.append(entry)
        }
        try plain.wireEnd("manifest page")
        return entries
    }

    private static func leadsNowhereElse(_ entry: ManifestEntry) throws(WireError) -> Bool {
        switch entry.kind {
        case .file, .folder, .link: try !EntryPath(entry.path).isReserved
        case .withdrawal, .omission: entry.hasSoundPath
        }
    }
}
