package import MeshTransfer
package import MeshWire
package import NIOCore

// The destination, call by call as `FileSink` does it.
extension SimulatedDisk: ChunkSink {
    package func foldsCase(_ entry: ReceivedEntry) throws(DiskError) -> Bool { false }

    package func freeSpace() throws(DiskError) -> UInt64 { 1 << 40 }

    package func existing(_ entry: ManifestEntry) throws(DiskError) -> ExistingFile? {
        try throwing { state throws(DiskError) in state.existing(entry.path) }
    }

    package func write(
        _ entry: ReceivedEntry, offset: UInt64, length: Int, slices: [ByteBuffer]
    ) throws(DiskError) -> PartIdentity {
        let identity = try throwing { state throws(DiskError) in
            let path = EntryPath.escaped(entry.manifest.path)
            try state.checkFits(entry.manifest, isNamed: false)
            if state.refusals > 0 {
                state.refusals -= 1
                throw .full(path: path)
            }
            let inode = try state.openPart(entry)
            if entry.manifest.room > 0 { state.lengthen(inode, to: Int(offset) + length) }
            guard let object = state.objects[inode] else { throw .changed(path: path) }
            let bytes = slices.isEmpty ? [UInt8](repeating: 0, count: length) : slices.flatMap { $0.readableBytesView }
            let start = Int(offset)
            guard bytes.count == length, start + length <= object.bytes.count else {
                throw .failed(path: path, operation: "write", errno: 22)
            }
            if length > 0 {
                state.objects[inode]?.bytes.replaceSubrange(start..<start + length, with: bytes)
                state.objects[inode]?.unsynced.append(start..<start + length)
            }
            return object.identity
        }
        fuse.burn()
        return identity
    }

    package func inspectPart(_ entry: ReceivedEntry) throws(DiskError) -> (identity: PartIdentity, size: UInt64)? {
        try throwing { state throws(DiskError) in
            state.place(of: entry).flatMap { state.object(at: $0) }.map {
                ($0.object.identity, UInt64($0.object.bytes.count))
            }
        }
    }

    package func readBack(
        _ entry: ReceivedEntry, offset: UInt64, into region: UnsafeMutableRawBufferPointer
    ) throws(DiskError) {
        let found = try throwing { state throws(DiskError) in
            state.place(of: entry).flatMap { state.object(at: $0) }?.object.bytes
        }
        guard let found, Int(offset) + region.count <= found.count else {
            throw .notFound(path: EntryPath.escaped(entry.manifest.path))
        }
        region.copyBytes(from: found[Int(offset)..<Int(offset) + region.count])
    }

    package func finish(_ entry: ReceivedEntry, rule: ConflictRule) throws(DiskError) -> EndedEntry {
        let ended = try throwing { state throws(DiskError) in try state.finish(entry, rule: rule) }
        fuse.burn()
        return ended
    }

    package func makeFolder(_ entry: ManifestEntry) throws(DiskError) {
        try throwing { state throws(DiskError) in
            try state.checkFits(entry, isNamed: true)
            let place = SimulatedDisk.Place.final(entry.path)
            if state.names[place] == nil { state.change([(place, .folder(mode: 0o700))]) }
        }
        fuse.burn()
    }

    package func finishFolder(_ entry: ReceivedEntry) throws(DiskError) {
        try throwing { state throws(DiskError) in
            let path = entry.manifest.path
            guard case .folder = state.names[.final(path)] else { throw .inTheWay(path: EntryPath.escaped(path)) }
            guard entry.origin == .made else { return }
            state.change([(.final(path), .folder(mode: entry.manifest.mode))])
        }
    }

    package func makeLink(
        _ entry: ReceivedEntry, rule: ConflictRule, allowOutside: Bool
    ) throws(DiskError) -> EndedEntry {
        let ended = try throwing { state throws(DiskError) in
            try state.checkFits(entry.manifest, isNamed: true)
            return state.makeLink(entry, rule: rule)
        }
        fuse.burn()
        return ended
    }

    package func syncAll() throws(DiskError) {
        try throwing { state throws(DiskError) in
            state.renames = []
            for inode in state.objects.keys { state.objects[inode]?.unsynced = [] }
        }
        fuse.burn()
    }

    package func discard(_ entry: ReceivedEntry) throws(DiskError) {
        try throwing { state throws(DiskError) in
            state.open[entry.number] = nil
            if state.names[.part(entry.number)] != nil { state.change([(.part(entry.number), nil)]) }
            if let place = state.renamed(entry) { state.change([(place, nil)]) }
        }
        fuse.burn()
    }

    package func release(_ entry: ReceivedEntry) {}
}

extension SimulatedDisk.State {
    /// `isNamed`: it gets its name; what is refused for its name alone has a part until then.
    fileprivate func checkFits(_ entry: ManifestEntry, isNamed: Bool) throws(DiskError) {
        for (path, reason) in unfit {
            let isInside = entry.path.starts(with: path + [UInt8(ascii: "/")])
            guard isInside || entry.path == path && (isNamed || reason != .name) else { continue }
            throw .unfit(path: EntryPath.escaped(entry.path), reason)
        }
    }

