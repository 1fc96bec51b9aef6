import MeshChannel
import MeshControl
import MeshTransport
import MeshTrust
import MeshWire

/// Waits for peers: listens, announces, checks who comes, and hands out their links one after the other.
final class LinkListener: Sendable {
    let listener: NodeListener
    private let node: NodeContext
    let scope: MeetingScope
    private let registry: ChannelRegistry
    /// Links that came and were not taken yet.
    let arrivals = Arrivals<PeerLink>()
    private let dataAddresses: [NodeAddress]
    /// Wrong attempts at the code that the journal does not know of yet: at most 1,000, for then the code is burned.
    private let attempts: AsyncStream<Void>

    /// Takes its addresses, by the plan of what the user gave.
    static func open(
        node: NodeContext, scope: MeetingScope, options: MeetingOptions, registry: ChannelRegistry
    ) async throws -> LinkListener {
        let (attempts, failed) = AsyncStream.makeStream(of: Void.self)
        let plan = ListeningPlan(control: options.listen, data: options.dataListen)
        let listener = try await bind(plan) { attempt in
            try await NodeListener.bind(
                NodeListener.Configuration(control: attempt.control, data: attempt.data), group: node.group,
                contexts: node.contexts, credentials: { scope.credentials(for: $0, from: $1) },
                rejected: { address, reason in
                    guard case .code(let code) = scope, reason.isWrongCode else { return }
                    if code.attemptFailed(from: address) { failed.yield() }
                })
        }
        return LinkListener(
            listener, node: node, scope: scope, registry: registry, hasData: !options.dataListen.isEmpty,
            attempts: attempts)
    }

    /// The first set of addresses that is free; the first one's trouble where none is.
    private static func bind(
        _ plan: ListeningPlan, _ bind: (ListeningPlan.Attempt) async throws -> NodeListener
    ) async throws -> NodeListener {
        var first: (any Error)?
        for attempt in plan.attempts {
            do { return try await bind(attempt) } catch { first = first ?? error }
        }
        throw first ?? CancellationError()
    }

    /// Where others reach this node: no address of these stands for all. Link-local ones are of no use to a person on
    /// another machine, whose zone is its own, and are named only where there are no others.
    var reachable: [NodeAddress] {
        let all = listener.controlAddresses.flatMap(LocalAddresses.reachable)
        let wide = all.filter { !LocalAddresses.isLinkLocal($0.host) }
        return wide.isEmpty ? all : wide
    }

    private init(
        _ listener: NodeListener, node: NodeContext, scope: MeetingScope, registry: ChannelRegistry, hasData: Bool,
        attempts: AsyncStream<Void>
    ) {
        self.listener = listener
        self.node = node
        self.scope = scope
        self.registry = registry
        dataAddresses = hasData ? listener.dataAddresses : []
        self.attempts = attempts
    }

    /// Serves until its task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.announce(LocalRendezvous(folder: self.node.home.runtime, group: self.node.group))
            }
            group.addTask { await self.announce(MulticastDiscovery(group: self.node.group)) }
            group.addTask { await self.keepAttempts() }
            await listener.run { connection in await self.accept(connection) }
            group.cancelAll()
        }
        for link in arrivals.finish() { link.control.close() }
    }

    /// A journal that fails here fails where it is needed, too: the count in memory goes on.
    private func keepAttempts() async {
        guard case .code(let code) = scope else { return }
        for await _ in attempts { try? await code.keepAttempt() }
    }

    /// Being found is a convenience: where it does not work, addresses still do.
    private func announce(_ discovery: some Discovery) async {
        guard let discoveryScope = scope.discovery else { return }
        let found = FoundNode(node: node.identity.nodeID, addresses: listener.controlAddresses)
        try? await discovery.announce(discoveryScope, as: found)
    }

    private func accept(_ connection: SecureConnection) async {
        switch connection.plane {
        case .control: await acceptControl(connection)
        case .lane: await acceptLane(connection)
        }
    }

    private func acceptControl(_ connection: SecureConnection) async {
        do {
            let peer = try scope.check(connection, plane: .control, pinned: scope.pinned)
            var secret: Bytes32?
            if case .code(let code) = scope { secret = try await code.admit(peer) }
            let control = try await ControlLink.open(
                connection, me: node.identity.nodeID, peer: peer.nodeID, clock: { NodeClock.wall })
            var link = PeerLink(
                control: control, peer: peer, role: .listener, scope: scope, pin: secret, lanes: PeerLink.usualLanes)
            if let dataAddress = dataAddress(beside: connection) {
                link.dataPort = Int(dataAddress.port)
                link.dataHost = dataAddress.isWildcard ? nil : dataAddress.host
            }
            guard arrivals.add(link) else { return control.close() }
            await connection.closed()
        } catch is PeerRejection {
            // Somebody with the right code and another key. The code's owner is not disturbed.
            await refuse(connection)
        } catch is MeshError {
            await refuse(connection)
        } catch {
            // Broken off: the listener goes on.
        }
    }

    /// Where this peer's lanes are accepted, when not where its control link is: of the same family if there is one, for
    /// ports differ by family, and the other one may not reach it.
    private func dataAddress(beside connection: SecureConnection) -> NodeAddress? {
        let isV6 = connection.localAddress.host.contains(":")
        return dataAddresses.first { $0.host.contains(":") == isV6 } ?? dataAddresses.first
    }

    /// Tells a peer that it is not the one that is waited for: it would try again until its patience ends.
    private func refuse(_ connection: SecureConnection) async {
        guard let peer = try? NodeIdentity.nodeID(ofCertificateDER: connection.leafDER),
            let control = try? await ControlLink.open(
                connection, me: node.identity.nodeID, peer: peer, clock: { NodeClock.wall })
        else { return connection.close() }
        try? await control.send(.leaving(.identity))
        await control.closed(within: Self.farewell)
    }

    /// How long a refused peer may take to close.
    private static let farewell = Duration.seconds(1)

    private func acceptLane(_ connection: SecureConnection) async {
        guard let peer = try? scope.check(connection, plane: .lane, pinned: scope.pinned) else { return }
        let registry = registry
        let admitted = LaneOwnerBox()
        let lane = try? await Lane.accept(connection, nonce: node.secret()) { name in
            guard let owner = registry.owner(of: name.channel, peer: peer.nodeID) else { return .refused(.unknown) }
            admitted.owner = owner
            return await owner.admit(name)
        }
        guard let lane, let owner = admitted.owner else { return }
        await owner.follow(lane)
    }
}

extension PeerLink {
    /// Lanes to begin with: more are opened while that brings more.
    static let usualLanes = 4
}

extension HandshakeFailure {
    /// The other side named another code, or had a certificate of another one. What merely broke off is nobody's guess.
    var isWrongCode: Bool {
        switch self {
        case .untrusted: true
        // Without any name it was no pmesh: whoever looks for open ports must not lock out those behind the same router.
        case .unknownName(let name): name != nil
        case .incompatible, .busy, .timedOut, .interrupted, .credentials: false
        }
    }
}
