import MeshTransfer
import MeshWire

import struct Crypto.SHA256

/// Looks at every step from outside and holds the promises against it. What it finds ends the run.
final class Witness {
    private let nodes: [SimulatedNode]
    /// What each source file ever held, by node and path: one version after the other.
    private var versions: [Int: [[UInt8]: [[UInt8]]]] = [:]
    private(set) var violation: String?
    /// Chunks that were acknowledged, by transfer, and which nothing has taken since.
    private var kept: [TransferID: NumberSet] = [:]
    /// Receivers whose parts somebody removed: what they have open is lost too, and they do not know.
    private var robbed: Set<TransferID> = []
    /// Receivers whose journal lost its latest rows with the power, or whose files bear other numbers: which object a final name
    /// belongs to is not known any more, and a file may stay beside the one that is received again.
    private var forgetful: Set<TransferID> = []
    /// The sources as the latest resume found them, by path.
    private var resumed: [TransferID: [[UInt8]: SourceEntry]] = [:]
    /// Told of what a person would see of errors.
    var trace: (String) -> Void = { _ in }

    init(_ nodes: [SimulatedNode]) { self.nodes = nodes }

    func sourceChanged(_ node: Int, _ path: [UInt8], _ bytes: [UInt8]) {
        versions[node, default: [:]][path, default: []].append(bytes)
    }

    func broken(_ what: String) { violation = violation ?? what }

    /// What is acknowledged is committed and readable, and with `fsync` on the disk.
    func acknowledged(_ numbers: NumberSet, _ course: Course) {
        let node = nodes[course.to]
        for range in numbers.ranges {
            for number in range {
                guard let (row, entry) = row(number, course) else {
                    return broken("chunk \(number) was acknowledged and is not committed")
                }
                guard let row else { continue }
                if let fault = mismatch(number, row, entry, node) {
                    return broken("chunk \(number) was acknowledged and \(fault)")
                }
                if course.rules.fsync, !row.isSynced || !isOnDisk(number, entry, node) {
                    return broken("chunk \(number) was acknowledged before it reached the disk")
                }
            }
        }
        kept[course.transfer, default: NumberSet()].formUnion(numbers)
    }

    /// What is there is not asked for again, whoever was killed meanwhile. Where a file stays behind from before a power loss, its
    /// successor is recognised as the same and removed, and a kill right behind that costs it once more.
    func wanted(_ numbers: NumberSet, _ course: Course) {
        guard !robbed.contains(course.transfer), !forgetful.contains(course.transfer) else { return }
        let again = kept[course.transfer]?.intersection(numbers)
        guard let first = again?.ranges.first?.lowerBound else { return }
        broken("chunk \(first) was acknowledged and is asked for again though nothing took it")
    }

    /// A sender has brought its manifest up to its sources; nil where it begins, or begins anew after a power loss took all
    /// that it knew.
    func resumed(_ transfer: TransferID, _ sources: [[UInt8]: SourceEntry]?) { resumed[transfer] = sources }

    /// A machine or its disk may have lost what it had.
    func mayHaveLost(_ node: SimulatedNode, _ courses: [Course]) {
        for course in courses where nodes[course.to] === node { kept[course.transfer] = nil }
    }

    /// A node does not know its own files any more.
    func mayHaveForgotten(_ node: SimulatedNode, _ courses: [Course]) {
        for course in courses where nodes[course.to] === node { forgetful.insert(course.transfer) }
    }

    /// Somebody removed a part there.
    func partRemoved(_ node: SimulatedNode, _ courses: [Course]) {
        for course in courses where nodes[course.to] === node { robbed.insert(course.transfer) }
    }

    /// A process ends: with `fsync` no row tells of bytes that are not on the disk, wherever the end came.
    func ends(_ node: SimulatedNode, _ courses: [Course]) {
        for course in courses where nodes[course.to] === node && course.rules.fsync {
            let numbers = (try? node.journal.look(course.transfer) { Array($0.chunks.keys) }) ?? []
            for number in numbers {
                guard case (_?, let entry)? = row(number, course), !isOnDisk(number, entry, node) else { continue }
                return broken("chunk \(number) was committed before it reached the disk")
            }
        }
    }

    private func isOnDisk(_ number: UInt64, _ entry: ReceivedEntry, _ node: SimulatedNode) -> Bool {
        let (offset, length) = FilePlan(entry: entry.number, manifest: entry.manifest).extent(of: number)
        let end = min(Int(offset) + length, node.disk.content(of: entry)?.count ?? .max)
        return node.disk.isSynced(entry, Int(offset)..<max(Int(offset), end))
    }

    /// The row of a chunk and its entry; nil where there is none. The row is nil where the entry was taken back.
    private func row(_ number: UInt64, _ course: Course) -> (SimulatedJournal.Row?, ReceivedEntry)? {
        try? nodes[course.to].journal.look(course.transfer) { transfer in
            let entry = transfer.entries.last {
                ChunkPlan.numbers(of: $0.manifest) > 0 && $0.manifest.firstChunk <= number
            }
            guard let entry else { throw ProcessKilled() }
            if entry.state == .withdrawn || entry.state == .skipped { return (nil, entry) }
            guard let row = transfer.chunks[number] else { throw ProcessKilled() }
            return (row, entry)
        }
    }

