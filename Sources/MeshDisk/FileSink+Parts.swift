import Glibc
package import MeshTransfer
import MeshWire
package import NIOCore

// Part files: made, found again, written, read back.
extension FileSink {
    /// From this size on a part gets its full length at once, so that what is not written stays a hole.
    private static let lengthenedSize = Limits.sizedFile

    package func write(
        _ entry: ReceivedEntry, offset: UInt64, length: Int, slices: [ByteBuffer]
    ) throws(DiskError) -> PartIdentity {
        let bytes = ScatteredBytes(slices)
        let isOpen = entry.manifest.isOpen
        let size = isOpen ? entry.manifest.room * UInt64(Limits.openChunk) : entry.manifest.size
        guard offset <= size, length >= 0, UInt64(length) <= size - offset, slices.isEmpty || bytes.count == length
        else { throw DiskError(SystemError(EINVAL, "write"), path: fullPath(entry.manifest)) }
        let part = try openPart(entry)
        guard length > 0 else { return part.identity }
        let isWhole = offset == 0 && UInt64(length) == size
        // Nothing more comes for it: many small files must not push out what is still being written.
        if isWhole { parts.remove(entry.number) }
        try located(entry.manifest) { () throws(SystemError) in
            let range = offset..<offset + UInt64(length)
            if slices.isEmpty {
                // Where the end is not known, lengthening the file might cut what another thread has written behind.
                if isOpen { try part.file.writeZeros(range) } else { try part.file.clear(range, fileSize: size) }
            } else if entry.manifest.room == 0, entry.manifest.allocated < size {
                try part.file.writeSparsely(bytes, range, fileSize: size)
            } else {
                try part.file.write(bytes.vectors(0..<length), at: offset)
            }
            // While it is open that takes half the calls. `finish` looks whether it was done.
            if isWhole { try dress(entry, part.file) }
        }
        return part.identity
    }

    package func inspectPart(_ entry: ReceivedEntry) throws(DiskError) -> (identity: PartIdentity, size: UInt64)? {
        let status = try within(entry.manifest, create: false, absent: nil) { folder, _ throws(SystemError) in
            let found = try place(of: entry, in: folder)
            return try found.flatMap { name throws(SystemError) in try folder.statusIfPresent(name) }
        }
        guard let status, isOurs(status) else { return nil }
        return (status.part, status.size)
    }

    package func readBack(
        _ entry: ReceivedEntry, offset: UInt64, into region: UnsafeMutableRawBufferPointer
    ) throws(DiskError) {
        try withFile(entry) { file throws(SystemError) in
            let vector = iovec(iov_base: region.baseAddress, iov_len: region.count)
            guard try file.read(into: [vector], at: offset) == region.count else { throw SystemError(ESTALE, "read") }
        }
    }

    package func discard(_ entry: ReceivedEntry) throws(DiskError) {
        parts.remove(entry.number)
        try within(entry.manifest, create: false, absent: ()) { folder, name throws(SystemError) in
            switch entry.manifest.kind {
            case .link: return try removeLink(entry, in: folder)
            case .folder: return entry.origin == .made ? folder.removeIfEmpty(name) : ()
            case .file, .withdrawal, .omission: try folder.remove(partName(entry))
            }
            guard entry.part != nil, let ended = try renamed(entry, in: folder) else { return }
            try folder.remove(ended.finalName ?? entry.name)
        }
    }

    /// Removes the part alone: what has its final name stays, whatever the journal knows of it.
    package func removePart(_ entry: ReceivedEntry) throws(DiskError) {
        parts.remove(entry.number)
        try within(entry.manifest, create: false, absent: ()) { folder, _ throws(SystemError) in
            try folder.remove(partName(entry))
        }
    }

    // MARK: opening

    /// The open part, made on first use. ESTALE where the journal knows the part and another object, or none, is there.
    func openPart(_ entry: ReceivedEntry) throws(DiskError) -> Part {
        let part: Part
        if let open = parts.value(for: entry.number) {
            part = open
        } else {
            let fresh = try within(entry.manifest, create: entry.part == nil) { folder, _ throws(SystemError) in
                try openAnew(entry, in: folder)
            }
            part = parts.insert(fresh, for: entry.number)
        }
        guard entry.part?.isSame(as: part.identity) ?? true else {
            throw failure(SystemError(ESTALE, "open"), entry.manifest)
        }
        return part
    }

    /// Where another thread was first to make the part, its file is taken. What is no part of ours is removed.
    func openAnew(_ entry: ReceivedEntry, in folder: Folder) throws(SystemError) -> Part {
        let name = partName(entry)
        guard entry.part == nil else {
            guard let part = try takePart(name, entry, in: folder) else { throw SystemError(ESTALE, "open") }
            return part
        }
        for _ in 0..<8 {
            if let part = try makePart(name, entry, in: folder) { return part }
            if let part = try takePart(name, entry, in: folder) { return part }
            try folder.remove(name)
        }
        throw SystemError(EEXIST, "open")
    }

