import Dispatch
import Glibc

/// The two clocks of a node. Below `PrimeMesh` time is an argument; this is where it comes from.
enum NodeClock {
    /// Nanoseconds that never go back and stand still while the machine sleeps.
    static var monotonic: UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// Nanoseconds since 1970, as the machine believes.
    static var wall: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
