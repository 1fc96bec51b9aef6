import NIOCore

/// What the receiver signs once a transfer is done: who got what from whom, whole and verified.
package struct Receipt: Hashable, Sendable {
    package static let version = "pmesh-receipt-v1"

    package var sender: NodeID
    package var receiver: NodeID
    package var transfer: TransferID
    /// SHA-256(0x02 ‖ manifest digest ‖ Merkle root ‖ leaf count): all names, sizes, times and bytes.
    package var root: Digest
    /// Entries of the manifest.
    package var entries: UInt64
    /// Plain bytes of the files received.
    package var bytes: UInt64
    /// Chunks received: the leaves of the Merkle tree.
    package var chunks: UInt64
    /// Entries left out: by a rule of the receiver, since its file system cannot hold them, or since the sender could not
    /// offer them.
    package var skipped: UInt64
    /// All data and names had reached the disk when this was signed.
    package var isDurable: Bool
    /// Receiver's clock, nanoseconds since 1970.
    package var time: Int64

    package init(
        sender: NodeID, receiver: NodeID, transfer: TransferID, root: Digest, entries: UInt64, bytes: UInt64,
        chunks: UInt64, skipped: UInt64, isDurable: Bool, time: Int64
    ) {
        self.sender = sender
        self.receiver = receiver
        self.transfer = transfer
        self.root = root
        self.entries = entries
        self.bytes = bytes
        self.chunks = chunks
        self.skipped = skipped
        self.isDurable = isDurable
        self.time = time
    }

    /// The bytes that are signed.
    package func encoded() -> [UInt8] {
        var buffer = ByteBuffer(string: Self.version)
        buffer.writeBytes32(sender.bytes)
        buffer.writeBytes32(receiver.bytes)
        buffer.writeBytes16(transfer.bytes)
        buffer.writeBytes32(root)
        buffer.writeMultipleIntegers(entries, bytes, chunks, skipped, UInt8(isDurable ? 1 : 0), time)
        return Array(buffer: buffer)
    }

    package init(reading body: [UInt8]) throws(WireError) {
        var buffer = ByteBuffer(bytes: body)
        guard buffer.readString(length: Self.version.utf8.count) == Self.version else {
            throw .invalid("receipt version")
        }
        sender = NodeID(try buffer.wireBytes32("receipt"))
        receiver = NodeID(try buffer.wireBytes32("receipt"))
        transfer = TransferID(try buffer.wireBytes16("receipt"))
        root = try buffer.wireBytes32("receipt")
        entries = try buffer.wireUInt64("receipt")
        bytes = try buffer.wireUInt64("receipt")
        chunks = try buffer.wireUInt64("receipt")
        skipped = try buffer.wireUInt64("receipt")
        // One spelling alone: what is signed is what was read.
        let durable = try buffer.wireUInt8("receipt")
        guard durable <= 1 else { throw .invalid("receipt") }
        isDurable = durable == 1
        time = Int64(bitPattern: try buffer.wireUInt64("receipt"))
        try buffer.wireEnd("receipt")
    }
}
