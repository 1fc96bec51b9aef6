import MeshControl
import MeshJournal
import MeshTransport
import MeshTrust
import MeshWire

extension MeshNode {
    /// Makes a mesh with this node as its first member and its issuer, and writes the authority, under a passphrase of 8
    /// bytes or more, into a recovery file, which must not exist yet: another mesh's file is its only recovery.
    public func createMesh(named name: String, recovery: [UInt8], passphrase: String) async throws(MeshError) {
        try await MeshError.catching {
            let store = MembershipStore(node: context)
            guard try await store.load() == nil else {
                throw MeshError(.conflict, "this node is in a mesh already: use another --home for another mesh")
            }
            let recovery = try AbsolutePath.here(recovery)
            let (meshName, member) = (try MemberName(name), try MemberName(context.name))
            let (identity, discoveryKey, salt) = (context.identity, context.secret(), context.identifier())
            let (authority, membership, sealed) = try await context.blocking {
                let authority = try MeshAuthority(meshName: meshName, now: NodeClock.wall, discoveryKey: discoveryKey)
                let membership = try authority.admit(
                    request: try MembershipRequest(for: identity).der, name: member.description, now: NodeClock.wall,
                    taken: { _ in nil })
                let sealed = try MeshRecovery.seal(authority, passphrase: passphrase, salt: salt)
                return (authority, membership, sealed)
            }
            try await context.blocking { try KeyFile.make(recovery, sealed) }
            try await store.save(authority)
            try await store.save(membership)
            try await remember(context.identity.nodeID, member.description, nil)
        }
    }

