import MeshWire
import Testing

@testable import PrimeMesh

@Suite struct ListeningPlanTests {
    private func addresses(_ words: [String]) -> [NodeAddress] { words.compactMap { NodeAddress(listening: $0) } }

    private func control(_ wanted: String...) -> [[String]] {
        ListeningPlan(control: addresses(wanted)).attempts.map { $0.control.map(\.description) }
    }

    @Test func byDefaultBothFamiliesAtTheDefaultPortOrAnyOther() {
        #expect(
            control() == [
                ["0.0.0.0:7411", "[::]:7411"], ["0.0.0.0:0", "[::]:0"], ["0.0.0.0:7411"], ["0.0.0.0:0"], ["[::]:7411"],
                ["[::]:0"],
            ])
    }

    @Test func aPortThatWasAskedForIsNoOther() {
        #expect(control(":9") == [["0.0.0.0:9", "[::]:9"], ["0.0.0.0:9"], ["[::]:9"]])
    }

    @Test func anAddressIsTakenAsItIs() {
        #expect(control("127.0.0.1:0", "[::1]:5") == [["127.0.0.1:0", "[::1]:5"]])
    }

    /// A machine without IPv6 listens for lanes by IPv4 as well.
    @Test func lanesGoBySameFamilies() {
        let plan = ListeningPlan(control: addresses(["127.0.0.1:1"]), data: addresses(["8"]))
        #expect(
            plan.attempts.map { $0.data.map(\.description) } == [["0.0.0.0:8", "[::]:8"], ["0.0.0.0:8"], ["[::]:8"]])
        #expect(plan.attempts.allSatisfy { $0.control.map(\.description) == ["127.0.0.1:1"] })
    }
}
