import CPosix
import Glibc

/// An open folder. All calls but those that open by path take one component and do not follow it, so that none can lead
/// elsewhere; `openFollowing` says in its name that it may.
struct Folder: Sendable {
    /// Opened with O_PATH, or for reading where names are listed.
    let descriptor: Descriptor

    init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
    }

    /// Opens a path that a person gave; links in it are followed.
    init(path: [UInt8]) throws(SystemError) {
        let flags = mesh_o_path | O_DIRECTORY | O_CLOEXEC
        descriptor = Descriptor(try attempt("open") { path.withPath { Int(Glibc.open($0, flags)) } })
    }

    // MARK: opening

    /// Opens `name` without following it.
    func open(_ name: [UInt8], _ flags: Int32, mode: mode_t = 0) throws(SystemError) -> Descriptor {
        let flags = flags | O_NOFOLLOW | O_CLOEXEC
        return Descriptor(try descriptor.call("open") { at in name.withPath { Int(openat(at, $0, flags, mode)) } })
    }

    /// Opens `name`, or what the link of that name leads to.
    func openFollowing(_ name: [UInt8], _ flags: Int32) throws(SystemError) -> Descriptor {
        Descriptor(try descriptor.call("open") { at in name.withPath { Int(openat(at, $0, flags | O_CLOEXEC)) } })
    }

    /// Opens a folder in this one, needing no permission to read it.
    func folder(_ name: [UInt8]) throws(SystemError) -> Folder {
        Folder(try open(name, mesh_o_path | O_DIRECTORY))
    }

    /// Opens what lies at the components of `path`, none of which may be a link. One call where the kernel can.
    func openBeneath(_ path: ArraySlice<[UInt8]>, _ flags: Int32) throws(SystemError) -> Descriptor {
        let joined = Array(path.joined(separator: [UInt8(ascii: "/")]))
        do {
            let flags = flags | O_NOFOLLOW | O_CLOEXEC
            let number = try descriptor.call("open") { at in
                joined.withPath { Int(mesh_open_beneath(at, $0, flags)) }
            }
            return Descriptor(number)
        } catch {
            switch error.code {
            // Not known to the kernel or forbidden by a sandbox; a rename raced with it; longer than one call takes.
            case ENOSYS, EPERM, EINVAL, E2BIG, EAGAIN, ENAMETOOLONG: return try openStepwise(path, flags)
            default: throw error
            }
        }
    }

    /// The same, component by component.
    func openStepwise(_ path: ArraySlice<[UInt8]>, _ flags: Int32) throws(SystemError) -> Descriptor {
        guard let last = path.last else { throw SystemError(EINVAL, "open") }
        var here = self
        for name in path.dropLast() { here = try here.folder(name) }
        return try here.open(last, flags)
    }

    // MARK: looking

    func status(_ name: [UInt8]) throws(SystemError) -> FileStatus {
        var raw = mesh_status()
        try descriptor.call("stat") { at in name.withPath { Int(mesh_status_at(at, $0, &raw)) } }
        return FileStatus(raw)
    }

    /// Nil where nothing has this name.
    func statusIfPresent(_ name: [UInt8]) throws(SystemError) -> FileStatus? {
        do { return try status(name) } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }

    /// Whether this user may read the file `name`.
    func checkReadable(_ name: [UInt8]) throws(SystemError) {
        try descriptor.call("read") { at in name.withPath { Int(faccessat(at, $0, R_OK, AT_EACCESS)) } }
    }

    func linkTarget(_ name: [UInt8]) throws(SystemError) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = try descriptor.call("readlink") { at in
            target.withUnsafeMutableBytes { room in
                let text = room.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
                return name.withPath { readlinkat(at, $0, text, room.count) }
            }
        }
        return Array(target.prefix(count))
    }

    // MARK: changing

    /// Makes a folder that this user alone can enter; one that is there already is fine.
    func makeFolder(_ name: [UInt8]) throws(SystemError) {
        do { try descriptor.call("mkdir") { at in name.withPath { Int(mkdirat(at, $0, 0o700)) } } } catch {
            guard error.code == EEXIST else { throw refused(error) }
        }
    }

    /// ENOENT from making something in a folder that is there: some file systems (FUSE) refuse a name like this.
    private func refused(_ error: SystemError) -> SystemError {
        guard error.code == ENOENT, (try? descriptor.status().links) ?? 0 > 0 else { return error }
        return SystemError(EINVAL, error.operation)
    }

    /// Makes a link; false where the name is taken.
    func makeLink(_ name: [UInt8], target: [UInt8]) throws(SystemError) -> Bool {
        do {
            try descriptor.call("symlink") { at in
                target.withPath { target in name.withPath { Int(symlinkat(target, at, $0)) } }
            }
            return true
        } catch {
            guard error.code == EEXIST else { throw refused(error) }
            return false
        }
    }

    /// Removes a file or link, if there is one.
    func remove(_ name: [UInt8]) throws(SystemError) {
        do { try descriptor.call("unlink") { at in name.withPath { Int(unlinkat(at, $0, 0)) } } } catch {
            guard error.code == ENOENT else { throw error }
        }
    }

    /// Removes a folder that nothing is in; others stay.
    func removeIfEmpty(_ name: [UInt8]) {
        _ = try? descriptor.call("rmdir") { at in name.withPath { Int(unlinkat(at, $0, AT_REMOVEDIR)) } }
    }

    /// Renames over whatever has the name `to`, in one step; folders are not replaced (EISDIR).
    func replace(_ to: [UInt8], with from: [UInt8]) throws(SystemError) {
        try descriptor.call("rename") { at in
            from.withPath { from in to.withPath { to in Int(renameat(at, from, at, to)) } }
        }
    }

    /// Renames to a name that is free; false where it is taken.
    func move(_ from: [UInt8], to: [UInt8]) throws(SystemError) -> Bool {
        do {
            try descriptor.call("rename") { at in
                from.withPath { from in to.withPath { to in Int(mesh_rename_noreplace(at, from, to)) } }
            }
            return true
        } catch {
            switch error.code {
            case EEXIST: return false
            case EINVAL, ENOSYS: return try moveByLink(from, to: to)
            default: throw error
            }
        }
    }

    /// For file systems without RENAME_NOREPLACE (NFS, many FUSE): a second name, then the first one goes. Where there
    /// are no hard links either, a look before the rename must do: somebody could take the name in between.
    func moveByLink(_ from: [UInt8], to: [UInt8]) throws(SystemError) -> Bool {
        do {
            try descriptor.call("link") { at in
                from.withPath { from in to.withPath { to in Int(linkat(at, from, at, to, 0)) } }
            }
        } catch {
            switch error.code {
            case EEXIST: return false
            case EPERM, ENOTSUP, ENOSYS, EMLINK:
                guard try statusIfPresent(to) == nil else { return false }
                try replace(to, with: from)
                return true
            default: throw error
            }
        }
        try remove(from)
        return true
    }

    /// Sets the mode of `name`, which must not be a link.
    func setMode(_ name: [UInt8], _ mode: UInt16) throws(SystemError) {
        try descriptor.call("chmod") { at in
            name.withPath { Int(fchmodat(at, $0, mode_t(mode), AT_SYMLINK_NOFOLLOW)) }
        }
    }

    /// Gives `name`, itself if it is a link, to another user and group. False where this user may not.
    func setOwner(_ name: [UInt8], _ owner: UInt32, _ group: UInt32) throws(SystemError) -> Bool {
        do {
            try descriptor.call("chown") { at in
                name.withPath { Int(fchownat(at, $0, owner, group, AT_SYMLINK_NOFOLLOW)) }
            }
            return true
        } catch {
            guard error.code == EPERM || error.code == ENOSYS || error.code == EINVAL else { throw error }
            return false
        }
    }

    /// Sets the modification time of `name`, of a link itself too; the access time becomes the same.
    func setModified(_ name: [UInt8], _ seconds: Int64, _ nanoseconds: UInt32) throws(SystemError) {
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        try descriptor.call("utimens") { at in
            withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times in
                times.initialize(repeating: time)
                return name.withPath { Int(utimensat(at, $0, times.baseAddress, AT_SYMLINK_NOFOLLOW)) }
            }
        }
    }
}
