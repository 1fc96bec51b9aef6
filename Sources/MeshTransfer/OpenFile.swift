package import MeshWire
package import NIOCore

/// How far a source file of open length has been read: a pipe, or what the kernel makes while it is read.
package struct OpenFile: Hashable, Sendable {
    /// Its entry as it stands in the journal: with its size, and open no more, once its end is told.
    package var source: SourceEntry
    /// Chunks below this number have been read and are held until they are kept at the other side.
    package var readable: UInt64

    package init(_ source: SourceEntry) {
        self.source = source
        readable = source.manifest.firstChunk
    }

    var plan: FilePlan { FilePlan(entry: source.number, manifest: source.manifest) }

    /// It ended behind so many bytes; all of them have been read.
    package mutating func tell(_ size: UInt64) {
        _ = source.manifest.tell(size)
        readable = plan.chunks.upperBound
    }
}

/// What has been read of files of open length and is not known to be kept at the other side: chunks by their numbers, within
/// a bound that holds up whoever reads. A lost lane's chunks are sent again from here; there is no copy on a disk.
package struct OpenBuffer: Sendable {
    private let limit: Int
    private var chunks: [UInt64: ByteBuffer] = [:]
    private(set) package var bytes = 0

    /// `limit`: plain bytes, at least those of one chunk.
    package init(limit: Int) {
        self.limit = limit
    }

    /// One chunk more may be read.
    package var hasRoom: Bool { bytes + Limits.openChunk <= limit }

    package mutating func put(_ chunk: ByteBuffer, as number: UInt64) {
        bytes += chunk.readableBytes
        chunks[number] = chunk
    }

    package subscript(number: UInt64) -> ByteBuffer? { chunks[number] }

    /// What is held.
    package var numbers: NumberSet { NumberSet(numbers: chunks.keys.sorted()) }

    /// These are kept at the other side, or not wanted there.
    package mutating func drop(_ numbers: NumberSet) {
        for number in chunks.keys.filter(numbers.contains) {
            bytes -= chunks.removeValue(forKey: number)?.readableBytes ?? 0
        }
    }

    /// Copies a chunk to where its frames will lie. False where it is of another length.
    package static func copy(_ chunk: ByteBuffer, into regions: [UnsafeMutableRawBufferPointer]) -> Bool {
        guard chunk.readableBytes == regions.reduce(0, { $0 + $1.count }) else { return false }
        chunk.withUnsafeReadableBytes { bytes in
            var start = 0
            for region in regions {
                region.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + region.count]))
                start += region.count
            }
        }
        return true
    }
}
