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

    /// The next link, by `deadline` (monotonic nanoseconds). Waits between attempts up to 1 s. A rejection is final where
    /// the user gave the address, or the code: in a mesh, discovery may have met an address that is somebody else's by now.
    func next(by deadline: UInt64) async throws -> PeerLink {
        // Both commands are often started together: at a given address the other side is about to listen.
        var backoff = addresses.isEmpty ? Backoff() : Backoff(first: Self.firstWait)
        var generator = SystemRandomNumberGenerator()
        var last: (any Error)?
        repeat {
            let candidates = try await candidates()
            let race = await race(candidates)
            if let link = race.link { return link }
            try Task.checkCancellation()
            last = race.errors.last ?? last
            if let last, !candidates.isEmpty, race.errors.count(where: isFinal) == candidates.count { throw last }
            // A search that found nobody has waited already, and ears that are closed hear no announcement.
            let now = NodeClock.monotonic
            if candidates.isEmpty || now >= deadline { continue }
            let wait = min(backoff.next(using: &generator), 1_000_000_000, deadline - now)
            try await Task.sleep(for: .nanoseconds(Int64(wait)))
        } while NodeClock.monotonic < deadline
        throw last.map(noPeer) ?? noPeer()
    }

    /// What happens in a race: an attempt ended, or had its turn.
    private enum RaceEvent: Sendable {
        case ended(Result<PeerLink, any Error>)
        case turnPassed(of: Int)
    }

    /// The first link of several attempts, begun in the order of `AddressRace`. Later links are closed.
    private func race(_ candidates: [NodeAddress]) async -> (link: PeerLink?, errors: [any Error]) {
        var race = AddressRace(count: candidates.count)
        var first: PeerLink?
        var errors: [any Error] = []
        await withTaskGroup(of: RaceEvent.self) { group in
            begin(race.start(), of: candidates, in: &group)
            while !race.isLost, let event = await group.next() {
                switch event {
                case .ended(.success(let link)) where first == nil:
                    first = link
                    group.cancelAll()
                case .ended(.success(let link)): link.control.close()
                case .ended(.failure(let error)):
                    errors.append(error)
                    begin(race.failed(), of: candidates, in: &group)
                case .turnPassed(let attempt): begin(race.turnPassed(of: attempt), of: candidates, in: &group)
                }
            }
            group.cancelAll()
        }
        return (first, errors)
    }

    /// After a race that was won, or whose task was cancelled, nothing begins. There are as many attempts as the user gave
    /// addresses, or at most 16 for each of the nodes that discovery may answer with.
    private func begin(_ attempt: Int?, of candidates: [NodeAddress], in group: inout TaskGroup<RaceEvent>) {
        guard let attempt else { return }
        let address = candidates[attempt]
        _ = group.addTaskUnlessCancelled {
            do { return .ended(.success(try await self.link(to: address))) } catch { return .ended(.failure(error)) }
        }
        _ = group.addTaskUnlessCancelled {
            try? await Task.sleep(for: AddressRace.turn)
            return .turnPassed(of: attempt)
        }
    }

    /// Dialing there again leads nowhere, and the user should hear of it.
    private func isFinal(_ error: any Error) -> Bool {
        switch error {
        case is PeerRejection: !addresses.isEmpty || scope.isCode
        case let error as TransportError: !addresses.isEmpty && error.isFinal
        default: false
        }
    }

    /// The first peer that fits among all that can be found by `deadline`; nil where none does. All are asked side by
    /// side: one that does not answer must not keep the others waiting.
    func first(by deadline: UInt64, where fits: @escaping @Sendable (PeerIdentity) -> Bool) async throws
        -> PeerIdentity?
    {
        while true {
            let candidates = try await candidates()
            let peer = await withTaskGroup(of: PeerIdentity?.self) { group in
                // As many as discovery answers with: `foundLimit` nodes with 16 addresses each.
                for address in candidates { group.addTask { await self.peer(at: address) } }
                defer { group.cancelAll() }
                return await group.first { $0.map(fits) ?? false } ?? nil
            }
            if let peer { return peer }
            try Task.checkCancellation()
            guard NodeClock.monotonic < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Who answers there, nil where nobody does.
    private func peer(at address: NodeAddress) async -> PeerIdentity? {
        guard let link = try? await link(to: address) else { return nil }
        link.control.close()
        return link.peer
    }

    private func noPeer(_ last: any Error) -> MeshError {
        let error = MeshError(last)
        return error.code == .other ? MeshError(.noPeer, error.message) : error
    }

    private func noPeer() -> MeshError {
        MeshError(
            .noPeer,
            scope.isCode
                ? "nobody was found under this code: compare it with the other machine's screen, check that it still waits, or give its address with --peer HOST:PORT"
                : "nobody was found on this machine or network: check that the other side waits, or give its address with --peer HOST:PORT"
        )
    }

    private func candidates() async throws -> [NodeAddress] {
        guard addresses.isEmpty else { return addresses }
        guard let discoveryScope = scope.discovery else {
            try await Task.sleep(for: .seconds(1))
            return []
        }
        let aim = aim
        let found = await withTaskGroup(of: [FoundNode].self) { [node] group in
            let local = LocalRendezvous(folder: node.home.runtime, group: node.group)
            let network = MulticastDiscovery(group: node.group)
            group.addTask { await local.find(discoveryScope, for: aim, within: .milliseconds(300)) }
            group.addTask { await network.find(discoveryScope, for: aim, within: .milliseconds(1_000)) }
            var found: [FoundNode] = []
            for await nodes in group {
                found += nodes
                // Whoever is on this machine is at hand: the network need not be waited for.
                if found.count >= aim.limit { break }
            }
            group.cancelAll()
            return found
        }
        return found.flatMap(\.addresses)
    }

    /// Under a code there is one to be found, in a mesh the one that is wanted; the rest are colleagues.
    private var aim: DiscoveryAim {
        let own = node.identity.nodeID
        if scope.isCode { return .anybody(1, except: own) }
        return scope.pinned.map { .node($0) } ?? .anybody(Self.foundLimit, except: own)
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
