import MeshControl
import MeshTrust
import MeshWire
import NIOCore
import Synchronization

/// The announcing side's sealed talk within one scope.
final class SealedAnswers: Sendable {
    private struct State {
        var seal: DatagramSeal
        var window = DatagramWindow()
    }

    private let found: FoundNode
    private let state: Mutex<State>

    init(_ scope: DiscoveryScope, _ found: FoundNode) {
        self.found = found
        state = Mutex(State(seal: DatagramSeal(scope)))
    }

    /// The sealed answer to a sealed question; nil for a stranger's, a repeated one, or anything else.
    func answer(to datagram: ByteBuffer) -> [UInt8]? {
        state.withLock { state in
            guard let opened = try? state.seal.open(Array(buffer: datagram)), state.window.accepts(opened),
                case .question(let number) = try? DiscoveryMessage(reading: ByteBuffer(bytes: opened.plain))
            else { return nil }
            let answer = DiscoveryMessage.answer(number: number, node: found.node, addresses: found.addresses)
            guard let sealed = try? state.seal.seal(Array(buffer: answer.encoded())),
                sealed.count <= datagram.readableBytes
            else { return nil }
            return sealed
        }
    }
}

/// The asking side's sealed talk within one scope: one question, asked as often as needed.
final class SealedSearch: Sendable {
    private struct State {
        var seal: DatagramSeal
        var window = DatagramWindow()
    }

    private let number = UInt64.random(in: 0...UInt64.max)
    private let state: Mutex<State>

    init(_ scope: DiscoveryScope) {
        state = Mutex(State(seal: DatagramSeal(scope)))
    }

    /// The question, sealed anew: a seal repeated would be taken for a replay.
    func question() throws -> [UInt8] {
        try state.withLock { try $0.seal.seal(Array(buffer: DiscoveryMessage.question(number: number).encoded())) }
    }

    /// Whoever answered; nil for a stranger's or repeated datagram, or the answer to another question. `source`: the
    /// address the answer came from, for a node that listens on all of its own.
    func answer(_ datagram: ByteBuffer, from source: NodeAddress?) -> FoundNode? {
        state.withLock { state in
            guard let opened = try? state.seal.open(Array(buffer: datagram)), state.window.accepts(opened),
                case .answer(number: number, let node, let addresses) =
                    try? DiscoveryMessage(reading: ByteBuffer(bytes: opened.plain))
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

extension DatagramSeal {
    fileprivate init(_ scope: DiscoveryScope) {
        var generator = SystemRandomNumberGenerator()
        self.init(key: scope.key, version: scope.keyVersion, using: &generator)
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