    /// Waits for one node to join under a code (told in a `.code` event), and answers who it is.
    public func invite(
        code text: String?, meeting options: MeetingOptions, events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> MemberInfo {
        try await MeshError.catching {
            let authority = try await MembershipStore(node: context).authority()
            let code = try OneTimeCode(text ?? Self.drawCode())
            let meeting = try await CodeMeeting.open(code, role: .issuer, node: context)
            events(.code(code.withCheck))
            let wait = options.wait ?? Double(CodeLife.lifetime) / 1e9
            return try await meet(.code(meeting), options, listens: true, events) { links in
                events(.waiting)
                return try await self.issue(authority, try await links.next(by: Self.deadline(wait)))
            }
        }
    }

    private func issue(_ authority: MeshAuthority, _ link: PeerLink) async throws -> MemberInfo {
        let exchange = MembershipExchange(node: context, link: link)
        let taken = try await takenNames()
        let name = try await exchange.issue { name, csr, peer in
            let request = try MembershipRequest(verifying: csr)
            guard request.nodeID == peer else { throw MembershipError.otherNode(request.nodeID) }
            let membership = try authority.admit(request: csr, name: name, now: NodeClock.wall, taken: { taken[$0] })
            try await self.remember(peer, name, link)
            return membership
        }
        return MemberInfo(
            name: name, id: link.peer.nodeID, isSelf: false, lastSeen: NodeClock.wall,
            address: link.control.connection.remoteAddress)
    }

    /// Joins a mesh with a code from `invite`, under this node's name; answers the mesh's name.
    public func join(code text: String, meeting options: MeetingOptions) async throws(MeshError) -> String {
        try await MeshError.catching {
            let store = MembershipStore(node: context)
            guard try await store.load() == nil else {
                throw MeshError(.conflict, "this node is in a mesh already: use another --home for another mesh")
            }
            let name = try MemberName(context.name)
            let code = try OneTimeCode(text)
            let meeting = try await CodeMeeting.open(code, role: .claimant, node: context)
            let membership = try await meet(.code(meeting), options, listens: false, { _ in }) { links in
                let link = try await links.next(by: Self.deadline(options.wait ?? 30))
                defer { link.control.close() }
                let membership = try await MembershipExchange(node: self.context, link: link).join(name: name)
                try await self.remember(link.peer.nodeID, nil, link)
                return membership
            }
            try await store.save(membership)
            try await remember(context.identity.nodeID, name.description, nil)
            return membership.meshName.description
        }
    }

    /// Members this node has met or admitted, itself included.
    public func members() async throws(MeshError) -> [MemberInfo] {
        try await MeshError.catching {
            _ = try await MembershipStore(node: context).only()
            return try await context.journal.peers(limit: 10_000).compactMap { peer in
                peer.name.map {
                    MemberInfo(
                        name: $0, id: peer.node, isSelf: peer.node == context.identity.nodeID, lastSeen: peer.lastSeen,
                        address: peer.address.flatMap { NodeAddress($0) })
                }
            }
        }
    }

    // MARK: shared

    /// Runs `body` with links, and the listener beside it where there is one.
    private func meet<Value: Sendable>(
        _ scope: MeetingScope, _ options: MeetingOptions, listens: Bool, _ events: @Sendable (TransferEvent) -> Void,
        _ body: @escaping @Sendable (LinkSource) async throws -> Value
    ) async throws -> Value {
        let links = try await LinkSource.open(
            node: context, scope: scope, options: options, listensByDefault: listens, registry: ChannelRegistry(),
            events: events)
        return try await links.serving { try await body(links) }
    }

    private func takenNames() async throws -> [String: NodeID] {
        let peers = try await context.journal.peers(limit: 100_000)
        return Dictionary(
            peers.compactMap { peer in peer.name.map { ($0, peer.node) } }, uniquingKeysWith: { first, _ in first })
    }

    private func remember(_ node: NodeID, _ name: String?, _ link: PeerLink?) async throws {
        let now = NodeClock.wall
        try await context.journal.upsert(
            PeerRecord(
                node: node, name: name, publicKey: link?.peer.publicKeyDER, firstSeen: now, lastSeen: now))
    }

    /// The members that are meant: names as given, each once, or with `all` everybody this node has met.
    func memberNames(_ names: [String]) async throws -> [String] {
        _ = try await MembershipStore(node: context).only()
        let wanted = names == ["all"] ? try await members().filter { !$0.isSelf }.map(\.name) : names
        guard !wanted.isEmpty else { throw MeshError(.noPeer, "this node has met no other member yet: name one") }
        var seen: Set<String> = []
        for name in wanted {
            _ = try MemberName(name)
            let known = try await takenNames()[name]
            guard known != context.identity.nodeID else {
                throw MeshError(.usage, "\(name) is this node itself: name another member")
            }
            if known == nil { try await refuseUnknown(name) }
        }
        return wanted.filter { seen.insert($0).inserted }
    }

    /// Where a member is met: by what this node knows of it, else by asking whoever can be found.
    func memberScope(_ name: String, _ options: MeetingOptions) async throws -> MeetingScope {
        let membership = try await MembershipStore(node: context).only()
        let known = try await takenNames()[name]
        var mesh = MeshMeeting(membership: membership, identity: context.identity, expected: known)
        if known == nil { mesh.expected = try await find(name, mesh, options) }
        return .mesh(mesh)
    }

    /// Monotonic nanoseconds when `seconds` are over; nil: never.
    private static func deadline(_ seconds: Double) -> UInt64? {
        MeetingPatience.deadline(of: seconds, from: NodeClock.monotonic)
    }

    /// Where memberships are issued all names are known: one that is not is a slip, and nobody needs to be asked.
    private func refuseUnknown(_ name: String) async throws {
        guard try await MembershipStore(node: context).isIssuer() else { return }
        let names = try await takenNames().keys.sorted()
        let nearest = NearestWord.of(name, among: names).map { ": did you mean \($0)?" } ?? ":"
        throw MeshError(.usage, "no member is called \(name)\(nearest) see `pmesh mesh members`")
    }

    /// Goes through everybody who can be found until one has this name in its certificate.
    private func find(_ name: String, _ mesh: MeshMeeting, _ options: MeetingOptions) async throws -> NodeID {
        let dialer = LinkDialer(node: context, scope: .mesh(mesh), addresses: options.peers)
        let deadline = Self.deadline(options.wait ?? 30) ?? .max
        guard let peer = try await dialer.first(by: deadline, where: { $0.name == name }) else {
            throw MeshError(
                .noPeer,
                "no member called \(name) answered: check the name with `pmesh mesh members`, and that it is up")
        }
        try await remember(peer.nodeID, name, nil)
        return peer.nodeID
    }
}
