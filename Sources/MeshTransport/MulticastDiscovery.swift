package import MeshControl
import MeshWire
package import NIOCore
import NIOPosix
import Synchronization

/// Discovery on the networks this machine is attached to: sealed questions to a link-local multicast group, from an
/// ephemeral socket for each interface and family; sealed answers straight back to it.
///
/// Nothing here crosses a router: IPv4 with time-to-live 1, IPv6 by the group's scope. Loopback interfaces have no
/// multicast; for one machine there is ``LocalRendezvous``.
package struct MulticastDiscovery: Discovery {
    package static let defaultPort = 47_331
    /// Between two questions of one search: first little, since datagrams get lost, then more, since a node answers one
    /// source once a second.
    private static let pauses: [Duration] = [
        .milliseconds(300), .milliseconds(1_100), .milliseconds(1_300), .seconds(2),
    ]
    /// How often an announcement looks for new interfaces, and how long it waits before it makes a broken socket anew.
    private static let interfacePause = Duration.seconds(30)
    private static let repairPause = Duration.seconds(5)
    /// When a node announces itself after its start, from one announcement to the next: datagrams get lost.
    private static let announcementPauses: [Duration] = [.milliseconds(250), .milliseconds(750)]

    private let port: Int
    private let group: any EventLoopGroup

    package init(group: any EventLoopGroup, port: Int = defaultPort) {
        self.group = group
        self.port = port
    }

    package func announce(_ scope: DiscoveryScope, as found: FoundNode) async throws {
        let announcement = Announcement(scope, found)
        var sockets: [(MulticastFamily, MulticastSocket?)] = []
        for family in MulticastFamily.allCases {
            sockets.append((family, try? await family.answering(port: port, group: group)))
        }
        guard sockets.contains(where: { $0.1 != nil }) else {
            throw TransportError.rendezvous(
                "no multicast socket can be opened at UDP port \(port); choose another port")
        }
        await withDiscardingTaskGroup { tasks in
            for (family, socket) in sockets {
                // One for IPv4 and one for IPv6, each with its socket until the end.
                tasks.addTask { await keep(announcement, on: family, first: socket) }
            }
            for family in MulticastFamily.allCases {
                // As many as there are interfaces; each ends after its last announcement.
                for device in family.devices() { tasks.addTask { await tell(announcement, family, device) } }
            }
        }
    }

    /// Announces on one interface, a few times.
    private func tell(_ announcement: Announcement, _ family: MulticastFamily, _ device: MulticastDevice) async {
        guard let socket = try? await family.asking(on: device, group: group),
            let target = try? family.group(port: port)
        else { return }
        try? await socket.executeThenClose { _, outbound in
            for pause in Self.announcementPauses + [nil] {
                guard let words = try announcement.words() else { return }
                try await outbound.write(AddressedEnvelope(remoteAddress: target, data: ByteBuffer(bytes: words)))
                if let pause { try await Task.sleep(for: pause) }
            }
        }
    }

    /// Answers on one family until cancelled, with a new socket where the old one broke.
    private func keep(_ announcement: Announcement, on family: MulticastFamily, first: MulticastSocket?) async {
        var socket = first
        while true {
            // Served even where the task was cancelled meanwhile: that is what closes the socket.
            if let socket { try? await Self.serve(announcement, on: family, socket) }
            guard (try? await Task.sleep(for: Self.repairPause)) != nil else { return }
            socket = try? await family.answering(port: port, group: group)
        }
    }

    private static func serve(
        _ announcement: Announcement, on family: MulticastFamily, _ socket: MulticastSocket
    ) async throws {
        try await socket.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup { tasks in
                // Interfaces come and go while questions are answered.
                tasks.addTask {
                    while true {
                        await family.joinAll(socket.channel)
                        try await Task.sleep(for: interfacePause)
                    }
                }
                for try await question in inbound {
                    guard let answer = announcement.answer(to: question) else { continue }
                    try await outbound.write(answer)
                }
                tasks.cancelAll()
            }
        }
    }

    package func find(_ scope: DiscoveryScope, for aim: DiscoveryAim, within time: Duration) async -> [FoundNode] {
        let search = SealedSearch(scope)
        let (answers, continuation) = AsyncStream.makeStream(
            of: FoundNode.self, bufferingPolicy: .bufferingOldest(1_024))
        return await withTaskGroup(of: Void.self) { tasks in
            for family in MulticastFamily.allCases {
                for device in family.devices() {
                    // As many as there are interfaces: nobody knows behind which one the other side is.
                    tasks.addTask { await ask(family, device, search) { continuation.yield($0) } }
                }
            }
            for family in MulticastFamily.allCases {
                // Who begins to listen meanwhile says so by itself.
                tasks.addTask { await hear(family, search) { continuation.yield($0) } }
            }
            // Ends the answers, and with them the loop below.
            tasks.addTask {
                try? await Task.sleep(for: time)
                continuation.finish()
            }
            var found: [FoundNode] = []
            for await node in answers where aim.takes(node) && !found.contains(where: { $0.node == node.node }) {
                found.append(node)
                if found.count >= aim.limit { break }
            }
            tasks.cancelAll()
            return found
        }
    }

    /// Hears announcements on all interfaces until cancelled.
    private func hear(
        _ family: MulticastFamily, _ search: SealedSearch, _ found: @Sendable @escaping (FoundNode) -> Void
    ) async {
        guard let socket = try? await family.answering(port: port, group: group) else { return }
        try? await socket.executeThenClose { inbound, _ in
            await family.joinAll(socket.channel)
            for try await announcement in inbound {
                let source = NodeAddress(announcement.remoteAddress)
                if let node = search.answer(announcement.data, from: source) { found(node) }
            }
        }
    }

    /// Asks on one interface until cancelled.
    private func ask(
        _ family: MulticastFamily, _ device: MulticastDevice, _ search: SealedSearch,
        _ found: @Sendable @escaping (FoundNode) -> Void
    ) async {
        guard let socket = try? await family.asking(on: device, group: group),
            let target = try? family.group(port: port)
        else { return }
        try? await socket.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup { tasks in
                // Answers are heard while the next question waits for its time.
                tasks.addTask {
                    for try await answer in inbound {
                        let source = NodeAddress(answer.remoteAddress)
                        if let node = search.answer(answer.data, from: source) { found(node) }
                    }
                }
                var round = 0
                while true {
                    let question = ByteBuffer(bytes: try search.question())
                    try await outbound.write(AddressedEnvelope(remoteAddress: target, data: question))
                    try await Task.sleep(for: Self.pauses[min(round, Self.pauses.count - 1)])
                    round += 1
                }
            }
        }
    }
}

