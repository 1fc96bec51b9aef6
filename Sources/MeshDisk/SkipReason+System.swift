import Glibc
import MeshTransfer
import MeshWire

extension SkipReason {
    /// Why a source cannot be offered.
    init(reading error: SystemError) { self = [EACCES, EPERM].contains(error.code) ? .sourceDenied : .unreadable }

    /// Why the destination cannot hold one entry, where `error` says something about that entry alone. Nil where it is about
    /// the disk, the machine or the whole destination: no space, no more descriptors, read-only, an error of the device.
    init?(_ error: SystemError) {
        switch (error.code, error.operation) {
        case (EFBIG, _), (EINVAL, "truncate"): self = .size
        case (EPERM, "symlink"), (ENOSYS, "symlink"), (ENOTSUP, "symlink"): self = .noLinks
        case (EILSEQ, _): self = .name
        case (EINVAL, "open"), (EINVAL, "stat"), (EINVAL, "mkdir"), (EINVAL, "rename"), (EINVAL, "symlink"):
            self = .name
        case (ENAMETOOLONG, _): self = .longName
        case (ELOOP, _), (EXDEV, _): self = .throughLink
        case (ENOTDIR, _), (EISDIR, _), (EEXIST, _), (ENOTEMPTY, _): self = .inTheWay
        case (EACCES, _), (EPERM, _): self = .denied
        default: return nil
        }
    }
}
