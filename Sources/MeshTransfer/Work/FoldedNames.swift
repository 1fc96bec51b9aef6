import MeshWire

/// Finds names that differ in case only, where the destination takes them for one.
struct FoldedNames: Sendable {
    /// Names compared; of a larger manifest the rest is not.
    private static let limit = 1 << 20

    let ports: ReceivePorts

    /// `folded`: entries that stand there and whose names others had before them. `overlaid`: files that another one of this
    /// transfer has replaced. `inTheWay`: files that the rule kept out for one of this transfer.
    func find() async throws -> [SkipReason: NumberSet] {
        guard let probe = try await probe() else { return [:] }
        let sink = ports.sink
        // Where that cannot be found out nothing is told.
        guard await (try? ports.pool.blocking({ try sink.foldsCase(probe) })) == true else { return [:] }
        var found = Found(replaces: ports.rules.onConflict != .rename)
        try await ports.eachBatch { entries in
            for entry in entries where found.names.count < Self.limit { found.add(entry) }
        }
        return found.reasons
    }

    /// Hashes stand for names: what is at stake is a word.
    private struct Found {
        /// A file of the same name is replaced, not numbered.
        let replaces: Bool
        var names = Set<Int>()
        /// Files and links by the names they got.
        private var holders: [Int: UInt64] = [:]
        private var kept: [(number: UInt64, name: Int)] = []
        private var folded: [Range<UInt64>] = []
        private var overlaid: [UInt64] = []

        init(replaces: Bool) { self.replaces = replaces }

        mutating func add(_ entry: ReceivedEntry) {
            let (name, number) = (FoldedNames.folded(entry.manifest.path), entry.number)
            if entry.wasKeptOut { kept.append((number, name)) }
            guard entry.isStanding else { return }
            let isNew = names.insert(name).inserted
            var replaced: UInt64?
            if entry.manifest.kind != .folder {
                replaced = holders.updateValue(number, forKey: FoldedNames.folded(entry.finalPath))
            }
            if let replaced, replaces {
                overlaid.append(replaced)
            } else if !isNew {
                folded.append(number..<number + 1)
            }
        }

        var reasons: [SkipReason: NumberSet] {
            let hidden = kept.filter { holders[$0.name] != nil }.map(\.number)
            let all: [SkipReason: NumberSet] = [
                .folded: NumberSet(folded), .overlaid: NumberSet(numbers: overlaid.sorted()),
                .inTheWay: NumberSet(numbers: hidden),
            ]
            return all.filter { !$0.value.isEmpty }
        }
    }

    /// One of the first entries: its name can be asked for in other letters, and no other of them has that name.
    private func probe() async throws -> ReceivedEntry? {
        let entries = try await ports.journal.receivedEntries(of: ports.transfer, from: 0, limit: 1_024)
        let paths = Set(entries.map(\.finalPath))
        return entries.first { entry in
            let path = entry.finalPath
            let name = path.suffix(from: path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)
            let other = Array(path.dropLast(name.count)) + name.inOtherLetters
            return entry.isStanding && other != path && !paths.contains(other)
        }
    }

    private static func folded(_ path: [UInt8]) -> Int {
        // Bytes, since text takes different spellings of a letter for the same, which file systems do not.
        guard let text = String(validating: path, as: UTF8.self) else { return path.hashValue }
        return Array(text.lowercased().utf8).hashValue
    }
}

extension ReceivedEntry {
    fileprivate var isStanding: Bool {
        switch manifest.kind {
        case .file, .link: state == .finished
        case .folder: state == .open
        case .withdrawal, .omission: false
        }
    }

    fileprivate var wasKeptOut: Bool { state == .skipped && (reason == .exists || reason == .older) }
}

extension Sequence<UInt8> {
    /// Small letters of ASCII for capitals, and capitals for small ones.
    package var inOtherLetters: [UInt8] {
        map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) ? $0 ^ 0x20 : $0 }
    }
}
