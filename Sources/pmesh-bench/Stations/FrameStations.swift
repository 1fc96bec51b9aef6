import MeshWire
import NIOCore

/// Station 4: frames around a chunk, and a chunk out of its frames. Neither copies its bytes.
struct FrameStations {
    static let encode = "frame encode"

    func measure() throws -> [Station] {
        let header = ChunkHeader(
            number: 1, encoding: .raw, rawLength: Stations.chunk, encodedLength: Stations.chunk, digest: Digest())
        var frames = ByteBuffer(repeating: 0, count: FrameEncoder.cost(payload: Stations.chunk))
        let count = 20_000
        let encoding = Cost.least {
            for _ in 0..<count { FrameEncoder.frame(header, stream: 1, in: &frames, at: 0) }
        }
        let decoding = try Cost.least { try decode(frames, times: count) }
        return [
            Station(name: Self.encode, amount: Double(count), cost: encoding, remark: "headers alone are written"),
            Station(name: "frame decode", amount: Double(count), cost: decoding, remark: "part of the TLS lane, too"),
        ]
    }

    /// In reads of 256 KiB, as a lane gets them.
    private func decode(_ frames: ByteBuffer, times: Int) throws {
        var decoder = FrameDecoder()
        decoder.handshakeCompleted()
        for _ in 0..<times {
            var rest = frames
            while let read = rest.readSlice(length: min(256 * 1024, rest.readableBytes)), read.readableBytes > 0 {
                decoder.feed(read)
                while try decoder.next() != nil {}
            }
        }
    }
}
