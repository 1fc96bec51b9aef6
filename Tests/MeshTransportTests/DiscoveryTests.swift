import Glibc
import MeshControl
import MeshWire
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MeshTransport

/// A folder of the test's own, removed at its end.
func withFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/pmesh-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { rmdir(path) }
    try await body(path)
}

/// Discovery within one test: who announces is in a table.
final class TableDiscovery: Discovery {
    private let table = Mutex<[Int: (DiscoveryScope, FoundNode)]>([:])
    private let numbers = Atomic<Int>(0)

    func announce(_ scope: DiscoveryScope, as found: FoundNode) async throws {
        let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
        var found = found
        for index in found.addresses.indices where found.addresses[index].host == "0.0.0.0" {
            found.addresses[index].host = "127.0.0.1"
        }
        table.withLock { [found] in $0[number] = (scope, found) }
        let (never, continuation) = AsyncStream.makeStream(of: Never.self)
        for await _ in never {}
        continuation.finish()
        table.withLock { $0[number] = nil }
    }

    func find(_ scope: DiscoveryScope, for aim: DiscoveryAim, within time: Duration) async -> [FoundNode] {
        let deadline = ContinuousClock.now + time
        while true {
            let there = table.withLock { $0.values.filter { $0.0 == scope && aim.takes($0.1) }.map(\.1) }
            if there.count >= aim.limit || ContinuousClock.now >= deadline { return Array(there.prefix(aim.limit)) }
            // A table tells nobody of a change; `time`, the caller's, is what bounds this.
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}

@Suite struct DiscoveryTests {
    enum Kind: CaseIterable {
        case table, rendezvous
    }

    private func with(_ kind: Kind, _ body: (DiscoveryConformance) async throws -> Void) async throws {
        switch kind {
        case .table: try await body(DiscoveryConformance(discovery: TableDiscovery()))
        case .rendezvous:
            try await withFolder {
                try await body(DiscoveryConformance(discovery: LocalRendezvous(folder: $0, group: group)))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func nodesOfOneScopeFindEachOther(_ kind: Kind) async throws {
        try await with(kind) { try await $0.nodesOfOneScopeFindEachOther() }
    }

    @Test(arguments: Kind.allCases)
    func onlyWhoIsMeantIsFound(_ kind: Kind) async throws {
        try await with(kind) { try await $0.onlyWhoIsMeantIsFound() }
    }

    @Test(arguments: Kind.allCases)
    func withoutTheKeyNobodyIsFound(_ kind: Kind) async throws {
        try await with(kind) { try await $0.withoutTheKeyNobodyIsFound() }
    }

    @Test(arguments: Kind.allCases)
    func unspecifiedHostsBecomeDialable(_ kind: Kind) async throws {
        try await with(kind) { try await $0.unspecifiedHostsBecomeDialable() }
    }

    @Test(arguments: Kind.allCases)
    func nobodyIsFoundOnceGone(_ kind: Kind) async throws {
        try await with(kind) { try await $0.nobodyIsFoundOnceGone() }
    }
}

/// A port of its own for each test: they would hear one another's questions, and answer one a second.
private func multicastConformance() async throws -> DiscoveryConformance {
    let probe = try await DatagramBootstrap(group: group).bind(host: "0.0.0.0", port: 0).get()
    let port = probe.localAddress!.port!
    try await probe.close()
    return DiscoveryConformance(discovery: MulticastDiscovery(group: group, port: port))
}

/// Whether this machine has an interface with multicast that lets our own packets come back.
private func multicastWorks() async throws -> Bool {
    let discovery = try await multicastConformance().discovery
    let scope = DiscoveryConformance.scope("probe")
    return await withTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try? await discovery.announce(scope, as: DiscoveryConformance.found(1, "192.0.2.1")) }
        let found = await discovery.find(scope, for: .anybody(1), within: .seconds(2))
        tasks.cancelAll()
        return !found.isEmpty
    }
}

@Suite(.enabled("no interface carries multicast here") { try await multicastWorks() })
struct MulticastDiscoveryTests {
    @Test func nodesOfOneScopeFindEachOther() async throws {
        try await multicastConformance().nodesOfOneScopeFindEachOther()
    }

    @Test func onlyWhoIsMeantIsFound() async throws {
        try await multicastConformance().onlyWhoIsMeantIsFound()
    }

    @Test func withoutTheKeyNobodyIsFound() async throws {
        try await multicastConformance().withoutTheKeyNobodyIsFound()
    }

    @Test func unspecifiedHostsBecomeDialable() async throws {
        try await multicastConformance().unspecifiedHostsBecomeDialable()
    }

    @Test func nobodyIsFoundOnceGone() async throws { try await multicastConformance().nobodyIsFoundOnceGone() }
}

@Suite struct LocalRendezvousTests {
    private let scope = DiscoveryConformance.scope("tag")
    private let found = DiscoveryConformance.found(1, "192.0.2.1")

    @Test func aFolderOthersMayLookIntoIsRefused() async throws {
        try await withFolder { folder in
            chmod(folder, 0o755)
            let rendezvous = LocalRendezvous(folder: folder, group: group)
            await #expect(throws: TransportError.self) { try await rendezvous.announce(scope, as: found) }
        }
    }

    @Test func aPathTooLongForASocketIsSaidSo() async throws {
        try await withFolder { folder in
            let long = folder + "/" + String(repeating: "x", count: 80)
            let rendezvous = LocalRendezvous(folder: long, group: group)
            await #expect(throws: TransportError.self) { try await rendezvous.announce(scope, as: found) }
            rmdir(long)
        }
    }

    @Test func aDeadProcessesSocketIsRemovedByWhoeverAsks() async throws {
        try await withFolder { folder in
            let path = "\(folder)/tag-00000001.sock"
            bindAndDie(path)
            #expect(access(path, F_OK) == 0)
            let rendezvous = LocalRendezvous(folder: folder, group: group)
            #expect(await rendezvous.find(scope, for: .anybody(1), within: .seconds(5)) == [])
            #expect(access(path, F_OK) != 0)
        }
    }

    /// A killed process's socket is nobody's question any more, whatever its scope was; a living one's stays.
    @Test func dropsWhatTheDeadLeftOfOtherScopes() async throws {
        try await withFolder { folder in
            let (dead, place) = ("\(folder)/other-00000001.sock", RendezvousFolder(folder))
            bindAndDie(dead)
            place.sweep()
            #expect(access(dead, F_OK) != 0)
            let rendezvous = LocalRendezvous(folder: folder, group: group)
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await rendezvous.announce(scope, as: found) }
                #expect(await rendezvous.find(scope, for: .anybody(1), within: .seconds(5)).count == 1)
                place.sweep()
                #expect(await rendezvous.find(scope, for: .anybody(1), within: .seconds(5)).count == 1)
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
    }

    @Test func whatIsWrongWithAFolderIsSaid() async throws {
        try await withFolder { folder in
            #expect(LocalRendezvous(folder: folder, group: group).trouble(within: scope) == nil)
            let long = folder + "/" + String(repeating: "x", count: 90)
            #expect(
                LocalRendezvous(folder: long, group: group).trouble(within: scope)?.contains("choose a shorter one")
                    == true)
            rmdir(long)
            let missing = LocalRendezvous(folder: folder + "/a/b", group: group)
            #expect(missing.trouble(within: scope)?.contains("cannot be made") == true)
            chmod(folder, 0o755)
            #expect(
                LocalRendezvous(folder: folder, group: group).trouble(within: scope)?.contains("not ours alone") == true
            )
        }
    }

    /// A socket file that nobody listens at, as SIGKILL leaves it.
    private func bindAndDie(_ path: String) {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        close(socket)
    }
}
