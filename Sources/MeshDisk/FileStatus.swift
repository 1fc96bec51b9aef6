import CPosix
import Glibc
import MeshTransfer
import MeshWire

/// What the file system says about a file.
struct FileStatus: Sendable {
    /// Nil for sockets, fifos and devices, which are never sent nor made.
    let kind: EntryKind?
    /// 12 bits: permissions, setuid, setgid, sticky.
    let mode: UInt16
    let owner: UInt32
    let group: UInt32
    let links: UInt64
    let device: UInt64
    let inode: UInt64
    let size: UInt64
    /// Bytes on the disk.
    let allocated: UInt64
    /// The kernel's lasting number of the mount it was reached by; 0 where it does not tell.
    let mount: UInt64
    /// Modification time: seconds since 1970.
    let seconds: Int64
    /// Modification time: nanoseconds within the second.
    let nanoseconds: UInt32
    /// The object, for the one who writes it.
    let part: PartIdentity
    /// The object, for the one who reads it.
    let source: SourceIdentity

    init(_ raw: mesh_status) {
        kind =
            switch raw.mode & UInt32(S_IFMT) {
            case UInt32(S_IFREG): .file
            case UInt32(S_IFDIR): .folder
            case UInt32(S_IFLNK): .link
            default: nil
            }
        mode = UInt16(raw.mode & 0o7777)
        owner = raw.owner
        group = raw.group
        links = raw.links
        device = raw.device
        inode = raw.inode
        size = raw.size
        allocated = raw.blocks &* 512
        mount = raw.mount
        seconds = raw.modified_seconds
        nanoseconds = raw.modified_nanoseconds
        let born = Self.nanoseconds(raw.born_seconds, raw.born_nanoseconds)
        part = PartIdentity(device: device, inode: inode, born: born)
        let changed = Self.nanoseconds(raw.changed_seconds, raw.changed_nanoseconds)
        source = SourceIdentity(device: device, inode: inode, changed: changed)
    }

    /// Permission bits without setuid, setgid and sticky.
    var permissions: UInt16 { mode & 0o777 }

    /// Wraps around beyond the year 2262: good enough for telling objects apart.
    private static func nanoseconds(_ seconds: Int64, _ rest: UInt32) -> Int64 {
        seconds &* 1_000_000_000 &+ Int64(rest)
    }
}

extension PartIdentity {
    /// The same object: birth times count where the file system told both.
    func isSame(as other: PartIdentity) -> Bool {
        device == other.device && inode == other.inode && (born == other.born || born == 0 || other.born == 0)
    }
}
