import NIOCore
import NIOSSL

/// Why a connection was over before it belonged to a plane, told the same way on both sides.
package enum HandshakeFailure: Error, Hashable, Sendable {
    /// The name in SNI is of no mesh and no code that the listener knows; nil where there was none.
    case unknownName(String?)
    /// One side did not accept the other's certificate.
    case untrusted
    /// No common version, group or plane, or no TLS at all.
    case incompatible(String)
    /// The listener has all the connections it takes. The dialer sees a reset connection, and tries again.
    case busy
    case timedOut
    case interrupted(String)
    /// Our own certificate or key cannot be used.
    case credentials(String)

    /// What an error of the pipeline means.
    init(_ error: any Error) {
        switch error {
        case let failure as HandshakeFailure: self = failure
        case NIOSSLError.handshakeFailed(.sslError(let stack)) where stack == [.eofDuringHandshake]:
            // A listener that does not know the name says so in an alert: who parts without a word has crashed, or is a
            // relay whose other end is not up yet.
            self = .interrupted("closed during the handshake")
        case NIOSSLError.handshakeFailed(.sslError(let stack)), BoringSSLError.sslError(let stack):
            self.init(stack)
        case NIOSSLError.uncleanShutdown: self = .interrupted("the peer is gone")
        case let error as IOError: self = .interrupted(error.shortReason)
        default: self = .interrupted("\(error)")
        }
    }

    /// NIOSSL gives errors of BoringSSL as text alone: `Error: 268436499 error:10000413:SSL routines:
    /// OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE at …`.
    private init(_ stack: NIOBoringSSLErrorStack) {
        let names = stack.map { error in
            let text = error.description
            return String(text.firstRange(of: " at ").map { text[..<$0.lowerBound] } ?? text[...])
        }
        func mentions(_ words: String...) -> Bool { names.contains { name in words.contains { name.contains($0) } } }
        if mentions("UNRECOGNIZED_NAME") {
            self = .unknownName(nil)
        } else if mentions("CERTIFICATE", "UNKNOWN_CA", "DECRYPT_ERROR", "ACCESS_DENIED") {
            self = .untrusted
        } else {
            self = .incompatible(names.first.flatMap { $0.split(separator: ":").last.map(String.init) } ?? "TLS")
        }
    }
}

extension HandshakeFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownName(let name): "it named no mesh or code known here (\(name ?? "no name"))"
        case .untrusted: "a certificate was not accepted; both nodes must be in the same mesh or use the same code"
        case .incompatible(let reason): "it speaks another protocol (\(reason)); run the same version of pmesh"
        case .busy: "too many connections; try again in a while"
        case .timedOut: "its handshake took too long"
        case .interrupted(let reason): "the connection broke off (\(reason))"
        case .credentials(let reason): "our own certificate cannot be used (\(reason))"
        }
    }
}

/// The alert `unrecognized_name`, sent before there is TLS to send it: one record in clear (RFC 8446, sections 5.1 and
/// 6). Type 21, legacy version 3.3, length 2, level fatal, description 112.
let unrecognizedNameAlert: [UInt8] = [21, 3, 3, 0, 2, 2, 112]

extension IOError {
    /// The system's words for the error number alone, such as `Connection refused`.
    var shortReason: String { systemWords(errnoCode) }
}
