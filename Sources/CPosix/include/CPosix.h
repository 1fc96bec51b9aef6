#pragma once

// What Swift cannot call itself: system calls and constants that glibc shows under _GNU_SOURCE alone, and variadic
// ones. Functions answer -1 and set errno as the calls they stand for do.

#include <stdint.h>

/// What statx tells about a file. Times are seconds and nanoseconds since 1970; `born` is 0 where it is not kept.
struct mesh_status {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    /// Blocks of 512 bytes, whatever the file system's own.
    uint64_t blocks;
    /// The mount it was reached by: unique since boot from Linux 6.8 on, else possibly used again after an unmount.
    uint64_t mount;
    uint64_t links;
    int64_t modified_seconds;
    int64_t changed_seconds;
    int64_t born_seconds;
    uint32_t modified_nanoseconds;
    uint32_t changed_nanoseconds;
    uint32_t born_nanoseconds;
    uint32_t mode;
    uint32_t owner;
    uint32_t group;
};

/// What the kernel tells of a TCP connection (TCP_INFO of Linux 4.10 and later).
struct mesh_tcp_state {
    /// Microseconds since it was made in which something was under way or waited to leave.
    uint64_t busy;
    /// Of these: the receiver's window let no more leave.
    uint64_t window_limited;
    /// Of these: the sending buffer was full.
    uint64_t buffer_limited;
    /// How often, one after another, the oldest bytes were sent again without an answer.
    uint32_t repeats;
};

extern const int mesh_o_path;

/// openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS; ENOSYS before Linux 5.6.
int mesh_open_beneath(int folder, const char *path, int flags);
/// statx of a name in `folder` without following it.
int mesh_status_at(int folder, const char *name, struct mesh_status *status);
/// statx of a descriptor, one opened with O_PATH included.
int mesh_status_of(int descriptor, struct mesh_status *status);
/// fstatfs: the magic number of the file system's type.
int64_t mesh_filesystem_of(int descriptor);
/// renameat2 with RENAME_NOREPLACE, within one folder; EINVAL where the file system cannot.
int mesh_rename_noreplace(int folder, const char *from, const char *to);
/// fallocate with PUNCH_HOLE and KEEP_SIZE.
int mesh_punch_hole(int descriptor, int64_t offset, int64_t length);
/// syncfs: everything written to the descriptor's file system reaches the disk.
int mesh_sync_filesystem_of(int descriptor);
/// lseek with SEEK_DATA: where the next data at or behind `offset` begins; ENXIO where there is none.
int64_t mesh_next_data(int descriptor, int64_t offset);
/// getsockopt with TCP_INFO; ENOSYS where the kernel tells less than this.
int mesh_tcp_state_of(int socket, struct mesh_tcp_state *state);
/// pipe2 with O_CLOEXEC and O_NONBLOCK.
int mesh_wake_pipe(int ends[2]);
/// fcntl with F_DUPFD_CLOEXEC.
int mesh_duplicate(int descriptor);
/// Keeps freed memory of chunk size for reuse instead of giving it back to the kernel with each chunk, in one arena (two
/// where there are many cores), whose first 64 MiB are backed by huge pages where the system has them to give. To be called once, before any thread starts.
/// Answers 1 when every setting was taken.
int mesh_tune_malloc(void);
/// A shared lock on the whole file or folder that this descriptor opened; it ends with the last copy of the descriptor.
/// -1 with errno where it cannot be had.
int mesh_lock_shared(int descriptor);
/// fcntl with F_OFD_GETLK: 1 where another open descriptor holds a lock, 0 where none does, -1 with errno. Takes none itself.
int mesh_is_locked(int descriptor);
