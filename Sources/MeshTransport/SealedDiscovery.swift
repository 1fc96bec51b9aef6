import MeshControl
import MeshTrust
import MeshWire
import NIOCore
import Synchronization

/// The announcing side's sealed talk within one scope.
final class SealedAnswers: Sendable {
    /// Asked for each answer: interfaces come and go. Nil: there is nothing to tell now.
    private let found: @Sendable () -> FoundNode?
    private let talk: Mutex<SealedTalk>

    init(_ scope: DiscoveryScope, _ found: @escaping @Sendable () -> FoundNode?) {
        self.found = found
        talk = Mutex(SealedTalk(scope))
    }

    /// What is said unasked, sealed anew each time: whoever looks for this node already need not ask again.
    func announcement() throws -> [UInt8]? {
        guard let found = found() else { return nil }
        return try talk.withLock {
            try $0.seal(.answer(number: DiscoveryMessage.unasked, node: found.node, addresses: found.addresses))
        }
    }

    /// The sealed answer to a sealed question; nil for a stranger's, a repeated one, or anything else.
    func answer(to datagram: ByteBuffer) -> [UInt8]? {
        talk.withLock { talk in
            guard case .question(let number) = talk.open(datagram) else { return nil }
            guard let found = found() else { return nil }
            let answer = DiscoveryMessage.answer(number: number, node: found.node, addresses: found.addresses)
            guard let sealed = try? talk.seal(answer), sealed.count <= datagram.readableBytes else { return nil }
            return sealed
        }
    }
}

/// The asking side's sealed talk within one scope: one question, asked as often as needed.
final class SealedSearch: Sendable {
    private let number = UInt64.random(in: (DiscoveryMessage.unasked + 1)...UInt64.max)
    private let talk: Mutex<SealedTalk>

    init(_ scope: DiscoveryScope) {
        talk = Mutex(SealedTalk(scope))
    }

    /// The question, sealed anew: a seal repeated would be taken for a replay.
    func question() throws -> [UInt8] {
        try talk.withLock { try $0.seal(.question(number: number)) }
    }

    /// Whoever answered or announced itself; nil for a stranger's or repeated datagram, or the answer to another question.
    /// `source`: the address the answer came from, for a node that listens on all of its own.
    func answer(_ datagram: ByteBuffer, from source: NodeAddress?) -> FoundNode? {
        talk.withLock { talk in
            guard case .answer(let answered, let node, let addresses) = talk.open(datagram),
                answered == number || answered == DiscoveryMessage.unasked
            else { return nil }
            var found = FoundNode(node: node, addresses: addresses)
            if let source {
                let isV6 = source.host.contains(":")
                found = found.reachable(v4: isV6 ? nil : source.host, v6: isV6 ? source.host : nil)
            }
            // It may listen on the other family alone, and answers there as well.
            return found.addresses.isEmpty ? nil : found
        }
    }
}

/// Messages in and out of their seals.
private struct SealedTalk: Sendable {
    private var seal: DatagramSeal
    private var window = DatagramWindow()

    init(_ scope: DiscoveryScope) {
        var generator = SystemRandomNumberGenerator()
        seal = DatagramSeal(key: scope.key, version: scope.keyVersion, using: &generator)
    }

    mutating func seal(_ message: DiscoveryMessage) throws -> [UInt8] {
        let plain = Array(buffer: message.encoded())
        #if DEBUG
            ControlTap.discovery(plain, isOutbound: true)
        #endif
        return try seal.seal(plain)
    }

    /// What a datagram says; nil for a stranger's, a repeated one, or anything else.
    mutating func open(_ datagram: ByteBuffer) -> DiscoveryMessage? {
        guard let opened = try? seal.open(Array(buffer: datagram)), window.accepts(opened) else { return nil }
        #if DEBUG
            ControlTap.discovery(opened.plain, isOutbound: false)
        #endif
        return try? DiscoveryMessage(reading: ByteBuffer(bytes: opened.plain))
    }
}

extension FoundNode {
    /// Unspecified hosts become these, or are left out; link-local ones get the interface of `v6`.
    func reachable(v4: String?, v6: String?) -> FoundNode {
        let interface = v6.flatMap { host in host.firstIndex(of: "%").map { String(host[$0...]) } }
        return FoundNode(
            node: node,
            addresses: addresses.compactMap { address in
                switch address.host {
                case "0.0.0.0": v4.map { NodeAddress(host: $0, port: address.port) }
                case "::": v6.map { NodeAddress(host: $0, port: address.port) }
                case let host where host.lowercased().hasPrefix("fe80:") && !host.contains("%"):
                    NodeAddress(host: host + (interface ?? ""), port: address.port)
                default: address
                }
            })
    }
}