    private func mismatch(
        _ number: UInt64, _ row: SimulatedJournal.Row, _ entry: ReceivedEntry, _ node: SimulatedNode
    ) -> String? {
        guard let bytes = node.disk.content(of: entry) else { return nil }
        let (offset, length) = FilePlan(entry: entry.number, manifest: entry.manifest).extent(of: number)
        let end = entry.manifest.isOpen ? min(Int(offset) + length, bytes.count) : Int(offset) + length
        guard Int(offset) < end, end <= bytes.count else { return "lies beyond its file's end" }
        let hash = Digest(SHA256.hash(data: bytes[Int(offset)..<end]))
        return hash == row.digest ? nil : "does not verify on the disk"
    }

    /// Under a final name stands a whole version of the source, and nothing else.
    func finished(_ ended: [EndedEntry], _ course: Course) {
        for end in ended where end.state == .finished {
            let known = try? nodes[course.to].journal.look(course.transfer) { $0.entries[Int(end.number)] }
            guard var entry = known else { return broken("entry \(end.number) was finished and is not in the journal") }
            entry.finalName = end.finalName
            guard let bytes = nodes[course.to].disk.finalFiles[entry.finalPath] else { continue }
            if versions[course.from]?[entry.manifest.path]?.contains(bytes) != true {
                broken(
                    "\(EntryPath.escaped(entry.manifest.path)) stands under its final name and is no version of its source"
                )
            }
        }
    }

    /// Memory is bound by windows and credit, whatever happens.
    func bounds(_ sending: SendingSide, _ receiving: ReceivingSide, _ road: LaneRoad) {
        // A batch may begin while there is room, and deflating makes nothing longer than its plain bytes and headers.
        if sending.heldBytes > 10 * 1024 * 1024 { broken("the sender holds \(sending.heldBytes) bytes") }
        if sending.process.source.heldBytes > SimulatedSource.limit { broken("more is held of pipes than may be") }
        if !receiving.isWithinBounds { broken("the receiver's window is over its limit") }
        for lane in road.lanes where lane.held(.receiver) > Limits.laneCredit {
            broken("a lane holds \(lane.held(.receiver)) bytes of chunks")
        }
        guard receiving.isUnderWay else { return }
        for lane in road.lanes where lane.standing(.receiver) == .up {
            let (counted, held) = (lane.held(.receiver), receiving.holding[lane.name, default: 0])
            if counted != held { broken("a lane's credit counts \(counted) bytes where \(held) are held") }
        }
    }

    // MARK: the end

    /// What differs at the receiver from what was sent; nil where nothing does.
    func difference(_ course: Course, _ scenario: Scenario) -> String? {
        let foreign = scenario.foreign
        guard
            let sources = try? nodes[course.from].journal.look(course.transfer, { $0 }),
            let there = try? nodes[course.to].journal.look(course.transfer, { $0 })
        else { return "a journal has lost the transfer" }
        guard sources.record.state.isSettled, let receipt = sources.receipt else { return "the sender has no receipt" }
        // A power loss may have taken the receiver's own word of it, which changes nothing of the files.
        if let own = there.receipt, own.body != receipt.body, there.record.state.isSettled {
            return "the receipts differ"
        }
        guard let signed = try? Receipt(reading: receipt.body) else { return "the receipt cannot be read" }
        if let fault = unoffered(there.entries.prefix(Int(signed.entries)), sources) { return fault }
        if let fault = outdated(course, there.entries.prefix(Int(signed.entries)), sources) { return fault }
        if let fault = unnamed(there.entries.prefix(Int(signed.entries)), sources, scenario) { return fault }
        let disk = nodes[course.to].disk
        let files = disk.finalFiles
        for entry in there.entries.prefix(Int(signed.entries)) {
            if let fault = fault(entry, sources.sources[Int(entry.number)], files, disk.links, course) { return fault }
        }
        if !forgetful.contains(course.transfer) {
            if let stray = stray(there.entries, files, foreign) { return stray }
            if let folder = wrongFolder(there.entries, disk.folders, scenario.foreignFolders) { return folder }
        }
        if course.rules.onConflict == .rename {
            for (path, bytes) in foreign where files[path] != bytes {
                return "\(EntryPath.escaped(path)) was there before and was changed"
            }
        }
        return nil
    }

    /// What the sender could not read is named at the receiver with its reason, and the end says that it is missing.
    private func unoffered(
        _ entries: some Sequence<ReceivedEntry>, _ sender: SimulatedJournal.Transfer
    ) -> String? {
        for entry in entries where entry.manifest.kind == .omission && entry.state != .withdrawn {
            let name = EntryPath.escaped(entry.manifest.path)
            guard entry.state == .skipped, let reason = entry.reason, reason == entry.manifest.omissionReason else {
                return "\(name) could not be sent, and the receiver does not know why"
            }
            guard sender.record.state == .partial else { return "\(name) could not be sent, and the end says done" }
        }
        return nil
    }

