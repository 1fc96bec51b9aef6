import MeshControl
import MeshTransport
import MeshWire
import Testing

/// What every ``Discovery`` owes; see there.
struct DiscoveryConformance {
    let discovery: any Discovery
    /// Long enough for an answer that comes, short enough to wait for one that must not.
    let patience = Duration.seconds(5)

    static func scope(_ tag: String, key: UInt8 = 1, version: UInt32 = 0) -> DiscoveryScope {
        DiscoveryScope(tag: tag, key: Bytes32(repeatElement(key, count: 32))!, keyVersion: version)!
    }

    static func found(_ number: UInt8, _ hosts: String...) -> FoundNode {
        FoundNode(
            node: NodeID(Bytes32(repeatElement(number, count: 32))!),
            addresses: hosts.map { NodeAddress(host: $0, port: UInt16(number)) })
    }

    /// Runs announcements while `body` looks for them.
    private func announcing(
        _ announcements: [(DiscoveryScope, FoundNode)], _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { tasks in
            for (scope, found) in announcements {
                tasks.addTask { try await discovery.announce(scope, as: found) }
            }
            try await body()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    /// Announcements may begin after the question.
    private func find(_ scope: DiscoveryScope, _ count: Int) async -> [FoundNode] {
        await discovery.find(scope, for: .anybody(count), within: patience).sorted { $0.node < $1.node }
    }

    func nodesOfOneScopeFindEachOther() async throws {
        let scope = Self.scope("alike")
        let (ann, bob) = (Self.found(1, "192.0.2.1", "fd00::1"), Self.found(2, "192.0.2.2"))
        try await announcing([(scope, ann), (scope, bob)]) {
            #expect(await find(scope, 2) == [ann, bob])
            #expect(await discovery.find(scope, for: .anybody(1), within: patience).count == 1)
        }
    }

    /// Of those who answer only the one that is looked for counts; the one that asks never does.
    func onlyWhoIsMeantIsFound() async throws {
        let scope = Self.scope("meant")
        let (ann, bob) = (Self.found(1, "192.0.2.1"), Self.found(2, "192.0.2.2"))
        try await announcing([(scope, ann), (scope, bob)]) {
            #expect(await discovery.find(scope, for: .node(bob.node), within: patience) == [bob])
            #expect(await discovery.find(scope, for: .anybody(1, except: bob.node), within: patience) == [ann])
            let absent = Self.found(3).node
            #expect(await discovery.find(scope, for: .node(absent), within: .milliseconds(200)) == [])
        }
    }

    func withoutTheKeyNobodyIsFound() async throws {
        let scope = Self.scope("closed")
        try await announcing([(scope, Self.found(1, "192.0.2.1"))]) {
            #expect(await find(scope, 1).count == 1)
            let (otherKey, otherVersion) = (Self.scope("closed", key: 2), Self.scope("closed", version: 1))
            #expect(await discovery.find(otherKey, for: .anybody(1), within: .milliseconds(200)) == [])
            #expect(await discovery.find(otherVersion, for: .anybody(1), within: .milliseconds(200)) == [])
        }
    }

    func unspecifiedHostsBecomeDialable() async throws {
        let scope = Self.scope("anywhere")
        try await announcing([(scope, Self.found(1, "0.0.0.0"))]) {
            let hosts = await find(scope, 1).flatMap(\.addresses).map(\.host)
            #expect(!hosts.isEmpty && !hosts.contains("0.0.0.0"))
        }
    }

    func nobodyIsFoundOnceGone() async throws {
        let scope = Self.scope("gone")
        try await announcing([(scope, Self.found(1, "192.0.2.1"))]) { #expect(await find(scope, 1).count == 1) }
        #expect(await discovery.find(scope, for: .anybody(1), within: .milliseconds(200)) == [])
    }
}
