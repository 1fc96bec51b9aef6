import CPosix
import Glibc

/// Lets a thread sleep in poll(2) until another one wakes it, or a descriptor is ready.
final class WakeUp: Sendable {
    private let reading: Descriptor
    private let writing: Descriptor

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        _ = try attempt("pipe") { Int(mesh_wake_pipe(&ends)) }
        reading = Descriptor(Int(ends[0]))
        writing = Descriptor(Int(ends[1]))
    }

    /// A full pipe wakes as well.
    func wake() {
        var byte: UInt8 = 0
        _ = try? writing.call("wake") { write($0, &byte, 1) }
    }

    /// True where `descriptor` is ready for one of `events`, has ended or failed.
    @discardableResult
    func sleep(until descriptor: Descriptor? = nil, events: Int16 = Int16(POLLIN)) -> Bool {
        withExtendedLifetime(descriptor) {
            var waits = [pollfd(fd: reading.forPoll, events: Int16(POLLIN), revents: 0)]
            if let descriptor { waits.append(pollfd(fd: descriptor.forPoll, events: events, revents: 0)) }
            _ = poll(&waits, nfds_t(waits.count), -1)
            if waits[0].revents != 0 { drain() }
            return waits.count > 1 && waits[1].revents != 0
        }
    }

    private func drain() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while case let count? = try? reading.call("wake", { Glibc.read($0, &bytes, bytes.count) }), count > 0 {}
    }
}
