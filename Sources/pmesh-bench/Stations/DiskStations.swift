import MeshDisk
import MeshTransfer
import MeshWire
import NIOCore

/// Station 2: a file read and written through the page cache, as a transfer does.
struct DiskStations {
    static let read = "disk read"
    static let write = "disk write"

    let scratch: Scratch

    func measure() throws -> [Station] {
        let path = scratch["station"]
        try Corpus.write(path, size: Stations.bytes, seed: 1)
        defer { scratch.clear("station") }
        let root = Array(path.utf8)
        guard let entry = try SourceWalk(roots: [root]).next(limit: 1).first else {
            throw BenchError("\(path) was not found again: choose another --folder")
        }
        let amount = Double(Stations.bytes >> 20)
        let size = "\(Stations.bytes >> 20) MiB"
        return [
            Station(name: Self.read, amount: amount, cost: try read(entry, root), remark: "\(size) in the page cache"),
            Station(name: Self.write, amount: amount, cost: try write(entry), remark: "\(size) into the page cache"),
        ]
    }

    private func read(_ entry: SourceEntry, _ root: [UInt8]) throws -> Cost {
        let source = try FileSource(roots: [root])
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Stations.span, alignment: 4_096)
        defer { memory.deallocate() }
        return try Cost.least {
            for offset in stride(from: 0, to: Stations.bytes, by: Stations.chunk) {
                let place = offset % Stations.span
                let buffer = UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + Stations.chunk])
                let isHole = try source.read(entry, offset: UInt64(offset), into: [buffer])
                guard !isHole else { throw BenchError("the measured file has holes: choose another --folder") }
            }
        }
    }

    /// In slices of a fragment each, into a new part every time.
    private func write(_ entry: SourceEntry) throws -> Cost {
        var generator = SystemRandomNumberGenerator()
        let sink = try FileSink(
            destination: Array(scratch["written"].utf8), transfer: TransferID(Bytes16(using: &generator)))
        defer { scratch.clear("written") }
        let memory = ByteBuffer(repeating: 0x5a, count: Stations.span)
        var received = ReceivedEntry(number: 0, manifest: entry.manifest)
        return try Cost.least {
            received.part = nil
            for offset in stride(from: 0, to: Stations.bytes, by: Stations.chunk) {
                let slices = stride(from: offset, to: offset + Stations.chunk, by: Limits.fragment).compactMap {
                    memory.getSlice(at: $0 % Stations.span, length: Limits.fragment)
                }
                received.part = try sink.write(
                    received, offset: UInt64(offset), length: Stations.chunk, slices: slices)
            }
            try sink.discard(received)
        }
    }
}
