import Foundation
import MeshTrust
import MeshWire
import Testing

@Suite struct MembershipTests {
    let alice = NodeIdentity()
    let key = Bytes32(0..<32)!

    func membership() throws -> Membership {
        try mesh("home").admit(
            request: try MembershipRequest(for: alice).der, name: "alice", now: noon, taken: { _ in nil })
    }

    @Test func `a day is a day of UTC`() {
        #expect(Membership.day(at: noon) == 20_513)
        #expect(Membership.day(at: 0) == 0)
        #expect(Membership.day(at: day - 1) == 0)
        #expect(Membership.day(at: day) == 1)
        #expect(Membership.day(at: -1) == -1)
    }

    /// Computed with another implementation of HMAC.
    @Test func `the name of a day is fixed by the discovery key`() throws {
        let member = try membership().with(discoveryKey: key)
        #expect(member.sni(day: 20_000) == "m-wh1rfpr2rq73zc70dk12b50t9w.pmesh")
        #expect(member.sni(day: 20_001) != member.sni(day: 20_000))
    }

    @Test func `clocks may differ by a day`() throws {
        let member = try membership()
        let accepted = member.acceptedTags(day: 100)
        #expect(accepted == [100, 99, 101].map { member.sni(day: $0) })
        #expect(!accepted.contains(member.sni(day: 98)))
        #expect(try member.credentials(for: alice, day: 100).sni == accepted[0])
    }

    @Test func `a membership serves its own node alone`() throws {
        let member = try membership()
        #expect(try member.nodeID == alice.nodeID)
        #expect(member.name == "alice")
        #expect(throws: MembershipError.otherNode(alice.nodeID)) {
            try member.credentials(for: NodeIdentity(), day: 0)
        }
    }

    @Test func `a membership is renewed in its last third`() throws {
        let member = try membership()
        #expect(!member.wantsRenewal(at: noon))
        #expect(!member.wantsRenewal(at: noon + 243 * day))
        #expect(member.wantsRenewal(at: noon + 244 * day))
    }

    @Test func `a membership survives JSON`() throws {
        let member = try membership()
        let json = try JSONEncoder().encode(member)
        #expect(json.count < 64 * 1024)
        #expect(try JSONDecoder().decode(Membership.self, from: json) == member)
        #expect(member.rootPublicKeyDER != nil)
    }

    @Test(arguments: ["meshName", "root", "chain", "discoveryKey", "discoveryVersion"])
    func `a membership with a damaged field is refused`(field: String) throws {
        var object =
            try JSONSerialization.jsonObject(with: try JSONEncoder().encode(try membership())) as! [String: Any]
        let damaged: [String: Any] = [
            "meshName": "No Name", "root": "AAAA", "chain": [String](), "discoveryKey": "00", "discoveryVersion": -1,
        ]
        object[field] = damaged[field]
        let json = try JSONSerialization.data(withJSONObject: object)
        #expect(throws: (any Error).self) { try JSONDecoder().decode(Membership.self, from: json) }
    }
}
