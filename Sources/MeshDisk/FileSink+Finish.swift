import Glibc
package import MeshTransfer
import MeshWire

// From a whole part to the final name, and links. Every step may be repeated: after a crash the part is still there, or
// the object it was stands under a final name.
extension FileSink {
    package func finish(_ entry: ReceivedEntry, rule: ConflictRule) throws(DiskError) -> EndedEntry {
        // Closed when this returns; whatever happens, the next attempt looks again.
        let open = parts.remove(entry.number)
        let mayMakePart = entry.manifest.size == 0 && entry.part == nil
        return try within(entry.manifest, create: mayMakePart) { folder, name throws(SystemError) in
            guard let status = try folder.statusIfPresent(partName(entry)) else {
                return try finishWithoutPart(entry, name, rule, in: folder)
            }
            // A crash between making the second name and removing the first (`Folder.moveByLink`).
            if entry.state == .finishing, status.links == 2, let ended = try renamed(entry, in: folder) {
                try folder.remove(partName(entry))
                return ended
            }
            let part = open?.identity ?? entry.part ?? status.part
            let isWhole = isOurs(status) && status.size == entry.manifest.size
            guard isWhole, part.isSame(as: status.part), entry.part?.isSame(as: status.part) ?? true else {
                throw SystemError(ESTALE, "rename")
            }
            if !entry.isDressed(status, mode: newMode(entry.manifest)) { try dress(entry, open?.file, in: folder) }
            return try named(partName(entry), in: folder) { () throws(SystemError) in
                try settle(entry, name, rule, in: folder)
            }
        }
    }

    package func makeLink(
        _ entry: ReceivedEntry, rule: ConflictRule, allowOutside: Bool
    ) throws(DiskError) -> EndedEntry {
        let target = entry.manifest.target
        return try within(entry.manifest, create: true) { folder, name throws(SystemError) in
            let holder = entry.manifest.path.split(separator: UInt8(ascii: "/")).dropLast().map(Array.init)[...]
            guard allowOutside || !LinkTarget.leadsOutside(target, from: holder) else { return entry.skipped(.outside) }
            let names = NumberedName(name)
            for number in 0..<(rule == .rename ? NumberedName.tries : 1) {
                let candidate = names[number]
                let isMade = try folder.makeLink(candidate, target: target)
                if !isMade, try !isLink(candidate, to: target, in: folder) { continue }
                try? folder.setModified(candidate, entry.manifest.seconds, entry.manifest.nanoseconds)
                return entry.ended(.finished, as: candidate)
            }
            if rule == .rename { throw SystemError(EEXIST, "symlink") }
            if let reason = try reasonToKeep(name, entry.manifest, rule, in: folder) { return entry.skipped(reason) }
            try folder.remove(partName(entry))
            _ = try folder.makeLink(partName(entry), target: target)
            try? folder.setModified(partName(entry), entry.manifest.seconds, entry.manifest.nanoseconds)
            try folder.replace(name, with: partName(entry))
            return entry.ended(.finished, as: name)
        }
    }

    /// The name under which the entry's bytes are now: its part's, else from `finishing` on the final one. Nil where
    /// there is neither.
    func place(of entry: ReceivedEntry, in folder: Folder) throws(SystemError) -> [UInt8]? {
        switch entry.state {
        case .open, .sealed, .withdrawn: return partName(entry)
        case .finishing:
            if try folder.statusIfPresent(partName(entry)) != nil { return partName(entry) }
            return try renamed(entry, in: folder, orAlike: true).map { $0.finalName ?? entry.name }
        case .finished: return entry.finalName ?? entry.name
        case .skipped: return nil
        }
    }

    // MARK: steps

    /// ENOENT although the part is there: some file systems (FUSE) refuse a name like this.
    private func named<R>(
        _ part: [UInt8], in folder: Folder, _ body: () throws(SystemError) -> R
    ) throws(SystemError) -> R {
        do { return try body() } catch {
            guard error.code == ENOENT, try folder.statusIfPresent(part) != nil else { throw error }
            throw SystemError(EINVAL, "rename")
        }
    }

    /// Gives the part its mode and time. By descriptor where it is open, which is quicker.
    private func dress(_ entry: ReceivedEntry, _ file: Descriptor?, in folder: Folder) throws(SystemError) {
        if let file { return try dress(entry, file) }
        try folder.setMode(partName(entry), newMode(entry.manifest))
        try folder.setModified(partName(entry), entry.manifest.seconds, entry.manifest.nanoseconds)
    }

    func dress(_ entry: ReceivedEntry, _ file: Descriptor) throws(SystemError) {
        do { try file.setMode(newMode(entry.manifest)) } catch {
            // A file system without modes says so for our own file: what counts is its contents.
            guard error.code == EPERM || error.code == ENOTSUP else { throw error }
        }
        try file.setModified(entry.manifest.seconds, entry.manifest.nanoseconds)
    }

