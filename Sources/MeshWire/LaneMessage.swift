package import NIOCore

/// What a lane says before anything else: the dialer's `hello`, the listener's `welcome` with its proof, the dialer's
/// `proof`. Each proof is an HMAC over the other side's nonce with a key that only the two ends of the channel have.
package enum LaneHandshake: Hashable, Sendable {
    case hello(LaneName, nonce: Bytes32)
    case welcome(nonce: Bytes32, proof: Bytes32)
    case proof(Bytes32)
    /// Either side: not accepted, and why.
    case refused(FailureCode)

    package func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        switch self {
        case .hello(let name, let nonce):
            buffer.writeInteger(UInt8(1))
            name.write(into: &buffer)
            buffer.writeBytes32(nonce)
        case .welcome(let nonce, let proof):
            buffer.writeInteger(UInt8(2))
            buffer.writeBytes32(nonce)
            buffer.writeBytes32(proof)
        case .proof(let proof):
            buffer.writeInteger(UInt8(3))
            buffer.writeBytes32(proof)
        case .refused(let code):
            buffer.writeInteger(UInt8(4))
            buffer.writeInteger(code.rawValue)
        }
        return buffer
    }

    package init(reading payload: ByteBuffer) throws(WireError) {
        var buffer = payload
        let step = try buffer.wireUInt8("lane handshake")
        switch step {
        case 1: self = .hello(try LaneName(reading: &buffer), nonce: try buffer.wireBytes32("nonce"))
        case 2: self = .welcome(nonce: try buffer.wireBytes32("nonce"), proof: try buffer.wireBytes32("proof"))
        case 3: self = .proof(try buffer.wireBytes32("proof"))
        case 4: self = .refused(try FailureCode(reading: &buffer))
        default: throw .unknown("lane handshake", UInt64(step))
        }
        try buffer.wireEnd("lane handshake")
    }
}

/// Which lane of which channel: there is one live lane for each name.
package struct LaneName: Hashable, Sendable {
    package var channel: ChannelID
    /// Counts how often the channel was opened anew.
    package var epoch: UInt32
    /// The prime of the channel's set that names the lane.
    package var prime: UInt16
    /// Counts how often this lane was replaced or renewed.
    package var generation: UInt32

    package init(channel: ChannelID, epoch: UInt32, prime: UInt16, generation: UInt32) {
        self.channel = channel
        self.epoch = epoch
        self.prime = prime
        self.generation = generation
    }

    package func write(into buffer: inout ByteBuffer) {
        buffer.writeBytes16(channel.bytes)
        buffer.writeInteger(epoch)
        buffer.writeInteger(prime)
        buffer.writeInteger(generation)
    }

    package init(reading buffer: inout ByteBuffer) throws(WireError) {
        channel = ChannelID(try buffer.wireBytes16("channel"))
        epoch = try buffer.wireUInt32("epoch")
        guard let prime = buffer.readInteger(as: UInt16.self) else { throw .truncated("prime") }
        self.prime = prime
        generation = try buffer.wireUInt32("generation")
    }
}

/// The lane's own traffic in `test` frames: heartbeats with time stamps, and credit for chunk bytes.
package enum ChannelTest: Hashable, Sendable {
    /// Answer with `echo` and the same number. `sent` is the asker's own clock, nanoseconds; it comes back unread.
    case probe(number: UInt64, sent: UInt64)
    case echo(number: UInt64, sent: UInt64)
    /// Receiver of chunks: bytes of chunk frames on this lane that were freed since it opened. Only grows.
    case credit(freed: UInt64)
    /// No more new work on this lane: its successor is up; it closes once what is under way has ended.
    case drain

    package func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        switch self {
        case .probe(let number, let sent): buffer.writeMultipleIntegers(UInt8(1), number, sent)
        case .echo(let number, let sent): buffer.writeMultipleIntegers(UInt8(2), number, sent)
        case .credit(let freed): buffer.writeMultipleIntegers(UInt8(3), freed)
        case .drain: buffer.writeInteger(UInt8(4))
        }
        return buffer
    }

    package init(reading payload: ByteBuffer) throws(WireError) {
        var buffer = payload
        let kind = try buffer.wireUInt8("channel test")
        switch kind {
        case 1: self = .probe(number: try buffer.wireUInt64("probe"), sent: try buffer.wireUInt64("probe"))
        case 2: self = .echo(number: try buffer.wireUInt64("echo"), sent: try buffer.wireUInt64("echo"))
        case 3: self = .credit(freed: try buffer.wireUInt64("credit"))
        case 4: self = .drain
        default: throw .unknown("channel test", UInt64(kind))
        }
        try buffer.wireEnd("channel test")
    }
}
