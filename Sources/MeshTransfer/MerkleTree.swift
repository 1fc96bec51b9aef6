package import MeshWire

import struct Crypto.SHA256

/// Root over digests in their order, built in one pass: RFC 6962, section 2.1, with SHA-256(0x00 ‖ leaf) and
/// SHA-256(0x01 ‖ left ‖ right). At most 64 nodes are held, whatever the number of leaves.
package struct MerkleTree: Sendable {
    /// Roots of perfect subtrees, largest first: one for each set bit of `count`.
    private var peaks: [Digest] = []
    package private(set) var count: UInt64 = 0

    package init() {}

    package mutating func append(_ leaf: Digest) {
        var node = Self.hash(0x00, leaf)
        var size = count
        while size & 1 == 1 {
            node = Self.hash(0x01, peaks.removeLast(), node)
            size >>= 1
        }
        peaks.append(node)
        count += 1
    }

    /// The root of all leaves so far; SHA-256 of nothing where there are none.
    package var root: Digest {
        guard var node = peaks.last else { return Digest(SHA256.hash(data: [UInt8]())) }
        for peak in peaks.dropLast().reversed() { node = Self.hash(0x01, peak, node) }
        return node
    }

    private static func hash(_ prefix: UInt8, _ parts: Digest...) -> Digest {
        var hasher = SHA256()
        hasher.update(data: [prefix])
        for part in parts { part.withBytes { hasher.update(bufferPointer: $0) } }
        return Digest(hasher.finalize())
    }
}

/// What both sides compare at the end: SHA-256(0x02 ‖ manifest digest ‖ Merkle root of chunk digests ‖ leaf count).
///
/// The manifest digest is SHA-256 over the encodings of all entries in their order, wherever pages were cut. Leaves are the
/// digests of the chunks that were received: those of withdrawn and skipped entries are left out on both sides.
package struct TransferRoot: Sendable {
    private var manifest = SHA256()
    private var tree = MerkleTree()

    package init() {}

    package mutating func add(_ entries: [ManifestEntry]) {
        var buffer = EntryBuffer()
        for entry in entries { buffer.append(entry) }
        buffer.withBytes { manifest.update(bufferPointer: $0) }
    }

    package mutating func add(chunk digest: Digest) { tree.append(digest) }

    /// Leaves so far.
    package var chunks: UInt64 { tree.count }

    package var value: Digest {
        var hasher = SHA256()
        hasher.update(data: [0x02])
        hasher.update(data: Array(manifest.finalize()))
        tree.root.withBytes { hasher.update(bufferPointer: $0) }
        hasher.update(data: withUnsafeBytes(of: tree.count.bigEndian) { Array($0) })
        return Digest(hasher.finalize())
    }
}