    /// Nil where the name is taken.
    private func makePart(_ name: [UInt8], _ entry: ReceivedEntry, in folder: Folder) throws(SystemError) -> Part? {
        if !keepsInodes, entry.manifest.hasDoubtfulName { try tryName(entry, in: folder) }
        do {
            let file = try folder.open(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            let size = entry.manifest.size
            // What the file system says of the name alone is known before anything is sent.
            if size >= Self.lengthenedSize { _ = try folder.statusIfPresent(entry.name) }
            if size >= Self.lengthenedSize || entry.manifest.allocated < size { try file.truncate(size) }
            let status = try file.status()
            recordOwner(status)
            return Part(file: file, identity: status.part)
        } catch {
            guard error.code == EEXIST else { throw error }
            return nil
        }
    }

    /// Throws where the file system refuses what the name has in it: known before anything is sent, and not at the rename. Tried
    /// behind a name of our own, for under its own an empty file would stay after a crash.
    private func tryName(_ entry: ReceivedEntry, in folder: Folder) throws(SystemError) {
        let own = partName(entry) + [UInt8(ascii: "~")]
        let isInside = { (byte: UInt8) in byte & 0xc0 == 0x80 }
        let name = own + entry.name.suffix(Limits.component - own.count).drop(while: isInside)
        do {
            _ = try folder.open(name, O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o600)
        } catch {
            throw error.code == ENOENT ? SystemError(EINVAL, "open") : error
        }
        try folder.remove(name)
    }

    /// Nil where what has the name is not a regular file of ours alone.
    private func takePart(_ name: [UInt8], _ entry: ReceivedEntry, in folder: Folder) throws(SystemError) -> Part? {
        guard let file = try openOurs(name, O_RDWR, in: folder) else { return nil }
        let status = try file.status()
        guard isOurs(status) else { return nil }
        let size = entry.manifest.size
        if entry.manifest.isOpen { return Part(file: file, identity: status.part) }
        if status.size > size || status.size < size && size >= Self.lengthenedSize { try file.truncate(size) }
        return Part(file: file, identity: status.part)
    }

    /// Opens a file of ours even where the mode it got before a crash forbids that. Nil where nothing, or something
    /// else, has the name.
    private func openOurs(_ name: [UInt8], _ flags: Int32, in folder: Folder) throws(SystemError) -> Descriptor? {
        guard let status = try folder.statusIfPresent(name), isOurs(status) else { return nil }
        do { return try folder.open(name, flags | O_NONBLOCK | O_NOCTTY) } catch {
            switch error.code {
            case ENOENT, ELOOP, EISDIR, ENXIO: return nil
            case EACCES: break
            default: throw error
            }
        }
        try folder.setMode(name, status.permissions | 0o600)
        let file = try folder.open(name, flags | O_NONBLOCK | O_NOCTTY)
        // A part gets its mode when it is finished; a finished file has it already.
        if flags == O_RDONLY { try folder.setMode(name, status.permissions) }
        return file
    }

    /// Runs `body` with the part, or from `finishing` on with the finished file where there is no part.
    private func withFile(
        _ entry: ReceivedEntry, _ body: (Descriptor) throws(SystemError) -> Void
    ) throws(DiskError) {
        if let open = parts.value(for: entry.number) {
            return try located(entry.manifest) { () throws(SystemError) in try body(open.file) }
        }
        try within(entry.manifest, create: false) { folder, _ throws(SystemError) in
            guard let name = try place(of: entry, in: folder) else { throw SystemError(ENOENT, "open") }
            guard let file = try openOurs(name, O_RDONLY, in: folder) else { throw SystemError(ESTALE, "open") }
            guard try entry.part?.isSame(as: file.status().part) ?? true else { throw SystemError(ESTALE, "open") }
            try body(file)
        }
    }
}

extension Descriptor {
    /// Makes `range` zeros: a hole where the file system has them.
    fileprivate func clear(_ range: Range<UInt64>, fileSize: UInt64) throws(SystemError) {
        if try hasData(in: range), try !punchHole(range) { return try writeZeros(range) }
        // Other threads write within the file's size only, so this can lengthen it but never cut.
        if try status().size < range.upperBound { try truncate(fileSize) }
    }

    fileprivate func writeZeros(_ range: Range<UInt64>) throws(SystemError) {
        let zeros = [UInt8](repeating: 0, count: range.count)
        try write(ScatteredBytes([ByteBuffer(bytes: zeros)]).vectors(0..<zeros.count), at: range.lowerBound)
    }

    /// Writes blocks that are not zero alone, so that holes smaller than a chunk survive.
    fileprivate func writeSparsely(
        _ bytes: borrowing ScatteredBytes, _ range: Range<UInt64>, fileSize: UInt64
    ) throws(SystemError) {
        if try hasData(in: range), try !punchHole(range) {
            return try write(bytes.vectors(0..<bytes.count), at: range.lowerBound)
        }
        for run in bytes.dataRuns(at: range.lowerBound) {
            try write(bytes.vectors(run), at: range.lowerBound + UInt64(run.lowerBound))
        }
        if try status().size < range.upperBound { try truncate(fileSize) }
    }
}
