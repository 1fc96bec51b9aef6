import MeshChannel
import MeshControl
import MeshTransport
import MeshTrust
import MeshWire

/// Goes to peers: to given addresses, or to those that discovery finds, again and again until one answers.
struct LinkDialer: Sendable {
    let node: NodeContext
    let scope: MeetingScope
    /// Addresses given by the user; empty: discovery is asked.
    let addresses: [NodeAddress]

    /// Between the first two attempts at a given address: 10 ms in nanoseconds.
    private static let firstWait: UInt64 = 10_000_000

    /// The next link, by `deadline` (monotonic nanoseconds). Waits between attempts up to 1 s; a peer that does not
    /// know the code is final only where the user gave its address: discovery may have met a stranger.
    func next(by deadline: UInt64) async throws -> PeerLink {
        // Both commands are often started together: at a given address the other side is about to listen.
        var backoff = addresses.isEmpty ? Backoff() : Backoff(first: Self.firstWait)
        var generator = SystemRandomNumberGenerator()
        var last: (any Error)?
        while true {
            for address in try await candidates(by: deadline) {
                do {
                    return try await link(to: address)
                } catch let error as PeerRejection {
                    throw error
                } catch let error as TransportError where error.isFinal && !addresses.isEmpty {
                    throw error
                } catch {
                    last = error
                }
            }
            try Task.checkCancellation()
            let now = NodeClock.monotonic
            guard now < deadline else { throw last.map(noPeer) ?? noPeer() }
            let wait = min(backoff.next(using: &generator), 1_000_000_000, deadline - now)
            try await Task.sleep(for: .nanoseconds(Int64(wait)))
        }
    }

    /// The first peer that fits among all that can be found by `deadline`; nil where none does.
    func first(by deadline: UInt64, where fits: (PeerIdentity) -> Bool) async throws -> PeerIdentity? {
        while true {
            for address in try await candidates(by: deadline) {
                guard let link = try? await link(to: address) else { continue }
                link.control.close()
                if fits(link.peer) { return link.peer }
            }
            try Task.checkCancellation()
            guard NodeClock.monotonic < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func noPeer(_ last: any Error) -> MeshError {
        let error = MeshError(last)
        return error.code == .other ? MeshError(.noPeer, error.message) : error
    }

    private func noPeer() -> MeshError {
        MeshError(
            .noPeer,
            scope.isCode
                ? "nobody was found under this code: compare it with the sender's screen, check that the sender still waits, or give its address with --peer HOST:PORT"
                : "nobody was found on this machine or network: check that the other side waits, or give its address with --peer HOST:PORT"
        )
    }

    private func candidates(by deadline: UInt64) async throws -> [NodeAddress] {
        guard addresses.isEmpty else { return addresses }
        guard let discoveryScope = scope.discovery else { return [] }
        let (node, limit) = (node, Self.foundLimit)
        let found = await withTaskGroup(of: [FoundNode].self) { group in
            let local = LocalRendezvous(folder: node.home.runtime, group: node.group)
            let network = MulticastDiscovery(group: node.group)
            group.addTask { await local.find(discoveryScope, atMost: limit, within: .milliseconds(300)) }
            group.addTask { await network.find(discoveryScope, atMost: limit, within: .milliseconds(1_000)) }
            var found: [FoundNode] = []
            for await nodes in group {
                found += nodes
                // Who is on this machine is at hand: the network need not be waited for.
                if !nodes.isEmpty, scope.isCode { break }
            }
            group.cancelAll()
            return found
        }
        let own = node.identity.nodeID
        return found.filter { $0.node != own }.flatMap(\.addresses)
    }

    /// Nodes that discovery may answer with.
    private static let foundLimit = 16

    private func link(to address: NodeAddress) async throws -> PeerLink {
        let credentials = try scope.credentials(at: NodeClock.wall)
        let connection = try await node.dialer.dial(
            address, plane: .control, credentials: credentials, timeout: .seconds(10))
        do {
            let peer = try scope.check(connection, plane: .control, pinned: scope.pinned)
            let control = try await ControlLink.open(
                connection, me: node.identity.nodeID, peer: peer.nodeID, clock: { NodeClock.wall })
            var secret: Bytes32?
            if case .code(let code) = scope { secret = code.pinnedSecret }
            return PeerLink(
                control: control, peer: peer, role: .dialer, scope: scope, pin: secret, lanes: PeerLink.usualLanes)
        } catch {
            connection.close()
            throw error
        }
    }
}

extension TransportError {
    /// Waiting does not make it better.
    fileprivate var isFinal: Bool {
        switch self {
        case .unknownAuthority, .untrusted, .incompatible, .credentials: true
        default: false
        }
    }
}
