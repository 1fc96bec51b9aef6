import MeshDisk

extension NodeHome {
    /// The files by which a node is itself and that nobody else may have: key, authority, memberships, journal, settings.
    /// Its sockets are never sent, as no sockets are.
    var ownFiles: Set<FileKey> {
        let data = ["node.key", "mesh.authority", "mesh.json"].map { self.data + "/\($0)".utf8 }
        let journals = ["", "-wal", "-shm", "-journal"].map { journal + $0.utf8 }
        return FileKey.all(at: data + journals + [config + "/config.json".utf8])
    }
}