/// What one announcement answers, and how often.
private final class Announcement: Sendable {
    private let answers: SealedAnswers
    private let responder = Mutex(DiscoveryResponder())

    init(_ scope: DiscoveryScope, _ found: FoundNode) {
        answers = SealedAnswers(scope) {
            let hosts = found.addresses.flatMap(LocalAddresses.reachable).filter { !$0.isLoopback }
            // Listening for this machine alone is no news for others.
            guard !hosts.isEmpty else { return nil }
            return FoundNode(node: found.node, addresses: Array(hosts.prefix(DiscoveryMessage.addressLimit)))
        }
    }

    /// What is said unasked.
    func words() throws -> [UInt8]? { try answers.announcement() }

    /// Seals are checked first: only who has the key takes a place in the responder's table.
    func answer(to question: AddressedEnvelope<ByteBuffer>) -> AddressedEnvelope<ByteBuffer>? {
        guard let answer = answers.answer(to: question.data) else { return nil }
        let source = NodeAddress(question.remoteAddress).host
        let now = NIODeadline.now().uptimeNanoseconds
        switch responder.withLock({ $0.question(from: source, at: now) }) {
        case .answer: return AddressedEnvelope(remoteAddress: question.remoteAddress, data: ByteBuffer(bytes: answer))
        case .ignore: return nil
        }
    }
}
