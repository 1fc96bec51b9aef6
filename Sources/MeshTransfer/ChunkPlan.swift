package import MeshWire

/// How a file is cut into chunks: a rule both sides know, so that only the first chunk's number travels.
package enum ChunkPlan {
    /// Files from this size on are cut into 1 MiB; smaller ones into 256 KiB, so that several lanes share them.
    package static let largeFile: UInt64 = 64 * 1024 * 1024
    /// Chunks of one file before their size doubles.
    package static let chunksPerFile: UInt64 = 65_536

    /// Plain bytes of all chunks but the last of a file of `size` bytes. At most 4 MiB: beyond 256 GiB a file simply
    /// has more chunks.
    package static func chunkSize(fileSize size: UInt64) -> Int {
        guard size >= largeFile else { return 256 * 1024 }
        var chunk = 1024 * 1024
        while chunk < Limits.chunk && size > UInt64(chunk) * chunksPerFile { chunk *= 2 }
        return chunk
    }

    /// Number of chunks of a file of `size` bytes; none for an empty one.
    package static func chunkCount(fileSize size: UInt64) -> UInt64 {
        let chunk = UInt64(chunkSize(fileSize: size))
        return size / chunk + (size % chunk == 0 ? 0 : 1)
    }

    /// Chunk numbers that an entry takes: those of a file's chunks, or those set aside.
    package static func numbers(of entry: ManifestEntry) -> UInt64 {
        guard entry.kind == .file else { return 0 }
        return entry.room > 0 ? entry.room : chunkCount(fileSize: entry.size)
    }
}

/// A file entry with its place among the transfer's chunks.
package struct FilePlan: Hashable, Sendable {
    /// The entry's number in the manifest.
    package let entry: UInt64
    /// Plain bytes of the file; 0 of one of open length.
    package let size: UInt64
    /// The numbers of its chunks; empty for an empty file, all that are set aside while its length is open.
    package let chunks: Range<UInt64>
    /// All numbers that it takes, used or not.
    package let numbers: Range<UInt64>
    /// Plain bytes of each chunk but the last.
    package let chunkSize: Int
    private let isOpen: Bool

    /// Precondition: `manifest` is a file. Its first chunk lies within `Limits.chunks`, which decoding checked.
    package init(entry: UInt64, manifest: ManifestEntry) {
        precondition(manifest.kind == .file, "only files are cut into chunks")
        self.entry = entry
        size = manifest.size
        isOpen = manifest.isOpen
        let first = manifest.firstChunk
        numbers = first..<first + ChunkPlan.numbers(of: manifest)
        guard manifest.room > 0 else {
            chunkSize = ChunkPlan.chunkSize(fileSize: manifest.size)
            chunks = numbers
            return
        }
        chunkSize = Limits.openChunk
        let whole = (manifest.size + UInt64(Limits.openChunk) - 1) / UInt64(Limits.openChunk)
        chunks = isOpen ? numbers : first..<first + whole
    }

    /// Where a chunk of this file lies: its offset and length in bytes, of one of open length the most it may have. Precondition: the chunk is of this file.
    package func extent(of chunk: UInt64) -> (offset: UInt64, length: Int) {
        precondition(chunks.contains(chunk), "chunk \(chunk) is not of entry \(entry)")
        let offset = (chunk - chunks.lowerBound) * UInt64(chunkSize)
        return (offset, isOpen ? chunkSize : Int(min(UInt64(chunkSize), size - offset)))
    }
}

extension ManifestEntry {
    /// Its end is told. False where it is known, or the file cannot be as long.
    package mutating func tell(_ size: UInt64) -> Bool {
        guard isOpen else { return false }
        self.size = size
        isOpen = false
        return hasSoundRoom
    }
}
