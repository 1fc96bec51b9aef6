import Foundation
import MeshWire
import Testing

/// Known values were computed apart from this code.
@Suite struct IdentifiersTests {
    private static let nodes: [(hex: String, text: String)] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000000",
            "000000-000000-000000-000000-000000-000000-000000-000000-000000"
        ),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "000g40-r40m30-e20918-5gr38e-1w8124-gk2gah-c5rr34-d1p70x-3rfgth"
        ),
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "zzzzzz-zzzzzz-zzzzzz-zzzzzz-zzzzzz-zzzzzz-zzzzzz-zzzzzz-zzzgqb"
        ),
        (
            "545ea538461003efdc8c81c244531b003f6f26cfccf6c0073b3239fdedf49446",
            "ahfaae-26201y-zq4cg7-148mrv-00zpy9-pfskvc-01sv68-wzvvfm-jh30f9"
        ),
    ]

    @Test(arguments: nodes) func nodeIdentifiers(hex: String, text: String) throws {
        let node = NodeID(try #require(Bytes32(hex: hex)))
        #expect(node.description == text)
        #expect(NodeID(text) == node)
        #expect(NodeID(text.replacingOccurrences(of: "-", with: "")) == node)
        #expect(NodeID(text.uppercased()) == node)
        #expect(node.short == String(text.replacingOccurrences(of: "-", with: "").prefix(8)))
    }

    @Test func everySingleWrongSymbolOfANodeIsFound() {
        let text = Array(NodeID(counting).description.utf8)
        for position in text.indices where text[position] != UInt8(ascii: "-") {
            for symbol in Base32.alphabet where symbol != text[position] {
                var wrong = text
                wrong[position] = symbol
                #expect(NodeID(String(decoding: wrong, as: UTF8.self)) == nil)
            }
        }
    }

    @Test func nodesOfAnotherLengthAreRefused() {
        let text = NodeID(counting).description
        for count in 0..<text.count { #expect(NodeID(String(text.prefix(count))) == nil) }
        #expect(NodeID(text + "0") == nil)
        #expect(NodeID(String(repeating: "ü", count: 27)) == nil)
        #expect(NodeID("") == nil)
    }

    @Test func transfersAndChannelsAre26Symbols() {
        let transfer = TransferID(counting16)
        #expect(transfer.description == "000G40R40M30E209185GR38E1W".lowercased())
        #expect(transfer.short == "000g40r40m30e209")
        #expect(TransferID(transfer.description) == transfer)
        #expect(TransferID(transfer.short) == nil)
        #expect(ChannelID("000g40r40m30e209185gr38e1w") == ChannelID(counting16))
        #expect(ChannelID("000g40r40m30e209185gr38e1x") == nil)
    }

    @Test func digestsAreHexadecimal() {
        #expect(counting.hex == countingHex)
        #expect(Bytes32(hex: countingHex) == counting)
        #expect(Bytes32(hex: countingHex.uppercased()) == counting)
        #expect(Bytes32(hex: String(countingHex.dropLast())) == nil)
        #expect(Bytes32(hex: String(countingHex.dropLast()) + "g") == nil)
        #expect(Bytes32(hex: countingHex + "00") == nil)
    }

    @Test func inJSONTheyAreTheirText() throws {
        struct All: Codable, Equatable {
            var node = NodeID(counting)
            var transfer = TransferID(counting16)
            var channel = ChannelID(counting16)
            var digest = counting
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = String(decoding: try encoder.encode(All()), as: UTF8.self)
        let id = "000g40r40m30e209185gr38e1w"
        #expect(
            json
                == #"{"channel":"\#(id)","digest":"\#(countingHex)","node":"\#(NodeID(counting))","transfer":"\#(id)"}"#
        )
        #expect(try JSONDecoder().decode(All.self, from: Data(json.utf8)) == All())
        let wrong = json.replacingOccurrences(of: id, with: "x")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(All.self, from: Data(wrong.utf8)) }
    }
}
