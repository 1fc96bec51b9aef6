#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

// Numbers and values of the kernel's interface, alike on x86_64 and arm64; older headers lack them.
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define NOREPLACE 1u
#define HUGE_PAGE ((uintptr_t)2 << 20)
#define HEAP_RESERVE (64 << 20)
#define NO_MAGICLINKS 0x02u
#define NO_SYMLINKS 0x04u
#define BENEATH 0x08u
#define MNT_ID_UNIQUE 0x4000u

const int mesh_o_path = O_PATH;

int mesh_open_beneath(int folder, const char *path, int flags) {
    struct { uint64_t flags, mode, resolve; } how = {
        .flags = (uint64_t)(unsigned)flags, .resolve = BENEATH | NO_SYMLINKS | NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

// For kernels and sandboxes without statx.
static int old_status(int folder, const char *name, int flags, struct mesh_status *status) {
    struct stat old;
    if (fstatat(folder, name, &old, flags) != 0) return -1;
    *status = (struct mesh_status){
        .device = old.st_dev, .inode = old.st_ino, .size = (uint64_t)old.st_size, .blocks = (uint64_t)old.st_blocks,
        .links = old.st_nlink, .mode = old.st_mode, .owner = old.st_uid, .group = old.st_gid,
        .modified_seconds = old.st_mtim.tv_sec, .modified_nanoseconds = (uint32_t)old.st_mtim.tv_nsec,
        .changed_seconds = old.st_ctim.tv_sec, .changed_nanoseconds = (uint32_t)old.st_ctim.tv_nsec};
    return 0;
}

static int status_of(int folder, const char *name, int flags, struct mesh_status *status) {
    struct statx new;
    unsigned mask = STATX_BASIC_STATS | STATX_BTIME | MNT_ID_UNIQUE;
    if (statx(folder, name, flags, mask, &new) != 0)
        return errno == ENOSYS || errno == EPERM ? old_status(folder, name, flags, status) : -1;
    *status = (struct mesh_status){
        .device = makedev(new.stx_dev_major, new.stx_dev_minor), .inode = new.stx_ino, .size = new.stx_size,
        .blocks = new.stx_blocks, .links = new.stx_nlink, .mode = new.stx_mode, .owner = new.stx_uid, .group = new.stx_gid,
        .modified_seconds = new.stx_mtime.tv_sec, .modified_nanoseconds = new.stx_mtime.tv_nsec,
        .changed_seconds = new.stx_ctime.tv_sec, .changed_nanoseconds = new.stx_ctime.tv_nsec};
    if (new.stx_mask & STATX_BTIME) {
        status->born_seconds = new.stx_btime.tv_sec;
        status->born_nanoseconds = new.stx_btime.tv_nsec;
    }
    // The number without "unique" is given to the next mount once it is free.
    if (new.stx_mask & MNT_ID_UNIQUE) status->mount = new.stx_mnt_id;
    return 0;
}

int mesh_status_at(int folder, const char *name, struct mesh_status *status) {
    return status_of(folder, name, AT_SYMLINK_NOFOLLOW, status);
}

int mesh_status_of(int descriptor, struct mesh_status *status) {
    return status_of(descriptor, "", AT_EMPTY_PATH, status);
}

int64_t mesh_filesystem_of(int descriptor) {
    struct statfs info;
    return fstatfs(descriptor, &info) == 0 ? (int64_t)(uint32_t)info.f_type : -1;
}

int mesh_rename_noreplace(int folder, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, folder, from, folder, to, NOREPLACE);
}

int mesh_punch_hole(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int mesh_sync_filesystem_of(int descriptor) {
    return syncfs(descriptor);
}

int64_t mesh_next_data(int descriptor, int64_t offset) {
    return lseek(descriptor, offset, SEEK_DATA);
}

int mesh_tcp_state_of(int socket, struct mesh_tcp_state *state) {
    // The kernel's own structure: the C library's ends before these times.
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
    if (length < offsetof(struct tcp_info, tcpi_sndbuf_limited) + sizeof info.tcpi_sndbuf_limited) {
        errno = ENOSYS;
        return -1;
    }
    *state = (struct mesh_tcp_state){
        .busy = info.tcpi_busy_time, .window_limited = info.tcpi_rwnd_limited,
        .buffer_limited = info.tcpi_sndbuf_limited, .repeats = info.tcpi_retransmits};
    return 0;
}

int mesh_wake_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

int mesh_duplicate(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

#ifdef __GLIBC__
/// Heap that nothing touches yet, to be backed by huge pages as it comes into use.
static void mesh_reserve_heap(void) {
    mallopt(M_TOP_PAD, HEAP_RESERVE);
    char *first = malloc(1 << 20);
    char *end = sbrk(0);
    free(first);
    mallopt(M_TOP_PAD, 1 << 20);
    uintptr_t start = ((uintptr_t)first + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    uintptr_t stop = (uintptr_t)end & ~(HUGE_PAGE - 1);
    // Another allocator in the C library's place, as a sanitizer's, has its memory elsewhere.
    if (first && start < stop && stop - start <= 2 * HEAP_RESERVE) madvise((void *)start, stop - start, MADV_HUGEPAGE);
}
#endif

int mesh_tune_malloc(void) {
#ifdef __GLIBC__
    // What is above 16 MiB and finds no room in the heap goes back to the system when it is freed; the heap itself only
    // beyond twice its reserve. One arena: what one thread frees, the next one to ask gets while it is still in a cache.
    // With many cores their threads would wait for its lock, which nobody has measured: there are two then.
    int all = mallopt(M_MMAP_THRESHOLD, 16 << 20) && mallopt(M_TRIM_THRESHOLD, 2 * HEAP_RESERVE)
        && mallopt(M_ARENA_MAX, get_nprocs() > 4 ? 2 : 1);
    mesh_reserve_heap();
    return all;
#else
    return 0;
#endif
}

int mesh_lock_shared(int descriptor) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

int mesh_is_locked(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 ? lock.l_type != F_UNLCK : -1;
}