    /// After a resume the end means the sources as they were then, or as they became later.
    private func outdated(
        _ course: Course, _ entries: some Sequence<ReceivedEntry>, _ sender: SimulatedJournal.Transfer
    ) -> String? {
        guard let resumed = resumed[course.transfer] else { return nil }
        var known: [[UInt8]: SourceEntry] = [:]
        for entry in entries where entry.manifest.kind == .file || entry.manifest.kind == .omission {
            let (path, source) = (entry.manifest.path, sender.sources[Int(entry.number)])
            known[path] = source
            guard entry.state != .withdrawn, entry.manifest.kind == .file else { continue }
            guard let found = resumed[path] else {
                return "\(EntryPath.escaped(path)) came although a resume found its source gone"
            }
            // What has no length of its own has no time that says anything either.
            guard found.manifest.kind == .file, found.manifest.room == 0 else { continue }
            if source.identity.changed < found.identity.changed {
                return "\(EntryPath.escaped(path)) is older than what a resume found"
            }
        }
        let missing = resumed.keys.filter { known[$0] == nil }
        return missing.map(EntryPath.escaped).min().map { "\($0) was there at a resume and is not in the manifest" }
    }

    /// What the destination cannot hold is left out, and both sides know why; nothing else is.
    private func unnamed(
        _ entries: some Sequence<ReceivedEntry>, _ sender: SimulatedJournal.Transfer, _ scenario: Scenario
    ) -> String? {
        let unoffered: [EntryKind] = [.withdrawal, .omission]
        for entry in entries where !unoffered.contains(entry.manifest.kind) && entry.state != .withdrawn {
            let path = entry.manifest.path
            let isUnfit = scenario.unfit.keys.contains { path == $0 || path.starts(with: $0 + [UInt8(ascii: "/")]) }
            let isRefused = entry.reason?.isRefusal ?? false
            if isUnfit && entry.state == .skipped || !isUnfit && !isRefused {
                guard entry.state == .skipped else { continue }
                guard let reason = entry.reason, sender.skipped[reason]?.contains(entry.number) == true else {
                    return "the sender does not know why \(EntryPath.escaped(path)) is left out"
                }
                continue
            }
            // What was there before the file system's word was asked for may stay.
            if entry.manifest.kind == .folder, scenario.foreignFolders[path] != nil { continue }
            return
                "\(EntryPath.escaped(path)) is \(entry.state), \(entry.reason?.word ?? "no reason"): unfit \(isUnfit)"
        }
        return nil
    }

    /// A folder that was there keeps its mode; one that was made has the sender's.
    private func wrongFolder(
        _ entries: [ReceivedEntry], _ modes: [[UInt8]: UInt16], _ foreign: [[UInt8]: UInt16]
    ) -> String? {
        for entry in entries where entry.manifest.kind == .folder && entry.state == .open {
            let (path, expected) = (entry.manifest.path, foreign[entry.manifest.path] ?? entry.manifest.mode)
            guard modes[path] != expected else { continue }
            let found = modes[path].map { String($0, radix: 8) } ?? "none"
            return "folder \(EntryPath.escaped(path)) has mode \(found) instead of \(String(expected, radix: 8))"
        }
        return nil
    }

    /// A file that nothing in the journal accounts for, or one that came twice.
    private func stray(
        _ entries: [ReceivedEntry], _ files: [[UInt8]: [UInt8]], _ foreign: [[UInt8]: [UInt8]]
    ) -> String? {
        let finished = entries.filter { $0.manifest.kind == .file && $0.state == .finished }
        let paths = Set(finished.map(\.manifest.path))
        if paths.count < finished.count { return "a file was sent twice" }
        let names = Set(finished.map(\.finalPath))
        let strays = files.keys.filter { !names.contains($0) && foreign[$0] == nil }
        return strays.map(EntryPath.escaped).min().map { "\($0) was left behind" }
    }

    private func fault(
        _ entry: ReceivedEntry, _ source: SourceEntry, _ files: [[UInt8]: [UInt8]], _ links: [[UInt8]: [UInt8]],
        _ course: Course
    ) -> String? {
        let path = entry.manifest.path
        let name = EntryPath.escaped(path)
        switch (entry.manifest.kind, entry.state) {
        case (.withdrawal, _), (.omission, _), (.folder, _), (_, .withdrawn), (_, .skipped): return nil
        case (.link, _):
            return links[entry.finalPath] == entry.manifest.target ? nil : "link \(name) is missing"
        case (.file, .finished):
            let expected = versions[course.from]?[path]?[Int(source.identity.changed)]
            let found = files[entry.finalPath]
            return found == expected
                ? nil
                : "\(name) is not what was sent: \(found?.count ?? -1) bytes as \(EntryPath.escaped(entry.finalPath)), "
                    + "of \(expected?.count ?? -1), names \(files.keys.map(EntryPath.escaped).filter { $0.contains(name) })"
        case (.file, _): return "\(name) is \(entry.state) although the transfer is over"
        }
    }
}
