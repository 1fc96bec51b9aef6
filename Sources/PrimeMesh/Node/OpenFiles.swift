import Glibc

/// How many files this process may have open. Too few would fail here and there, in libraries that end the program for
/// it: it is seen to once, at the start.
enum OpenFiles {
    /// The receiver's 128 parts and 64 folders, or the sender's 64 files and 32 folders; eight lanes and as many that are being dialed,
    /// control link, listeners and discovery (40); two journals of six connections (40); event loops, standard streams
    /// and what files they bring with them (20): 292, and room.
    static let needed: UInt64 = 384

    /// What a limit asks to be done.
    enum Verdict: Equatable {
        case enough
        /// The soft limit may be raised so far without any right.
        case raise(to: UInt64)
        case tooFew(UInt64)
    }

    static func judge(soft: UInt64, hard: UInt64) -> Verdict {
        if soft >= needed { return .enough }
        return hard >= needed ? .raise(to: needed) : .tooFew(hard)
    }

    /// Raises this process's limit where it must, or says that it cannot.
    static func secure() throws(MeshError) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        switch judge(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max)) {
        case .enough: return
        case .raise(let count):
            limit.rlim_cur = rlim_t(count)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 else { return }
            throw tooFew(UInt64(limit.rlim_max))
        case .tooFew(let count): throw tooFew(count)
        }
    }

    private static func tooFew(_ count: UInt64) -> MeshError {
        MeshError(
            .disk,
            "only \(count) open files are allowed here, and pmesh needs \(needed): raise the limit (ulimit -n 1024) and run the same command again"
        )
    }
}
