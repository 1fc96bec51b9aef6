import Glibc
import MeshTransfer
import MeshWire

/// A system call's failure, before it is said which user's path it concerns.
///
/// ESTALE stands for "not the object it was", ENOTDIR and EISDIR for "another kind in the way", ELOOP and EXDEV for
/// "a link in the way": `DiskError` is derived from the number alone, in one place.
struct SystemError: Error, Hashable {
    /// The errno.
    var code: Int32
    /// What was tried, for people: `open`, `write`.
    var operation: String
    /// The path below the destination that it concerns, where that is not the entry's own.
    var subject: [UInt8]?

    init(_ code: Int32, _ operation: String, subject: [UInt8]? = nil) {
        self.code = code
        self.operation = operation
        self.subject = subject
    }
}

/// Calls `body` until no signal interrupts it; answers its result, or throws the errno that goes with a negative one.
func attempt(_ operation: String, _ body: () -> Int) throws(SystemError) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(code, operation) }
    }
}

extension [UInt8] {
    /// The bytes with a NUL behind them, valid inside `body`, which may leave its result in `errno`.
    package func withPath<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { copy in
            withUnsafeBytes { UnsafeMutableRawBufferPointer(copy).copyMemory(from: $0) }
            copy[count] = 0
            // An allocation of one byte or more has an address.
            return body(UnsafePointer(copy.baseAddress.unsafelyUnwrapped))
        }
    }
}

extension DiskError {
    /// The one place where error numbers become errors for people. `path` is given as bytes and escaped here.
    init(_ error: SystemError, path: [UInt8]) {
        let path = EntryPath.escaped(path)
        self =
            switch error.code {
            case ENOSPC, EDQUOT: .full(path: path)
            case EACCES, EPERM, EROFS: .denied(path: path, errno: error.code)
            case ENOENT: .notFound(path: path)
            case ESTALE: .changed(path: path)
            case ELOOP, EXDEV: .escapes(path: path)
            case ENOTDIR, EISDIR, EEXIST: .inTheWay(path: path)
            case EMFILE, ENFILE: .tooManyOpenFiles(path: path)
            default: .failed(path: path, operation: error.operation, errno: error.code)
            }
    }
}
