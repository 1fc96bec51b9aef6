import Testing

/// A file of tcpdump's (pcap, Ethernet), its TCP streams put together again.
struct PacketFile {
    struct Endpoint: Hashable, CustomStringConvertible {
        var address: [UInt8]
        var port: UInt16
        var description: String { address.map(String.init).joined(separator: ".") + ":\(port)" }
    }

    /// One direction of one connection.
    struct Stream {
        var from: Endpoint
        var to: Endpoint
        var bytes: [UInt8]
    }

    /// Everything as it was recorded, frame after frame.
    let bytes: [UInt8]
    private(set) var frameCount = 0
    /// Bytes of all frames with their headers.
    private(set) var frameBytes = 0
    private(set) var datagrams: [[UInt8]] = []
    private(set) var streams: [Stream] = []

    private struct Key: Hashable {
        var from: Endpoint
        var to: Endpoint
    }
    private struct Segments {
        /// Sequence number of the first byte.
        var start: UInt32
        var bytes: [UInt8] = []
    }
    private var segments: [Key: Segments] = [:]

    init(_ file: [UInt8]) throws {
        bytes = file
        // Magic, versions, zone, accuracy, snapshot length, link type: 24 bytes, little-endian here.
        try #require(
            file.count >= 24 && file.little(0) == 0xA1B2_C3D4 && file.little(20) == 1, "no pcap of an Ethernet")
        var place = 24
        while place < file.count {
            let length = Int(file.little(place + 8))
            try #require(length == Int(file.little(place + 12)), "tcpdump cut a frame")
            frameCount += 1
            frameBytes += length
            ethernet(file[(place + 16)..<(place + 16 + length)])
            place += 16 + length
        }
        streams = segments.map { Stream(from: $0.from, to: $0.to, bytes: $1.bytes) }
    }

    private mutating func ethernet(_ frame: ArraySlice<UInt8>) {
        let packet = frame.dropFirst(14)
        switch frame.big16(12) {
        case 0x0800:
            let header = Int(packet[packet.startIndex] & 15) * 4
            // What follows the packet's own length is Ethernet's padding.
            let body = packet.prefix(Int(packet.big16(2))).dropFirst(header)
            transport(packet[packet.startIndex + 9], body, packet.part(12, 4), packet.part(16, 4))
        case 0x86DD:
            transport(packet[packet.startIndex + 6], packet.dropFirst(40), packet.part(8, 16), packet.part(24, 16))
        default: break
        }
    }

    private mutating func transport(_ kind: UInt8, _ body: ArraySlice<UInt8>, _ from: [UInt8], _ to: [UInt8]) {
        if kind == 17 { datagrams.append(Array(body.dropFirst(8))) }
        guard kind == 6 else { return }
        let key = Key(
            from: Endpoint(address: from, port: body.big16(0)), to: Endpoint(address: to, port: body.big16(2)))
        let sequence = UInt32(body.big16(4)) << 16 | UInt32(body.big16(6))
        let (offset, flags) = (Int(body[body.startIndex + 12] >> 4) * 4, body[body.startIndex + 13])
        if flags & 2 != 0 { segments[key] = Segments(start: sequence &+ 1) }
        let data = body.dropFirst(offset)
        guard !data.isEmpty, var stream = segments[key] else { return }
        // Streams here are far below 2 GiB. A repeated segment lies where it lay.
        let place = Int(sequence &- stream.start)
        if place + data.count > stream.bytes.count {
            stream.bytes += [UInt8](repeating: 0, count: place + data.count - stream.bytes.count)
        }
        segments[key] = nil
        stream.bytes.replaceSubrange(place..<place + data.count, with: data)
        segments[key] = stream
    }
}

extension [UInt8] {
    fileprivate func little(_ place: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(self[place + $1]) << (8 * $1) } }
}

extension ArraySlice<UInt8> {
    fileprivate func big16(_ place: Int) -> UInt16 {
        UInt16(self[startIndex + place]) << 8 | UInt16(self[startIndex + place + 1])
    }
    fileprivate func part(_ place: Int, _ count: Int) -> [UInt8] { Array(dropFirst(place).prefix(count)) }
}
