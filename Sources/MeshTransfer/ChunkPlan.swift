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
}

/// A file entry with its place among the transfer's chunks.
package struct FilePlan: Hashable, Sendable {
    /// The entry's number in the manifest.
    package let entry: UInt64
    /// Plain bytes of the file.
    package let size: UInt64
    /// The numbers of its chunks; empty for an empty file.
    package let chunks: Range<UInt64>
    /// Plain bytes of each chunk but the last.
    package let chunkSize: Int

    /// Precondition: `manifest` is a file. Its first chunk lies within `Limits.chunks`, which decoding checked.
    package init(entry: UInt64, manifest: ManifestEntry) {
        precondition(manifest.kind == .file, "only files are cut into chunks")
        self.entry = entry
        size = manifest.size
        chunkSize = ChunkPlan.chunkSize(fileSize: manifest.size)
        chunks = manifest.firstChunk..<manifest.firstChunk + ChunkPlan.chunkCount(fileSize: manifest.size)
    }

    /// Where a chunk of this file lies: its offset and length in bytes. Precondition: the chunk is of this file.
    package func extent(of chunk: UInt64) -> (offset: UInt64, length: Int) {
        precondition(chunks.contains(chunk), "chunk \(chunk) is not of entry \(entry)")
        let offset = (chunk - chunks.lowerBound) * UInt64(chunkSize)
        return (offset, Int(min(UInt64(chunkSize), size - offset)))
    }
}
