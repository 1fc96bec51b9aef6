import MeshWire
import Testing

@testable import PrimeMesh

@Suite struct ListeningPlanTests {
    private func words(_ wanted: String...) -> [[String]] {
        ListeningPlan(wanted.compactMap { NodeAddress(listening: $0) }).attempts.map { $0.map(\.description) }
    }

    @Test func byDefaultBothFamiliesAtTheDefaultPortOrAnyOther() {
        #expect(
            words() == [
                ["0.0.0.0:7411", "[::]:7411"], ["0.0.0.0:0", "[::]:0"], ["0.0.0.0:7411"], ["0.0.0.0:0"], ["[::]:7411"],
                ["[::]:0"],
            ])
    }

    @Test func aPortThatWasAskedForIsNoOther() {
        #expect(words(":9") == [["0.0.0.0:9", "[::]:9"], ["0.0.0.0:9"], ["[::]:9"]])
    }

    @Test func anAddressIsTakenAsItIs() {
        #expect(words("127.0.0.1:0", "[::1]:5") == [["127.0.0.1:0", "[::1]:5"]])
    }
}
