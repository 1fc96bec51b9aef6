import MeshControl
import MeshWire
import Testing

@Suite struct PeerDirectoryTests {
    private let ann = FoundNode(node: node(1), addresses: [address("10.0.0.1")])
    private let bob = FoundNode(node: node(2), addresses: [address("10.0.0.2")])

    @Test func aNodeJoinsStaysMovesAndLeaves() {
        var directory = PeerDirectory()
        #expect(directory.heard(ann, at: 0) == .joined)
        #expect(directory.heard(ann, at: 30 * second) == .refreshed)
        let moved = FoundNode(node: node(1), addresses: [address("10.0.0.9")])
        #expect(directory.heard(moved, at: 60 * second) == .changed)
        #expect(directory.addresses(of: node(1)) == [address("10.0.0.9")])
        let listed = [directory.left(node(1)), directory.left(node(1))]
        #expect(listed == [true, false])
        #expect(directory.nodes.isEmpty)
    }

    @Test func whoIsSilentFor60SecondsIsGone() {
        var directory = PeerDirectory()
        _ = directory.heard(bob, at: 0)
        _ = directory.heard(ann, at: 10 * second)
        #expect(directory.tick(at: 59 * second) == [])
        #expect(directory.tick(at: 60 * second) == [node(2)])
        #expect(directory.nodes == [ann])
        #expect(directory.tick(at: 90 * second) == [node(1)])
        #expect(directory.heard(bob, at: 91 * second) == .joined)
    }

    @Test func aFullDirectoryListsNobodyNewAndForgetsNobody() {
        var directory = PeerDirectory()
        for number in 0..<UInt64(PeerDirectory.limit) {
            var id = Bytes16().array + Bytes16().array
            withUnsafeBytes(of: number) { for (index, byte) in $0.enumerated() { id[index] = byte } }
            #expect(directory.heard(FoundNode(node: NodeID(Bytes32(id)!), addresses: []), at: 0) == .joined)
        }
        #expect(directory.heard(FoundNode(node: node(0xff), addresses: []), at: 1) == .full)
        #expect(directory.heard(FoundNode(node: node(0), addresses: []), at: 1) == .refreshed)
        #expect(directory.nodes.count == PeerDirectory.limit)
    }

    @Test func addressesBeyondAnAnswersLimitAreDropped() {
        var directory = PeerDirectory()
        let many = (0..<40).map { address("10.0.1.\($0)") }
        _ = directory.heard(FoundNode(node: node(1), addresses: many), at: 0)
        #expect(directory.addresses(of: node(1)) == Array(many.prefix(16)))
    }
}
