import MeshTrust
import MeshWire
import Testing

@Suite struct CodeSecretsTests {
    /// Computed with another implementation of scrypt and HKDF: what a node of any version must derive from the code.
    @Test func `the same code gives the same secrets for ever`() throws {
        let made = try CodeSecrets(stretching: try OneTimeCode("7k3x-q9mz-2rtw"))
        #expect(made.master.hex == "13a80fa5929d4415e77569e11d59889cf576c6499089801f847d0f18fa5b9c13")
        #expect(made.authoritySeed.hex == "6775fa7ecef05593b2fe08ee4dcf5a8e2a60628b1b79a637c7e67bb12bfd5bc9")
        #expect(made.tagText == "j5k6gvw32xvx8wc4pkdwahtckc")
        #expect(made.discoveryKey.hex == "9c8457eb86e5444a39f24f31e165419c0bc0b932f11b29a29138cf913657db99")
        #expect(made.sni == "c-j5k6gvw32xvx8wc4pkdwahtckc.pmesh")
        #expect(CodeSecrets(master: made.master) == made)
    }

    @Test func `different codes share nothing`() {
        let (one, two) = (secrets(1), secrets(2))
        #expect(one.authoritySeed != two.authoritySeed)
        #expect(one.tag != two.tag)
        #expect(one.discoveryKey != two.discoveryKey)
    }
}
