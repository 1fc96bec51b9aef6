import ArgumentParser
import Foundation
import MeshControl
import MeshFuzz
import MeshTrust
import MeshWire
import NIOCore

@testable import MeshTransport
@testable import PrimeMesh
@testable import pmesh

// Decoders of rooms and programs that only their tests can see.
extension FuzzedDecoder {
    static let ofPrograms = [configuration, sendOptions, receiveOptions, discoveryAnswer]

    private static let configuration = FuzzedDecoder("configuration") {
        [
            Array(
                """
                {"name":"ada","out":"in","compress":"auto","onConflict":"rename","peers":["10.0.0.7:7000"],"listen":[":0"],
                "dataListen":["[::1]:7001"],"exclude":["*.o"],"wait":30,"patience":600.5}
                """.utf8)
        ]
    } body: { bytes in
        let file = try JSONDecoder().decode(ConfigurationFile.self, from: Data(bytes))
        let home = NodeHome(folder: "/home/ada/pmesh", environment: [:])
        let settings = Settings(environment: Environment([:]), file: file, home: home)
        let options = try? MeetingFlags.parse([]).options(settings)
        guard let options else { return }
        let isBounded = (0...31_536_000).contains(options.patience) && (0...31_536_000).contains(options.wait ?? 0)
        if !isBounded { throw BrokenPromise("a time to wait makes sense") }
    }

    private static let sendOptions = FuzzedDecoder(
        "send-options",
        seeds: { [Array(try JSONEncoder().encode(SendOptions(compression: "6", exclude: [Array("*.o".utf8)])))] },
        decode: { try JSONDecoder().decode(SendOptions.self, from: Data($0)) }, encode: encoded)

    private static let receiveOptions = FuzzedDecoder(
        "receive-options", seeds: { [Array(try JSONEncoder().encode(ReceiveOptions()))] },
        decode: { try JSONDecoder().decode(ReceiveOptions.self, from: Data($0)) }, encode: encoded)

    private static func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(value))
    }

    private static let scope = DiscoveryScope(tag: String(repeating: "0", count: 26), key: Bytes32(), keyVersion: 0)!

    /// What another node of the mesh seals as its answer, before the seal. It gives addresses or nothing.
    private static let discoveryAnswer = FuzzedDecoder("discovery-answer") {
        let addresses = [NodeAddress(host: "0.0.0.0", port: 1), NodeAddress(host: "fe80::1", port: 2)]
        let answer = DiscoveryMessage.answer(number: 0, node: NodeID(Bytes32()), addresses: addresses)
        return [Array(buffer: answer.encoded())]
    } body: { bytes in
        guard case .answer(_, let node, let addresses) = try DiscoveryMessage(reading: ByteBuffer(bytes: bytes)) else {
            return
        }
        let found = FoundNode(node: node, addresses: addresses).reachable(v4: "10.0.0.7", v6: "fe80::7%eth0")
        for address in found.addresses where address.host.isEmpty || address.host.utf8.contains(0) {
            throw BrokenPromise("an address names a host")
        }
        let answers = SealedAnswers(scope) { found }
        if answers.answer(to: ByteBuffer(bytes: bytes)) != nil { throw BrokenPromise("strangers are not answered") }
    }
}