    /// The part, made on first use; an open one is written even where its name is gone.
    fileprivate mutating func openPart(_ entry: ReceivedEntry) throws(DiskError) -> UInt64 {
        let place = SimulatedDisk.Place.part(entry.number)
        let inode: UInt64
        if let known = open[entry.number] {
            inode = known
        } else if let (found, _) = object(at: place) {
            inode = found
            lengthen(inode, to: Int(entry.manifest.size))
        } else if entry.part == nil {
            inode = make([UInt8](repeating: 0, count: Int(entry.manifest.size)))
            change([(place, .object(inode))])
        } else {
            throw .changed(path: EntryPath.escaped(entry.manifest.path))
        }
        guard entry.part == nil || entry.part == objects[inode]?.identity else {
            throw .changed(path: EntryPath.escaped(entry.manifest.path))
        }
        open[entry.number] = inode
        return inode
    }

    /// A part that a power loss cut short gets its length again, one of open length what is written to it.
    fileprivate mutating func lengthen(_ inode: UInt64, to size: Int) {
        guard let object = objects[inode], object.bytes.count < size else { return }
        objects[inode]?.bytes += [UInt8](repeating: 0, count: size - object.bytes.count)
        objects[inode]?.unsynced.append(object.bytes.count..<size)
    }

    fileprivate func place(of entry: ReceivedEntry) -> SimulatedDisk.Place? {
        switch entry.state {
        case .open, .sealed, .withdrawn: .part(entry.number)
        case .finishing: names[.part(entry.number)] != nil ? .part(entry.number) : renamed(entry)
        case .finished: .final(entry.finalPath)
        case .skipped: nil
        }
    }

    /// Where the object that the part was stands under a final name.
    fileprivate func renamed(_ entry: ReceivedEntry) -> SimulatedDisk.Place? {
        guard let part = entry.part else { return nil }
        for number in 0..<16 {
            let place = SimulatedDisk.Place.final(Self.numbered(entry.manifest.path, number))
            if object(at: place)?.object.identity == part { return place }
        }
        return nil
    }

    fileprivate func existing(_ path: [UInt8]) -> ExistingFile? {
        switch names[.final(path)] {
        case .object(let inode):
            objects[inode].map {
                ExistingFile(
                    kind: .file, size: UInt64($0.bytes.count), seconds: $0.seconds, nanoseconds: 0, mode: 0o644)
            }
        case .link: ExistingFile(kind: .link, size: 0, seconds: 0, nanoseconds: 0, mode: 0o777)
        case .folder(let mode): ExistingFile(kind: .folder, size: 0, seconds: 0, nanoseconds: 0, mode: mode)
        case nil: nil
        }
    }

    private static func numbered(_ path: [UInt8], _ number: Int) -> [UInt8] {
        number == 0 ? path : path + Array(" (\(number))".utf8)
    }

    private func ended(_ entry: ReceivedEntry, _ state: EntryState, at path: [UInt8]? = nil) -> EndedEntry {
        let name = path?.split(separator: UInt8(ascii: "/")).last.map(Array.init)
        return EndedEntry(number: entry.number, state: state, finalName: path == entry.manifest.path ? nil : name)
    }

    fileprivate mutating func finish(_ entry: ReceivedEntry, rule: ConflictRule) throws(DiskError) -> EndedEntry {
        open[entry.number] = nil
        let part = SimulatedDisk.Place.part(entry.number)
        guard let (inode, object) = object(at: part) else {
            if entry.state == .finishing, case .final(let path) = renamed(entry) {
                return ended(entry, .finished, at: path)
            }
            throw .changed(path: EntryPath.escaped(entry.manifest.path))
        }
        guard object.bytes.count == entry.manifest.size, entry.part == nil || entry.part == object.identity else {
            throw .changed(path: EntryPath.escaped(entry.manifest.path))
        }
        try checkFits(entry.manifest, isNamed: true)
        objects[inode]?.seconds = entry.manifest.seconds
        var path = entry.manifest.path
        if rule == .rename {
            var number = 0
            while names[.final(path)] != nil {
                // The very file is there already: as good as renamed.
                if let twin = self.object(at: .final(path))?.object, twin.bytes == object.bytes,
                    twin.seconds == entry.manifest.seconds
                {
                    change([(part, nil)])
                    return ended(entry, .finished, at: path)
                }
                number += 1
                path = Self.numbered(entry.manifest.path, number)
            }
        } else if let there = existing(path), let reason = rule.reasonToKeep(there, over: entry.manifest) {
            change([(part, nil)])
            return EndedEntry(skipped: entry.number, reason)
        }
        change([(part, nil), (.final(path), .object(inode))])
        return ended(entry, .finished, at: path)
    }

    fileprivate mutating func makeLink(_ entry: ReceivedEntry, rule: ConflictRule) -> EndedEntry {
        let path = entry.manifest.path
        for number in 0..<16 {
            let candidate = Self.numbered(path, number)
            let there = names[.final(candidate)]
            if there == .link(entry.manifest.target) { return ended(entry, .finished, at: candidate) }
            if there != nil, rule == .rename { continue }
            if there != nil, rule != .overwrite { return EndedEntry(skipped: entry.number, .exists) }
            change([(.final(candidate), .link(entry.manifest.target))])
            return ended(entry, .finished, at: candidate)
        }
        return EndedEntry(skipped: entry.number, .exists)
    }
}
