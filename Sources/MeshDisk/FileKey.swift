/// One object of a file system, whatever its names.
package struct FileKey: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
}

extension FileKey {
    /// The objects that stand at these paths now; what is not there is none. Links are not followed.
    package static func all(at paths: [[UInt8]]) -> Set<FileKey> {
        Set(
            paths.compactMap { path in
                guard let cut = path.lastIndex(of: UInt8(ascii: "/")) else { return nil }
                let above = cut == path.startIndex ? path[...cut] : path[..<cut]
                return try? Folder(path: Array(above)).status(Array(path[(cut + 1)...])).key
            })
    }
}

extension FileStatus {
    var key: FileKey { FileKey(device: device, inode: inode) }
}
