import NIOCore
import Synchronization

/// What strangers may take of a listener before they have shown who they are, and anybody after that. Each number has its
/// check in ``ConnectionTable``, the time limit in `ConnectionGate`.
package struct ConnectionLimits: Hashable, Sendable {
    /// Handshakes under way: one costs about 100 KiB and 2 ms, so 128 of them are 13 MiB and a quarter of a second.
    package var pending = 128
    /// Of these from one address: eight lanes and a control link of one node, and nearly as many of another behind the
    /// same router.
    package var pendingPerAddress = 16
    /// Connections from one address, handshake done or not: seven nodes behind one router at full width.
    package var perAddress = 64
    /// From the connection's first moment until its TLS handshake is done.
    package var handshake = Duration.seconds(10)

    package init() {}
}

/// Counts a listener's connections by source address and says which ones are too many.
final class ConnectionTable: Sendable {
    private struct Count {
        var pending = 0
        var all = 0
    }

    private struct State {
        var pending = 0
        var counts: [String: Count] = [:]
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let limits: ConnectionLimits
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// A connection came from `address`. False: close it, it was not counted.
    func opened(_ channel: any Channel, from address: String) -> Bool {
        state.withLock { state in
            var count = state.counts[address] ?? Count()
            guard !state.isClosed, state.pending < limits.pending, count.pending < limits.pendingPerAddress,
                count.all < limits.perAddress
            else { return false }
            state.pending += 1
            count.pending += 1
            count.all += 1
            state.counts[address] = count
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    /// Its handshake is over, one way or the other.
    func handshakeEnded(from address: String) {
        state.withLock { state in
            state.pending -= 1
            state.counts[address]?.pending -= 1
        }
    }

    /// It is closed; only after ``handshakeEnded(from:)``.
    func closed(_ channel: any Channel, from address: String) {
        state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = nil
            guard var count = state.counts[address] else { return }
            count.all -= 1
            state.counts[address] = count.all == 0 ? nil : count
        }
    }

    /// Closes every connection, in its handshake or after it, and takes no more.
    func closeAll() {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
