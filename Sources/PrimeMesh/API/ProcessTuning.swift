import CPosix

/// For programs that are there to move files.
public enum ProcessTuning {
    /// Sets the C library's allocator up for buffers of 128 KiB to 4 MiB that come and go thousands of times a second. It
    /// concerns the whole process, so the library does not do it by itself: to be called first of all, before other threads
    /// have begun.
    public static func apply() { mesh_tune_malloc() }
}