    /// Renames the part to its final name by `rule`, or removes it.
    private func settle(
        _ entry: ReceivedEntry, _ name: [UInt8], _ rule: ConflictRule, in folder: Folder
    ) throws(SystemError) -> EndedEntry {
        let part = partName(entry)
        if rule == .rename {
            let names = NumberedName(name)
            for number in 0..<NumberedName.tries {
                let isThere = try !folder.move(part, to: names[number])
                if isThere, try !isTwin(names[number], of: entry, in: folder) { continue }
                if isThere { try folder.remove(part) }
                return entry.ended(.finished, as: names[number])
            }
            throw SystemError(EEXIST, "rename")
        }
        if rule != .overwrite, try folder.move(part, to: name) { return entry.ended(.finished, as: name) }
        if let reason = try reasonToKeep(name, entry.manifest, rule, in: folder) {
            try folder.remove(part)
            return entry.skipped(reason)
        }
        try inherit(part, from: name, in: folder)
        try folder.replace(name, with: part)
        return entry.ended(.finished, as: name)
    }

    /// Why `rule` lets what has the name stay; nil where the entry replaces it, which is never a folder.
    private func reasonToKeep(
        _ name: [UInt8], _ manifest: ManifestEntry, _ rule: ConflictRule, in folder: Folder
    ) throws(SystemError) -> SkipReason? {
        guard let status = try folder.statusIfPresent(name) else { return nil }
        let there = ExistingFile(
            kind: status.kind, size: status.size, seconds: status.seconds, nanoseconds: status.nanoseconds,
            mode: status.mode)
        if let reason = rule.reasonToKeep(there, over: manifest) { return reason }
        guard status.kind != .folder else { throw SystemError(EISDIR, "rename") }
        return nil
    }

    /// The part of an empty file may not have been made yet. Others are gone: renamed, or given up by the rule, before a
    /// crash.
    private func finishWithoutPart(
        _ entry: ReceivedEntry, _ name: [UInt8], _ rule: ConflictRule, in folder: Folder
    ) throws(SystemError) -> EndedEntry {
        if entry.state == .finishing, let ended = try renamed(entry, in: folder) { return ended }
        if entry.manifest.size == 0, entry.part == nil {
            let part = try openAnew(entry, in: folder)
            try dress(entry, part.file, in: folder)
            return try settle(entry, name, rule, in: folder)
        }
        guard entry.state == .finishing else { throw SystemError(ESTALE, "rename") }
        if let reason = try reasonToKeep(name, entry.manifest, rule, in: folder) { return entry.skipped(reason) }
        throw SystemError(ESTALE, "rename")
    }

    /// Looks for the object that was the part under the names it may have got. `orAlike`: where files have no lasting numbers,
    /// one of its size and time may be it, as long as its digests are compared.
    func renamed(
        _ entry: ReceivedEntry, in folder: Folder, orAlike: Bool = false
    ) throws(SystemError) -> EndedEntry? {
        let names = NumberedName(entry.name)
        var absent = 0
        for number in 0..<NumberedName.tries {
            guard let status = try folder.statusIfPresent(names[number]) else {
                // Numbers are given out without gaps, and somebody may have removed a few.
                absent += 1
                guard absent < 16 else { return nil }
                continue
            }
            let isFound = entry.became(status, mode: newMode(entry.manifest))
            if isFound || orAlike && !keepsInodes && entry.mayBe(status) {
                return entry.ended(.finished, as: names[number])
            }
        }
        return nil
    }

    /// Removes a link that was made for this entry, where it still leads where that said.
    func removeLink(_ entry: ReceivedEntry, in folder: Folder) throws(SystemError) {
        // Without a final name none was made, and what stands there is somebody else's.
        guard let name = entry.finalName else { return }
        if try isLink(name, to: entry.manifest.target, in: folder) { try folder.remove(name) }
    }

    private func isLink(_ name: [UInt8], to target: [UInt8], in folder: Folder) throws(SystemError) -> Bool {
        guard let status = try folder.statusIfPresent(name), status.kind == .link else { return false }
        return try folder.linkTarget(name) == target
    }
}

extension ReceivedEntry {
    /// The last component of its path.
    var name: [UInt8] {
        manifest.path.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
    }

    /// It has its final mode, and its time.
    func isDressed(_ status: FileStatus, mode: UInt16) -> Bool {
        status.permissions == mode
            && (status.seconds, status.nanoseconds) == (manifest.seconds, manifest.nanoseconds)
    }

    fileprivate func skipped(_ reason: SkipReason) -> EndedEntry { EndedEntry(skipped: number, reason) }

    fileprivate func ended(_ state: EntryState, as name: [UInt8]? = nil) -> EndedEntry {
        EndedEntry(number: number, state: state, finalName: name == self.name ? nil : name)
    }

    /// A file of its size, and of its time as well as a file system keeps times that has no numbers: to two seconds.
    func mayBe(_ status: FileStatus) -> Bool {
        // A peer's time may be any number.
        let (apart, isTooFar) = status.seconds.subtractingReportingOverflow(manifest.seconds)
        return status.kind == .file && status.size == manifest.size && !isTooFar && (-2...2).contains(apart)
    }

    /// True where `status` is of the object that the part was. An empty file of the right mode and time is as
    /// good.
    fileprivate func became(_ status: FileStatus, mode: UInt16) -> Bool {
        guard status.kind == .file, status.size == manifest.size else { return false }
        if let part { return part.isSame(as: status.part) }
        return status.size == 0 && isDressed(status, mode: mode)
    }
}
