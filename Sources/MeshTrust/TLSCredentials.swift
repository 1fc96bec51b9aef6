/// What one TLS context is built from: whom to trust, and what to show.
package struct TLSCredentials: Sendable, Hashable {
    /// The name a client gives in SNI and a server picks this context by: opaque, one valid DNS name.
    package let sni: String
    /// The certificates a peer's chain must end in, DER.
    package let rootsDER: [[UInt8]]
    /// Our certificate, then the issuers between it and a root, DER.
    package let chainDER: [[UInt8]]
    /// The key of our certificate: PKCS #8, DER. Secret.
    package let privateKeyDER: [UInt8]

    package init(sni: String, rootsDER: [[UInt8]], chainDER: [[UInt8]], privateKeyDER: [UInt8]) {
        self.sni = sni
        self.rootsDER = rootsDER
        self.chainDER = chainDER
        self.privateKeyDER = privateKeyDER
    }
}
