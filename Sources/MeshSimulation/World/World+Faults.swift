import MeshWire
import NIOCore

// What goes wrong, when its step has come.
extension World {
    func strike(_ kind: Fault.Kind) {
        switch kind {
        case .cutLane(let number):
            onLane(number) { talk, lane in talk.cut(lane) }
        case .stallLane(let number, let milliseconds):
            let until = now + UInt64(milliseconds) * 1_000_000
            onLane(number) { talk, lane in talk.stall(lane, until: until) }
        case .cutControl(let number):
            let index = number % courses.count
            if talks[index]?.unlink() == false { end(talk: index) }
        case .damage(let fragments): damagesLeft = fragments
        case .changeSource(let number):
            withSource(number) { change(source: $0, to: Array("changed at step \(step)".utf8)) }
        case .addSource: change(source: Array("new\(step)".utf8), to: Array("added at step \(step)".utf8))
        case .removeSource(let number): withSource(number) { nodes[0].disk.removeSource($0) }
        case .denySource(let number): withSource(number) { nodes[0].disk.deny($0) }
        case .failReads(let number, let count): withSource(number) { nodes[0].disk.failReads($0, count: count) }
        case .kill(let number, let writes): node(number).fuse.arm(after: writes)
        case .power(let number, let writes, let loss):
            node(number).powerLoss = loss
            node(number).fuse.arm(after: writes)
        case .fillDisk(let number, let writes): node(number).disk.refuseWrites(writes)
        case .fillJournal(let number, let writes): node(number).journal.refuseWrites(writes)
        case .remount(let number):
            node(number).disk.remount()
            node(number).isRemounted = true
            // Whoever has files open there must go.
            node(number).fuse.arm(after: 0)
        case .removePart(let number):
            node(number).disk.removeAPart(using: &random)
            witness.partRemoved(node(number), courses)
        case .sleep(let seconds): pass(UInt64(seconds) * 1_000_000_000)
        case .move(let number):
            node(number).address += 1
            for (index, course) in courses.enumerated()
            where nodes[course.from] === node(number) || nodes[course.to] === node(number) {
                end(talk: index)
            }
        }
    }

    private func node(_ number: Int) -> SimulatedNode { nodes[number % nodes.count] }

    private func onLane(_ number: Int, _ body: (Talk, Int) -> Void) {
        guard let talk = talks[number % talks.count], !talk.road.lanes.isEmpty else { return }
        body(talk, number / talks.count % talk.road.lanes.count)
    }

    private func withSource(_ number: Int, _ body: ([UInt8]) -> Void) {
        let paths = nodes[0].disk.sources.keys.sorted { $0.lexicographicallyPrecedes($1) }
        if !paths.isEmpty { body(paths[number % paths.count]) }
    }
}

extension ByteBuffer {
    /// The last byte of the first chunk fragment in this buffer of whole frames: payload, or of a hole's digest.
    var lastPayloadByte: Int? {
        var frames = self
        while frames.readableBytes > 0 {
            guard let header = try? FrameHeader(reading: &frames, limit: .max) else { return nil }
            if header.kind == .fragment, header.length > 0 { return frames.readerIndex + header.length - 1 }
            frames.moveReaderIndex(forwardBy: header.length)
        }
        return nil
    }
}
