import Crypto
package import MeshWire

/// The 32 primes that name a channel's lanes, in an order of each pair's own.
///
/// The primes are names and periods, not secrets: what is secret is the key of ``ChannelKey``, which they enter as
/// context. Lane *k* is named by the *k*-th prime of the order, and its heartbeat takes that prime's period.
package struct PrimeSet: Hashable, Sendable {
    package let name: PrimeSetName
    /// Ascending.
    package let primes: [UInt16]

    package init(_ name: PrimeSetName) {
        self.name = name
        primes =
            switch name {
            case .standard: Self.from1009
            case .high: Self.from1229
            }
    }

    /// How often a lane is probed, nanoseconds: its prime × 5 ms, so 5.0 to 7.3 s. Two lanes of periods 5 ms × p and
    /// 5 ms × q coincide once in 5 ms × p × q, 85 min or more: their heartbeats hardly ever come at once.
    package static func probePeriod(_ prime: UInt16) -> UInt64 { UInt64(prime) * 5_000_000 }

    /// The order of this set for a pair of nodes, the same whichever of the two computes it.
    ///
    /// A Fisher–Yates shuffle of the ascending set, from its end. The *n*-th draw is the first eight bytes, highest
    /// first, of SHA-256(seed ‖ n as 32 bits), modulo the number of places left; the remainder's bias is below 2^-58.
    /// The seed is SHA-256("pmesh prime order 1" ‖ the set's name ‖ lower NodeID ‖ higher NodeID).
    package func order(for one: NodeID, _ other: NodeID) -> [UInt16] {
        var hash = SHA256()
        hash.update(data: Array("pmesh prime order 1".utf8) + Array(name.rawValue.utf8))
        hash.update(data: min(one, other).bytes.array + max(one, other).bytes.array)
        let seed = Array(hash.finalize())
        var order = primes
        for last in stride(from: order.count - 1, to: 0, by: -1) {
            let draw = Self.draw(seed, number: UInt32(order.count - 1 - last))
            order.swapAt(last, Int(draw % UInt64(last + 1)))
        }
        return order
    }

    private static func draw(_ seed: [UInt8], number: UInt32) -> UInt64 {
        SHA256.hash(data: seed + number.bigEndianBytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static let from1009: [UInt16] = [
        1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093, 1097,
        1103, 1109, 1117, 1123, 1129, 1151, 1153, 1163, 1171, 1181, 1187, 1193, 1201, 1213, 1217, 1223,
    ]

    private static let from1229: [UInt16] = [
        1229, 1231, 1237, 1249, 1259, 1277, 1279, 1283, 1289, 1291, 1297, 1301, 1303, 1307, 1319, 1321,
        1327, 1361, 1367, 1373, 1381, 1399, 1409, 1423, 1427, 1429, 1433, 1439, 1447, 1451, 1453, 1459,
    ]
}

extension PrimeSetName {
    /// The set a channel moves to when this one's lanes are lost.
    package var other: PrimeSetName {
        switch self {
        case .standard: .high
        case .high: .standard
        }
    }
}

extension FixedWidthInteger {
    /// The bytes, highest first.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
