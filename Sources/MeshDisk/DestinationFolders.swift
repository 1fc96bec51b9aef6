import CPosix
import Glibc
import MeshWire

/// The folders below a destination, opened without ever following a link, and made where they are missing.
///
/// The destination itself may be reached by links: it is what a person named. A folder that is moved away while it is
/// open goes on receiving what was meant for it; nothing else can redirect a write.
final class DestinationFolders: Sendable {
    let root: Folder
    private let cache: DescriptorCache<[UInt8], Folder>

    /// Keeps at most `capacity` folders open.
    init(_ root: Folder, capacity: Int) {
        self.root = root
        cache = DescriptorCache(capacity: capacity)
    }

    /// Runs `body` in the folder at `path`. Where it, or a folder above it, is this user's and forbids us to work in it,
    /// it is opened up and `body` runs again: at the end it gets its mode again. The same where a folder was removed while
    /// it was open.
    func with<R>(
        _ path: ArraySlice<[UInt8]>, create: Bool, _ body: (Folder) throws(SystemError) -> R
    ) throws(SystemError) -> R {
        do { return try body(open(path, create: create)) } catch {
            switch error.code {
            case EACCES: guard openUp(path) else { throw error }
            case ENOENT: guard forgetRemoved(path) else { throw error }
            default: throw error
            }
        }
        return try body(open(path, create: create))
    }

    private func open(_ path: ArraySlice<[UInt8]>, create: Bool) throws(SystemError) -> Folder {
        guard let name = path.last else { return root }
        let key = Self.key(path)
        if let known = cache.value(for: key) { return known }
        if let found = try? root.openBeneath(path, mesh_o_path | O_DIRECTORY) {
            return cache.insert(Folder(found), for: key)
        }
        let parent = try open(path.dropLast(), create: create)
        do { return cache.insert(try enter(name, of: parent, create: create), for: key) } catch {
            throw SystemError(error.code, error.operation, subject: key)
        }
    }

    private func enter(_ name: [UInt8], of parent: Folder, create: Bool) throws(SystemError) -> Folder {
        do { return try parent.folder(name) } catch {
            switch error.code {
            case ENOENT where create:
                try parent.makeFolder(name)
                return try parent.folder(name)
            case ENOTDIR, ELOOP:
                let isLink = try parent.statusIfPresent(name)?.kind == .link
                throw SystemError(isLink ? ELOOP : ENOTDIR, error.operation)
            default: throw error
            }
        }
    }

    /// Gives this user all rights to its own folders down to `path`. False where nothing was to be done.
    private func openUp(_ path: ArraySlice<[UInt8]>) -> Bool {
        var here = root
        var isChanged = false
        for name in path {
            guard let status = try? here.status(name), status.kind == .folder else { break }
            if status.owner == geteuid(), status.permissions & 0o700 != 0o700 {
                guard (try? here.setMode(name, status.mode | 0o700)) != nil else { break }
                isChanged = true
            }
            guard let inner = try? here.folder(name) else { break }
            here = inner
        }
        return isChanged
    }

    /// False where none of the open folders down to `path` was removed.
    private func forgetRemoved(_ path: ArraySlice<[UInt8]>) -> Bool {
        var rest = path
        while !rest.isEmpty {
            if let known = cache.value(for: Self.key(rest)), (try? known.descriptor.status())?.links == 0 {
                cache.removeAll()
                return true
            }
            rest.removeLast()
        }
        return false
    }

    private static func key(_ path: ArraySlice<[UInt8]>) -> [UInt8] {
        Array(path.joined(separator: [UInt8(ascii: "/")]))
    }
}
