import MeshTrust
import MeshWire
import Testing

@Suite struct MeshRecoveryTests {
    /// The full cost takes half a second, so it is paid once.
    @Test func `the passphrase brings the mesh back`() throws {
        var random = FixedRandom(4)
        let home = try mesh("home")
        let file = try MeshRecovery.seal(
            home, passphrase: "correct horse battery staple", salt: Bytes16(using: &random))
        let again = try MeshRecovery.open(file, passphrase: "correct horse battery staple")
        #expect(again.storedRepresentation == home.storedRepresentation)
    }

    let cheap: (home: MeshAuthority, file: [UInt8]) = {
        var random = FixedRandom(5)
        let home = try! mesh("home")
        return (home, try! MeshRecovery.seal(home, passphrase: "eight bytes", cost: 10, salt: Bytes16(using: &random)))
    }()

    @Test func `another passphrase opens nothing`() {
        #expect(throws: RecoveryError.wrongPassphraseOrDamaged) {
            try MeshRecovery.open(cheap.file, passphrase: "eight byteS")
        }
        #expect(throws: RecoveryError.wrongPassphraseOrDamaged) { try MeshRecovery.open(cheap.file, passphrase: "") }
    }

    @Test func `a changed byte is found wherever it is`() {
        // Log2 of the cost follows 17 bytes; higher ones are left out only because they are slow.
        for place in [0, 17, 18, 33, 34, 100, cheap.file.count - 1] {
            var wrong = cheap.file
            wrong[place] ^= 1
            #expect(throws: RecoveryError.self, "byte \(place)") {
                try MeshRecovery.open(wrong, passphrase: "eight bytes")
            }
        }
    }

    @Test func `a file of another kind, cut or too large is refused before any work`() {
        for file in [
            [], Array("pmesh-recovery-v2".utf8), Array(cheap.file.prefix(50)), [UInt8](repeating: 0, count: 40_000),
        ] {
            #expect(throws: RecoveryError.notARecoveryFile) { try MeshRecovery.open(file, passphrase: "eight bytes") }
        }
        var greedy = cheap.file
        greedy[17] = 40
        #expect(throws: RecoveryError.notARecoveryFile) { try MeshRecovery.open(greedy, passphrase: "eight bytes") }
    }

    @Test func `a short passphrase is refused`() {
        var random = FixedRandom(6)
        #expect(throws: RecoveryError.passphraseLength(7)) {
            try MeshRecovery.seal(cheap.home, passphrase: "7 bytes", cost: 10, salt: Bytes16(using: &random))
        }
    }
}
