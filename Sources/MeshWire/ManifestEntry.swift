package import NIOCore

/// What an entry of a manifest is.
package enum EntryKind: UInt8, Sendable, CaseIterable {
    case file = 0
    case folder = 1
    case link = 2
    /// Takes back the entry whose number is `size`: it changed, vanished or could not be read while it was sent, or the
    /// source has it no more.
    case withdrawal = 3
    /// Stands below a root and cannot be offered: the receiver names it, and nobody waits for it. `size` says why.
    case omission = 4
}

/// One file, folder or link as it was found: frozen from then on. Its number is its place in the manifest, from 0.
package struct ManifestEntry: Hashable, Sendable {
    package var kind: EntryKind
    /// Components below the transfer's root joined by `/`: bytes, not text. Empty for a withdrawal. Of an omission it may be
    /// one component longer than an entry's can be.
    package var path: [UInt8]
    /// Bytes of a file, 0 for folders and links, and for a file of open length until its end is told; for a withdrawal the
    /// number of the entry withdrawn, for an omission the number of its reason.
    package var size: UInt64
    /// Bytes a file takes on the sender's disk: less than `size` where it has holes.
    package var allocated: UInt64
    /// Permission bits, at most 0o777: setuid, setgid and sticky bits never travel. For a withdrawal 1 where the source has
    /// the entry no more.
    package var mode: UInt16
    /// Modification time: seconds since 1970.
    package var seconds: Int64
    /// Modification time: nanoseconds within the second, below 10^9.
    package var nanoseconds: UInt32
    /// Target of a link, else empty.
    package var target: [UInt8]
    /// Number of the first chunk; of the next entry's first chunk where this one has none.
    package var firstChunk: UInt64
    /// Of a file whose length nobody knows before it is read to its end: the chunk numbers set aside for it. Else 0.
    package var room: UInt64 = 0
    /// It has `room`, and its end has not been told yet: `size` is 0.
    package var isOpen = false

    package init(
        kind: EntryKind, path: [UInt8], size: UInt64 = 0, allocated: UInt64 = 0, mode: UInt16 = 0, seconds: Int64 = 0,
        nanoseconds: UInt32 = 0, target: [UInt8] = [], firstChunk: UInt64 = 0
    ) {
        self.kind = kind
        self.path = path
        self.size = size
        self.allocated = allocated
        self.mode = mode
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.target = target
        self.firstChunk = firstChunk
    }

    /// A file that is sent while it is read, to whichever end it has. `room`: chunk numbers set aside for it.
    package init(
        open path: [UInt8], room: UInt64 = Limits.openRoom, mode: UInt16, seconds: Int64, nanoseconds: UInt32
    ) {
        self.init(kind: .file, path: path, mode: mode, seconds: seconds, nanoseconds: nanoseconds)
        self.room = room
        isOpen = true
    }

    /// Takes back the entry of this number. `isGone`: the source has it no more, so that nobody misses it.
    package init(withdrawing number: UInt64, isGone: Bool) {
        self.init(kind: .withdrawal, path: [], size: number, mode: isGone ? 1 : 0)
    }

    /// Stands at the source and is not offered.
    package init(omitting path: [UInt8], _ reason: SkipReason) {
        self.init(kind: .omission, path: path, size: UInt64(reason.rawValue))
    }

    /// Of an omission: why it is not offered.
    package var omissionReason: SkipReason? {
        guard kind == .omission, let code = UInt8(exactly: size), let reason = SkipReason(rawValue: code) else {
            return nil
        }
        return reason.isOmission ? reason : nil
    }

    /// A path of this kind's bounds, which leads nowhere else; none of a withdrawal.
    package var hasSoundPath: Bool {
        switch kind {
        case .file, .folder, .link: EntryPath.isValid(path)
        case .withdrawal: path.isEmpty
        case .omission: EntryPath.isOmissible(path)
        }
    }

    /// Says of its kind what a size can.
    package var hasSoundSize: Bool {
        switch kind {
        case .file, .withdrawal: true
        case .folder, .link: size == 0
        case .omission: omissionReason != nil
        }
    }

    /// A withdrawal of what the source has no more.
    package var isOfGone: Bool { kind == .withdrawal && mode == 1 }

    /// Room is a file's, and holds what is told of it.
    package var hasSoundRoom: Bool {
        guard room > 0 else { return !isOpen }
        return kind == .file && (isOpen ? size == 0 : size <= room * UInt64(Limits.openChunk))
    }

    package func write(into buffer: inout ByteBuffer) {
        buffer.writeInteger(kind.rawValue)
        buffer.writeCountedBytes(path)
        buffer.writeVarint(size)
        buffer.writeVarint(allocated)
        buffer.writeInteger(mode)
        buffer.writeInteger(seconds)
        buffer.writeInteger(nanoseconds)
        buffer.writeCountedBytes(target)
        buffer.writeVarint(firstChunk)
        buffer.writeVarint(room << 1 | (isOpen ? 1 : 0))
    }

    /// Reads one entry. Lengths and ranges are checked here; whether the path may be written to is `EntryPath`'s word.
    package init(reading buffer: inout ByteBuffer) throws(WireError) {
        let code = try buffer.wireUInt8("entry kind")
        guard let kind = EntryKind(rawValue: code) else { throw .unknown("entry kind", UInt64(code)) }
        self.kind = kind
        path = try buffer.wireBytes("path", limit: kind == .omission ? Limits.omittedPath : Limits.path)
        size = try buffer.wireVarint("file size", limit: UInt64(Int64.max))
        allocated = try buffer.wireVarint("allocated size", limit: UInt64(Int64.max))
        guard let mode = buffer.readInteger(as: UInt16.self), let seconds = buffer.readInteger(as: Int64.self)
        else { throw .truncated("manifest entry") }
        self.mode = mode
        self.seconds = seconds
        nanoseconds = try buffer.wireUInt32("modification time")
        target = try buffer.wireBytes("link target", limit: Limits.path)
        firstChunk = try buffer.wireVarint("first chunk", limit: Limits.chunks)
        let length = try buffer.wireVarint("open length", limit: Limits.openRoom << 1 | 1)
        room = length >> 1
        isOpen = length & 1 == 1
        guard hasSoundRoom else { throw .invalid("open length") }
        guard mode & ~0o777 == 0 else { throw .invalid("file mode") }
        guard nanoseconds < 1_000_000_000 else { throw .invalid("modification time") }
        guard (kind == .link) == !target.isEmpty, !target.contains(0) else { throw .invalid("link target") }
        guard (kind == .withdrawal) == path.isEmpty else { throw .invalid("path") }
        guard hasSoundSize else { throw .invalid("file size") }
    }
}
