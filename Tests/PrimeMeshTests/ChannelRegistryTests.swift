import MeshTransport
import MeshWire
import Testing

@testable import PrimeMesh

/// Lanes find their owner by a number that the dialer chose: it must lead to nobody else's.
@Suite struct ChannelRegistryTests {
    private final class Owner: LaneOwner {
        func admit(_ name: LaneName) async -> LaneAdmission { .refused(.unknown) }
        func follow(_ lane: Lane) async {}
    }

    private static func node(_ number: UInt8) -> NodeID { NodeID(Bytes32(repeatElement(number, count: 32))!) }
    private static let channel = ChannelID(Bytes16(repeatElement(7, count: 16))!)

    @Test func twoNodesMayDrawTheSameNumber() {
        let registry = ChannelRegistry()
        let (ada, ben) = (Owner(), Owner())
        registry.add(Self.channel, peer: Self.node(1), owner: ada)
        registry.add(Self.channel, peer: Self.node(2), owner: ben)
        #expect(registry.owner(of: Self.channel, peer: Self.node(1)) === ada)
        #expect(registry.owner(of: Self.channel, peer: Self.node(2)) === ben)
        #expect(registry.owner(of: Self.channel, peer: Self.node(3)) == nil)
        registry.remove(Self.channel, peer: Self.node(2), owner: ben)
        #expect(registry.owner(of: Self.channel, peer: Self.node(1)) === ada)
    }

    @Test func onlyItsOwnerRemovesAnEntry() {
        let registry = ChannelRegistry()
        let (old, new) = (Owner(), Owner())
        registry.add(Self.channel, peer: Self.node(1), owner: old)
        registry.add(Self.channel, peer: Self.node(1), owner: new)
        registry.remove(Self.channel, peer: Self.node(1), owner: old)
        #expect(registry.owner(of: Self.channel, peer: Self.node(1)) === new)
        registry.remove(Self.channel, peer: Self.node(1), owner: new)
        #expect(registry.owner(of: Self.channel, peer: Self.node(1)) == nil)
    }
}
