import MeshTransport
import MeshWire

/// Where the links to the peer come from, one after the other: the first, and after a loss the next.
enum LinkSource: Sendable {
    case dialing(LinkDialer)
    case listening(LinkListener)

    var isDialing: Bool {
        if case .dialing = self { true } else { false }
    }

    var isCode: Bool {
        switch self {
        case .dialing(let dialer): dialer.scope.isCode
        case .listening(let listener): listener.scope.isCode
        }
    }

    /// Dials where addresses are given; listens where that is asked for, or where the other side will dial.
    static func open(
        node: NodeContext, scope: MeetingScope, options: MeetingOptions, listensByDefault: Bool,
        registry: ChannelRegistry, events: @Sendable (TransferEvent) -> Void
    ) async throws -> LinkSource {
        let listens = options.peers.isEmpty && (listensByDefault || !options.listen.isEmpty)
        // Given addresses need nobody's folder.
        let rendezvous = LocalRendezvous(folder: node.home.runtime, group: node.group)
        if options.peers.isEmpty, let discovery = scope.discovery,
            let trouble = try await node.blocking({ rendezvous.trouble(within: discovery) })
        {
            events(.warning("processes of this machine find each other by the network alone: \(trouble)"))
        }
        guard listens else { return .dialing(LinkDialer(node: node, scope: scope, addresses: options.peers)) }
        let listener = try await LinkListener.open(node: node, scope: scope, options: options, registry: registry)
        events(.listening(listener.reachable))
        return .listening(listener)
    }

    /// Runs `body` and, where there is one, the listener beside it, which takes connections while `body` waits for a link or
    /// talks over one. The listener ends with `body`.
    func serving<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        guard case .listening(let listener) = self else { return try await body() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await listener.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// The next link by `deadline` (monotonic nanoseconds; nil: however long it takes); throws `MeshError` when there is
    /// none.
    func next(by deadline: UInt64?) async throws -> PeerLink {
        switch self {
        case .dialing(let dialer): return try await dialer.next(by: deadline ?? .max)
        case .listening(let listener): return try await Self.first(of: listener.arrivals, by: deadline)
        }
    }

    private static func first(of arrivals: Arrivals<PeerLink>, by deadline: UInt64?) async throws -> PeerLink {
        let link = await withTaskGroup(of: PeerLink?.self) { group in
            group.addTask { await arrivals.take() }
            group.addTask {
                let now = NodeClock.monotonic
                // Without a deadline as long as the task lives: 30 years are never over.
                let time = deadline.map { $0 - min(now, $0) } ?? 1_000_000_000_000_000_000
                try? await Task.sleep(for: .nanoseconds(Int64(clamping: time)))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // One that came at the last moment counts.
            return await group.reduce(first) { $0 ?? $1 }
        }
        guard !Task.isCancelled else {
            // For whoever asks next.
            if let link, !arrivals.add(link) { link.control.close() }
            throw CancellationError()
        }
        guard let link else {
            throw MeshError(
                .noPeer,
                "nobody came in time: check that the other side runs with the same code, then run both commands again"
            )
        }
        return link
    }
}
