import Glibc
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

@Suite struct FileSinkErrorTests {
    private let scratch = Scratch()

    @Test(.enabled(if: canMount, "needs root and mount"))
    func `a full disk is named, and the write works once there is space`() throws {
        try withSmallDisk { path in
            let sink = try sink(path)
            #expect(try sink.freeSpace() <= 1 << 20)
            let bytes = ByteBuffer(bytes: noise(256 * 1024))
            scratch.file("ballast", noise(900 * 1024))
            #expect(shell("cp", scratch("ballast"), path + "/ballast"))
            let entry = received("file", size: 256 * 1024)
            #expect(throws: DiskError.full(path: path + "/file")) {
                try sink.write(entry, offset: 0, length: 256 * 1024, slices: [bytes])
            }
            unlink(path + "/ballast")
            _ = try sink.write(entry, offset: 0, length: 256 * 1024, slices: [bytes])
            #expect(try sink.finish(entry, rule: .rename).state == .finished)
        }
    }

    @Test(.enabled(if: canMount, "needs root and mount"))
    func `a disk that became read-only`() throws {
        try withSmallDisk { path in
            let sink = try sink(path)
            let entry = try sink.put(received("file"))
            sink.release(entry)
            #expect(shell("mount", "-o", "remount,ro", path))
            let denied = DiskError.denied(path: path + "/file", errno: EROFS)
            #expect(throws: denied) { try sink.finish(entry, rule: .rename) }
            #expect(throws: denied) { try sink.put(received("file", number: 1)) }
            #expect(throws: denied) { try sink.discard(entry) }
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may do everything"))
    func `a destination that forbids writing is not opened up`() throws {
        let sink = try sink(scratch.folder("out", mode: 0o500))
        #expect(throws: DiskError.denied(path: scratch("out/file"), errno: EACCES)) { try sink.put(received("file")) }
        #expect(scratch("out").mode == 0o500)
    }

    @Test(arguments: [
        (ENOSPC, "no space left"), (EDQUOT, "no space left"), (EACCES, "no permission"), (EROFS, "no permission"),
        (ENOENT, "does not exist"), (ESTALE, "changed"), (ELOOP, "link"), (EXDEV, "link"), (ENOTDIR, "another kind"),
        (EMFILE, "too many open files"), (EIO, "rename of /x\\x0ay failed"), (ENAMETOOLONG, "too long"),
    ])
    func `error numbers become sentences`(_ code: Int32, _ part: String) {
        let error = DiskError(SystemError(code, "rename"), path: "/x\ny".bytes)
        #expect("\(error)".contains(part))
        #expect("\(error)".contains("/x\\x0ay"))
    }

    /// What is about one entry leaves that one out; what is about the disk or the machine ends the transfer.
    @Test(
        arguments: [
            (EINVAL, "rename", .name), (EINVAL, "mkdir", .name), (EILSEQ, "open", .name),
            (ENAMETOOLONG, "rename", .longName),
            (EFBIG, "truncate", .size), (EFBIG, "write", .size), (EINVAL, "truncate", .size),
            (EPERM, "symlink", .noLinks),
            (ENOSYS, "symlink", .noLinks), (EISDIR, "rename", .inTheWay), (ENOTDIR, "open", .inTheWay),
            (ELOOP, "open", .throughLink), (EACCES, "open", .denied), (ENOSPC, "write", nil), (EDQUOT, "write", nil),
            (EROFS, "open", nil), (EIO, "write", nil), (EMFILE, "open", nil), (EINVAL, "write", nil),
            (ESTALE, "open", nil),
        ] as [(Int32, String, SkipReason?)])
    func `errors of one entry`(_ code: Int32, _ operation: String, _ reason: SkipReason?) {
        #expect(SkipReason(SystemError(code, operation)) == reason)
    }

    @Test func `a name that is too long, a file that is too large`() throws {
        let sink = try sink(scratch.path)
        // ext4, tmpfs and others end below 2^63 - 1 bytes.
        let large = received("file", size: Int.max, allocated: 0)
        let error = #expect(throws: DiskError.self) { try sink.write(large, offset: 0, length: 0, slices: []) }
        #expect(error == .unfit(path: scratch("file"), .size))
        try sink.discard(large)
        #expect(scratch.path.names.isEmpty)
    }

    @Test func `a signal only repeats the call`() throws {
        var calls = 0
        let result = try attempt("read") {
            calls += 1
            errno = EINTR
            return calls == 3 ? 7 : -1
        }
        #expect(result == 7)
        #expect(throws: SystemError(EIO, "read")) {
            try attempt("read") {
                errno = EIO
                return -1
            }
        }
    }
}
