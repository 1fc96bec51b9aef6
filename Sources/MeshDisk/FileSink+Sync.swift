import CPosix
import Glibc
package import MeshTransfer

extension FileSink {
    /// Everything written to the destination's file system reaches the disk before this returns (syncfs(2)): one call
    /// for ten thousand files, where an fdatasync each would take minutes. Fails where the disk failed since the sink
    /// was made.
    package func syncAll() throws(DiskError) {
        do throws(SystemError) {
            guard let listing else { throw SystemError(EACCES, "sync") }
            try listing.call("sync") { Int(mesh_sync_filesystem_of($0)) }
        } catch {
            throw DiskError(error, path: destination)
        }
    }
}
