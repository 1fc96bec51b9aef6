import Foundation
import MeshTrust
import MeshWire
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// SplitMix64: the same numbers in every run.
struct FixedRandom: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

let second: Int64 = 1_000_000_000
let minute = 60 * second
let day = 24 * 60 * minute
/// 2026-03-01T12:00:00Z.
let noon = 1_772_366_400 * second

func node(_ number: UInt8) -> NodeID { NodeID(Bytes32(repeatElement(number, count: 32))!) }

func bytes(hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).map {
        UInt8(hex.dropFirst($0).prefix(2), radix: 16)!
    }
}

/// Secrets of a code without the 0.1 s that stretching one takes.
func secrets(_ number: UInt8) -> CodeSecrets {
    CodeSecrets(master: Bytes32(repeatElement(number, count: 32))!)
}

func mesh(_ name: String, seed: UInt64 = 1) throws -> MeshAuthority {
    var random = FixedRandom(seed)
    return try MeshAuthority(meshName: try MemberName(name), now: noon, discoveryKey: Bytes32(using: &random))
}

/// Whether `shown` leads to one of the roots that `demanded` trusts, by RFC 5280 at `now`.
func trusts(_ demanded: TLSCredentials, shown: TLSCredentials, at now: Int64 = noon) async throws -> Bool {
    let roots = CertificateStore(try demanded.rootsDER.map { try Certificate(derEncoded: $0) })
    let chain = try shown.chainDER.map { try Certificate(derEncoded: $0) }
    var verifier = Verifier(rootCertificates: roots) {
        RFC5280Policy(fixedExpiryValidationTime: Date(timeIntervalSince1970: Double(now / second)))
    }
    let result = await verifier.validate(leaf: chain[0], intermediates: CertificateStore(chain.dropFirst()))
    if case .validCertificate = result { return true }
    return false
}
