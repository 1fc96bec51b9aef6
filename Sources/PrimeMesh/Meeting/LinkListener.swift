import MeshChannel
import MeshControl
import MeshTransport
import MeshTrust
import MeshWire

/// Waits for peers: listens, announces, checks who comes, and hands out their links one after the other.
final class LinkListener: Sendable {
    let listener: NodeListener
    private let node: NodeContext
    private let scope: MeetingScope
    private let registry: ChannelRegistry
    private let links: AsyncStream<PeerLink>
    private let arrived: AsyncStream<PeerLink>.Continuation
    private let dataAddress: NodeAddress?
    /// Wrong attempts at the code that the journal does not know of yet: at most 1,000, for then the code is burned.
    private let attempts: AsyncStream<Void>

    /// Takes its addresses: every interface and a free port where none are given.
    static func open(
        node: NodeContext, scope: MeetingScope, options: MeetingOptions, registry: ChannelRegistry
    ) async throws -> LinkListener {
        let everywhere = [NodeAddress(host: "0.0.0.0", port: 0)]
        let configuration = NodeListener.Configuration(
            control: options.listen.isEmpty ? everywhere : options.listen, data: options.dataListen)
        let (attempts, failed) = AsyncStream.makeStream(of: Void.self)
        let listener = try await NodeListener.bind(
            configuration, group: node.group, contexts: node.contexts,
            credentials: { scope.credentials(for: $0, from: $1) },
            rejected: { address, reason in
                guard case .code(let code) = scope, reason.isWrongCode else { return }
                if code.attemptFailed(from: address) { failed.yield() }
            })
        return LinkListener(
            listener, node: node, scope: scope, registry: registry, hasData: !options.dataListen.isEmpty,
            attempts: attempts)
    }

    private init(
        _ listener: NodeListener, node: NodeContext, scope: MeetingScope, registry: ChannelRegistry, hasData: Bool,
        attempts: AsyncStream<Void>
    ) {
        self.listener = listener
        self.node = node
        self.scope = scope
        self.registry = registry
        dataAddress = hasData ? listener.dataAddresses.first : nil
        self.attempts = attempts
        (links, arrived) = AsyncStream.makeStream(of: PeerLink.self)
    }

    /// Links as they come; for one reader.
    var arrivals: AsyncStream<PeerLink> { links }

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
        arrived.finish()
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
            if let dataAddress {
                link.dataPort = Int(dataAddress.port)
                link.dataHost = dataAddress.isWildcard ? nil : dataAddress.host
            }
            arrived.yield(link)
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

    /// Tells a peer that it is not the one that is waited for: it would try again until its patience ends.
    private func refuse(_ connection: SecureConnection) async {
        guard let peer = try? NodeIdentity.nodeID(ofCertificateDER: connection.leafDER),
            let control = try? await ControlLink.open(
                connection, me: node.identity.nodeID, peer: peer, clock: { NodeClock.wall })
        else { return connection.close() }
        try? await control.send(.leaving(.identity))
        // The peer closes once it has read that; closing first could reset the connection before.
        await withDiscardingTaskGroup { group in
            group.addTask {
                try? await Task.sleep(for: Self.farewell)
                control.close()
            }
            await connection.closed()
            group.cancelAll()
        }
    }

    /// How long a refused peer may take to close.
    private static let farewell = Duration.seconds(1)

    private func acceptLane(_ connection: SecureConnection) async {
        guard let peer = try? scope.check(connection, plane: .lane, pinned: scope.pinned) else { return }
        let registry = registry
        let admitted = SessionBox()
        let lane = try? await Lane.accept(connection, nonce: node.secret()) { name in
            guard let session = registry.session(of: name.channel, peer: peer.nodeID) else { return .refused(.unknown) }
            admitted.session = session
            return await session.admit(name)
        }
        guard let lane, let session = admitted.session else { return }
        await session.follow(lane)
    }
}

extension PeerLink {
    /// Lanes to begin with: more are opened while that brings more.
    static let usualLanes = 4
}

extension NodeAddress {
    var isWildcard: Bool { host == "0.0.0.0" || host == "::" }
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
