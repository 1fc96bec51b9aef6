import CPosix
import Glibc
package import MeshTransfer

/// The mount that a folder lies on: what was written before a restart of the program is trusted only where this is
/// the same and local.
package struct MountIdentity: Hashable, Sendable {
    /// The kernel's number of the mount, which no other one ever has; 0 where it tells none of this kind (before Linux 6.8).
    package let mount: UInt64
    package let device: UInt64
    /// False for file systems that another machine or program answers for: what they took may still be lost.
    package let isLocal: Bool
    /// False for file systems that make the numbers of their files up anew at each mount.
    package let keepsInodes: Bool

    /// Looks up the mount of the folder at `path`.
    package init(path: [UInt8]) throws(DiskError) {
        do { self = try MountIdentity(Folder(path: path).descriptor) } catch { throw DiskError(error, path: path) }
    }

    init(_ descriptor: Descriptor) throws(SystemError) {
        let status = try descriptor.status()
        let type = try descriptor.fileSystem()
        mount = status.mount
        device = status.device
        isLocal = !Self.remote.contains(type)
        keepsInodes = !Self.numbering.contains(type)
    }

    /// For the journal, in one line; equal exactly where the identities are. Nil where a later mount may look alike.
    package var text: String? {
        guard mount != 0 else { return nil }
        return "\(mount):\(device):\(isLocal ? "local" : "remote")"
    }

    /// Magic numbers of statfs(2).
    private static let remote: Set<UInt32> = [
        0x6969,  // NFS
        0x517b, 0xff53_4d42, 0xfe53_4d42,  // SMB, CIFS, SMB2
        0x6573_5546,  // FUSE
        0x0102_1997,  // 9P
        0x00c3_6400,  // Ceph
        0x5346_414f, 0x6b41_4653,  // AFS
        0x7375_7245,  // Coda
        0x0116_1970,  // GFS2
        0x7461_636f,  // OCFS2
        0x0bd0_0bd0,  // Lustre
        0x786f_4256,  // VirtualBox shared folders
        0x1983_0326,  // BeeGFS
        0x4750_4653,  // GPFS
        0x564c,  // NCP
    ]

    /// Those that have no numbers on the disk, or may have none.
    private static let numbering: Set<UInt32> = [
        0x4d44, 0x2011_bab0,  // FAT, exFAT
        0x6573_5546,  // FUSE
        0x517b, 0xff53_4d42, 0xfe53_4d42,  // SMB, CIFS, SMB2
        0x0102_1997,  // 9P
        0x786f_4256,  // VirtualBox shared folders
    ]
}

extension Descriptor {
    /// The magic number of the file system, as in statfs(2).
    fileprivate func fileSystem() throws(SystemError) -> UInt32 {
        UInt32(truncatingIfNeeded: try call("statfs") { Int(mesh_filesystem_of($0)) })
    }
}

extension Folder {
    /// Whether its files are the kernel's, made while they are read: their sizes say nothing of what there is to read.
    var isOfKernel: Bool {
        guard let type = try? descriptor.fileSystem() else { return false }
        return Self.kernel.contains(type)
    }

    /// Whether its files have the same numbers at each mount.
    var keepsInodes: Bool { (try? MountIdentity(descriptor).keepsInodes) ?? true }

    /// Magic numbers of statfs(2).
    private static let kernel: Set<UInt32> = [
        0x9fa0,  // proc
        0x6265_6572,  // sysfs
        0x6462_6720, 0x7472_6163,  // debugfs, tracefs
        0x0027_e0eb, 0x6367_7270,  // cgroups
        0x6265_6570, 0x7363_6673,  // configfs, securityfs
        0x6165_676c, 0xcafe_4a11,  // pstore, bpf
        0xf97c_ff8c, 0xde5e_81e4,  // selinux, efivars
    ]
}

/// The machine's present boot.
package enum BootIdentity {
    /// A text that each boot draws anew; nil where the kernel does not tell, and then nothing unsynced is trusted.
    package static func current() -> String? {
        let path = Array("/proc/sys/kernel/random/boot_id".utf8)
        guard let number = try? attempt("open", { path.withPath { Int(open($0, O_RDONLY | O_CLOEXEC)) } }),
            let bytes = try? Descriptor(number).readAll(limit: 64)
        else { return nil }
        let text = String(decoding: bytes.prefix { $0 > UInt8(ascii: " ") && $0 < 0x7f }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
