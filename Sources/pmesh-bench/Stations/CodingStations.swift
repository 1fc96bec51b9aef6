import MeshTransfer
import MeshWire

import struct Crypto.SHA256

/// Station 3: hashing, and deflating where that is worth it.
struct CodingStations {
    static let hash = "SHA-256"

    func hash() -> [Station] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Stations.span, alignment: 4_096)
        defer { memory.deallocate() }
        var noise = Noise(seed: 2)
        noise.fill(memory)
        let count = Stations.bytes / Stations.chunk
        let cost = Cost.least {
            for index in 0..<count {
                let place = index * Stations.chunk % Stations.span
                var hasher = SHA256()
                hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: memory[place..<place + Stations.chunk]))
                _ = hasher.finalize()
            }
        }
        return [Station(name: Self.hash, amount: Double(count), cost: cost, remark: "once on each side")]
    }

    /// On text, since nothing else is ever deflated.
    func deflate() throws -> [Station] {
        let text = LogText.bytes(count: 16 << 20)
        let amount = Double(text.count >> 20)
        var rows: [Station] = []
        var chunks: [[UInt8]] = []
        for level in [1, 6, 9] {
            try Stopping.check()
            guard var deflater = Deflater(level: level) else { throw Self.noMemory }
            let cost: Cost
            (cost, chunks) = Self.deflate(text, with: &deflater)
            let deflated = chunks.reduce(0) { $0 + $1.count }
            let ratio = Double(text.count) / Double(deflated)
            rows.append(
                Station(
                    name: "zlib level \(level)", amount: amount, cost: cost,
                    remark: "log lines, \(Text.decimal(ratio, 2)) to 1"))
        }
        guard var inflater = Inflater() else { throw Self.noMemory }
        let cost = Self.inflate(chunks, with: &inflater)
        return rows + [Station(name: "inflate", amount: amount, cost: cost, remark: "of level 9")]
    }

    private static let noMemory = BenchError("zlib has no memory: close other programs")

    private static func deflate(_ text: [UInt8], with deflater: inout Deflater) -> (Cost, [[UInt8]]) {
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: Stations.chunk, alignment: 4_096)
        defer { output.deallocate() }
        var chunks: [[UInt8]] = []
        let cost = Cost.least(of: 1) {
            text.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: Stations.chunk) {
                    let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Stations.chunk])
                    if let count = deflater.deflate([piece], into: [output]) {
                        chunks.append(Array(output.prefix(count)))
                    }
                }
            }
        }
        return (cost, chunks)
    }

    private static func inflate(_ chunks: [[UInt8]], with inflater: inout Inflater) -> Cost {
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: Stations.chunk, alignment: 4_096)
        defer { output.deallocate() }
        return Cost.least {
            for chunk in chunks { chunk.withUnsafeBytes { _ = inflater.inflate([$0], into: output) } }
        }
    }
}

/// Lines such as a server's log has: words that come back, numbers that do not.
enum LogText {
    private static let words = [
        "accepted", "connection", "from", "request", "GET", "/api/v1/items/", "status=", "user=", "session", "closed",
        "duration=", "bytes=", "cache", "miss", "hit", "warning", "retry", "upstream", "timeout", "worker",
    ]

    static func bytes(count: Int) -> [UInt8] {
        var noise = Noise(seed: 3)
        var text: [UInt8] = []
        text.reserveCapacity(count + 256)
        while text.count < count {
            text += Array("2026-05-01T08:\(noise.next() % 60):\(noise.next() % 60).\(noise.next() % 1_000)Z ".utf8)
            for _ in 0..<8 {
                text += Array(words[Int(noise.next() % UInt64(words.count))].utf8)
                if noise.next() % 3 == 0 { text += Array(String(noise.next() % 100_000).utf8) }
                text.append(UInt8(ascii: " "))
            }
            text.append(UInt8(ascii: "\n"))
        }
        return Array(text.prefix(count))
    }
}
