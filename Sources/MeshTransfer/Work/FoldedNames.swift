import MeshWire

/// Finds names that differ in case only, where the destination takes them for one.
struct FoldedNames: Sendable {
    /// Names compared; of a larger manifest the rest is not.
    private static let limit = 1 << 20

    let ports: ReceivePorts

    /// Entries that stand there and whose names others had before them.
    func find() async throws -> NumberSet {
        guard let probe = try await probe() else { return NumberSet() }
        let sink = ports.sink
        // Where that cannot be found out nothing is told.
        guard await (try? ports.pool.blocking({ try sink.foldsCase(probe) })) == true else { return NumberSet() }
        var seen = Set<Int>()
        var folded: [Range<UInt64>] = []
        try await ports.eachBatch { entries in
            for entry in entries where entry.isStanding && seen.count < Self.limit {
                // The hash stands for the name: what is at stake is a warning.
                let isNew = seen.insert(Self.folded(entry.manifest.path).hashValue).inserted
                if !isNew { folded.append(entry.number..<entry.number + 1) }
            }
        }
        return NumberSet(folded)
    }

    /// One of the first entries: its name can be asked for in other letters, and no other of them has that name.
    private func probe() async throws -> ReceivedEntry? {
        let entries = try await ports.journal.receivedEntries(of: ports.transfer, from: 0, limit: 1_024)
        let paths = Set(entries.map(\.finalPath))
        return entries.first { entry in
            let other = entry.finalPath.inOtherLetters
            return entry.isStanding && other != entry.finalPath && !paths.contains(other)
        }
    }

    private static func folded(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self).lowercased() }
}

extension ReceivedEntry {
    fileprivate var isStanding: Bool {
        switch manifest.kind {
        case .file, .link: state == .finished
        case .folder: state == .open
        case .withdrawal, .omission: false
        }
    }
}

extension [UInt8] {
    /// Small letters of ASCII for capitals, and capitals for small ones.
    package var inOtherLetters: [UInt8] {
        map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) ? $0 ^ 0x20 : $0 }
    }
}
