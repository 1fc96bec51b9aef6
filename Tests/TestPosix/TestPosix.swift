// The structures of the system that tests need. In a target of their own that imports nothing else: beside zlib's header the
// compiler finds `stat` and `timespec` in a module that differs from build to build.
import Glibc

/// Whether `name` in the open folder `folder` is a regular file and no link to one.
package func isRegularFile(_ folder: Int32, _ name: String) -> Bool {
    var status = stat()
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFREG
}

/// Gives a file, folder or link itself this time: seconds since 1970, and nanoseconds.
package func setModified(_ path: String, _ seconds: Int, _ nanoseconds: Int) {
    var time = timespec()
    time.tv_sec = seconds
    time.tv_nsec = nanoseconds
    utimensat(AT_FDCWD, path, [time, time], AT_SYMLINK_NOFOLLOW)
}
