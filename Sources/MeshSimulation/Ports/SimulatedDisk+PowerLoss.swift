import MeshTransfer
import MeshWire

// What the end of a process, and of a machine, does to the destination.
extension SimulatedDisk {
    /// The process is gone: what it handed to the file system stays, files without a name do not.
    package func endProcess() {
        with { state in
            state.open = [:]
            state.dropNameless()
        }
    }

    /// The power is cut. Changes of names reach the disk in their order or not at all, as on a file system with a log;
    /// the bytes of files in any order, whole, as zeros or as rubbish, or the file is cut short.
    package func cutPower(using random: inout Seeded) {
        var drawn = random
        with { state in
            state.open = [:]
            let kept = Int.random(in: 0...state.renames.count, using: &drawn)
            for change in state.renames[kept...].reversed() {
                for (place, before) in change.reversed() { state.names[place] = before }
            }
            state.renames = []
            for inode in state.objects.keys.sorted() { state.objects[inode]?.lose(using: &drawn) }
            state.dropNameless()
        }
        random = drawn
    }

    /// The bytes of an entry where it stands now; nil where it stands nowhere. For whoever watches.
    func content(of entry: ReceivedEntry) -> [UInt8]? {
        with { state in
            state.objects.values.first { $0.identity == entry.part }?.bytes
        }
    }

    /// These bytes of an entry would survive a power loss; true where the entry stands nowhere.
    func isSynced(_ entry: ReceivedEntry, _ range: Range<Int>) -> Bool {
        with { state in
            let object = state.objects.values.first { $0.identity == entry.part }
            return object?.unsynced.allSatisfy { !$0.overlaps(range) } ?? true
        }
    }
}

extension SimulatedDisk.State {
    fileprivate mutating func dropNameless() {
        let named = Set(names.values)
        objects = objects.filter { named.contains(.object($0.key)) }
    }
}

extension SimulatedDisk.Object {
    fileprivate mutating func lose(using random: inout Seeded) {
        for range in unsynced {
            let range = range.clamped(to: 0..<bytes.count)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
            case 1 where !range.isEmpty: bytes[Int.random(in: range, using: &random)] ^= 0x20
            default: break
            }
        }
        if let first = unsynced.first, random.oneIn(6) {
            bytes.removeLast(bytes.count - min(bytes.count, first.lowerBound))
        }
        unsynced = []
    }
}
