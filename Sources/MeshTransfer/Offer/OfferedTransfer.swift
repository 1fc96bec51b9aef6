package import MeshWire

/// What a person or a rule decides on.
package struct OfferedTransfer: Hashable, Sendable {
    package let transfer: TransferID
    package let sums: TransferSums
    /// The topmost names, at most 16, escaped.
    package let names: [String]
    /// The sender has not found everything yet.
    package let isCounting: Bool
    /// The sender reads from a pipe, so that nothing can be resumed.
    package let isPiped: Bool

    init(_ transfer: TransferID, _ sums: TransferSums, names: [String], isCounting: Bool, isPiped: Bool) {
        self.transfer = transfer
        self.sums = sums
        self.names = names
        self.isCounting = isCounting
        self.isPiped = isPiped
    }
}
