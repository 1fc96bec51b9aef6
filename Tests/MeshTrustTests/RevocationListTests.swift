import MeshTrust
import MeshWire
import Testing

@Suite struct RevocationListTests {
    let home = try! mesh("home")

    func list(number: UInt64 = 1, at time: Int64 = noon, _ nodes: Set<NodeID>) throws -> RevocationList {
        try RevocationList(number: number, issuedAt: time, nodes: nodes, by: home)
    }

    @Test(arguments: [0, 1, 2, 3, 100])
    func `a list knows its nodes and survives its bytes`(count: UInt8) throws {
        let nodes = Set((0..<count).map { node($0 * 2) })
        let list = try list(nodes)
        #expect(try RevocationList(decoding: list.encoded) == list)
        #expect(list.verify(publicKeyDER: home.publicKeyDER))
        for number in 0..<210 as Range<UInt8> { #expect(list.contains(node(number)) == nodes.contains(node(number))) }
    }

    @Test func `a list of another mesh is not believed`() throws {
        #expect(try !list([node(1)]).verify(publicKeyDER: try mesh("home").publicKeyDER))
    }

    @Test func `a list changed anywhere is unreadable or not believed`() throws {
        let right = try list([node(1), node(2)]).encoded
        for place in right.indices {
            var wrong = right
            wrong[place] ^= 1
            let believed = (try? RevocationList(decoding: wrong))?.verify(publicKeyDER: home.publicKeyDER)
            #expect(believed != true, "byte \(place)")
        }
    }

    @Test func `a list cut anywhere is unreadable`() throws {
        let right = try list([node(1), node(2)]).encoded
        for count in right.indices {
            #expect(throws: RevocationError.unreadable) { try RevocationList(decoding: Array(right.prefix(count))) }
        }
        #expect(throws: RevocationError.unreadable) { try RevocationList(decoding: right + [0]) }
    }

    @Test func `counts are bounded and nodes ascend`() throws {
        let two = try list([node(1), node(2)]).encoded
        var many = two
        many.replaceSubrange(36..<40, with: [0, 1, 0, 1])
        #expect(throws: RevocationError.tooMany(65_537)) { try RevocationList(decoding: many) }
        var unbacked = two
        unbacked.replaceSubrange(36..<40, with: [0, 1, 0, 0])
        #expect(throws: RevocationError.unreadable) { try RevocationList(decoding: unbacked) }
        var twice = two
        twice.replaceSubrange(72..<104, with: [UInt8](repeating: 1, count: 32))
        #expect(throws: RevocationError.unreadable) { try RevocationList(decoding: twice) }
    }

    @Test func `the newer list takes the place of the older`() throws {
        let first = try list(number: 1, at: noon, [])
        let signedAgain = try list(number: 1, at: noon + day, [])
        let second = try list(number: 2, at: noon, [])
        #expect(signedAgain.supersedes(first))
        #expect(second.supersedes(first))
        #expect(second.supersedes(signedAgain))
        #expect(!first.supersedes(second))
        #expect(!first.supersedes(first))
    }

    @Test func `a list ages`() throws {
        let list = try list([])
        #expect(list.standing(at: noon - day) == .fresh)
        #expect(list.standing(at: noon + 7 * day) == .fresh)
        #expect(list.standing(at: noon + 7 * day + second) == .old(days: 7))
        #expect(list.standing(at: noon + 30 * day) == .old(days: 30))
        #expect(list.standing(at: noon + 30 * day + second) == .tooOld(days: 30))
    }
}
