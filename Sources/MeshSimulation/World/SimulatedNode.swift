import MeshTransfer
import MeshWire

/// A machine with one process on it: what lasts is on its disk and in its journal.
final class SimulatedNode {
    let id: NodeID
    let fuse = Fuse()
    let disk: SimulatedDisk
    let journal: SimulatedJournal
    /// Where it listens; changes when the machine moves to another network.
    var address = 0
    /// How the machine goes down when its fuse blows; nil: the process alone is killed.
    var powerLoss: PowerLoss?
    /// Its disk bears another device number since the last process began.
    var isRemounted = false

    init(number: Int, isDurable: Bool) {
        id = NodeID(Bytes32([UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: 32)) ?? Bytes32())
        disk = SimulatedDisk(fuse: fuse)
        journal = SimulatedJournal(fuse: fuse, isDurable: isDurable)
    }

    /// The process is gone, perhaps with the machine; another one starts.
    func restart(using random: inout Seeded) {
        defer {
            powerLoss = nil
            isRemounted = false
            fuse.replace()
        }
        guard let powerLoss else { return disk.endProcess() }
        if powerLoss.takesData { disk.cutPower(using: &random) } else { disk.endProcess() }
        journal.reboot(keepingAll: !powerLoss.takesRows, using: &random)
    }
}

/// What of the last seconds did not reach the disk when the power was cut.
package enum PowerLoss: Int, Hashable, Sendable, CaseIterable {
    case data = 0
    case rows = 1
    case both = 2
    /// All of it had; only the boot is another.
    case nothing = 3

    var takesData: Bool { self == .data || self == .both }
    var takesRows: Bool { self == .rows || self == .both }
}

/// One transfer between two nodes of a world.
struct Course {
    let transfer: TransferID
    /// Indices of nodes.
    let from: Int
    let to: Int
    let dialer: Side
    let compression: CompressionMode
    let rules: ReceiveRules
    let isRoomDoubtful: Bool
    let keepsInodes: Bool

    func node(_ side: Side) -> Int { side == .sender ? from : to }
}
