import MeshControl
import Testing

@Suite struct ControlSequenceTests {
    @Test func bothDirectionsCountFromZero() {
        var sequence = ControlSequence()
        #expect([sequence.next(), sequence.next()] == [0, 1])
        #expect(sequence.arrived(0) == .inOrder)
        #expect(sequence.arrived(1) == .inOrder)
    }

    @Test func gapsAndRepetitionsAreBroken() {
        var sequence = ControlSequence()
        #expect(sequence.arrived(1) == .broken(expected: 0, got: 1))
        #expect(sequence.arrived(0) == .inOrder)
        #expect(sequence.arrived(0) == .broken(expected: 1, got: 0))
        #expect(sequence.arrived(.max) == .broken(expected: 1, got: .max))
    }
}
