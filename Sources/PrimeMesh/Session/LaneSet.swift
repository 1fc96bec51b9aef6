import MeshTransfer
import MeshTransport
import MeshWire
import NIOCore

/// The lanes that are up, and the lead among them, which carries all messages of this side in their order.
///
/// A message on a lane that is lost may not have arrived: whoever sends messages says again what matters once the lead
/// changed.
final class LaneSet {
    private var lanes: [LaneName: Lane] = [:]
    private var draining: Set<LaneName> = []
    private(set) var lead: LaneName?
    let stream: UInt16

    init(stream: UInt16) {
        self.stream = stream
    }

    var count: Int { lanes.count - draining.count }
    var names: [LaneName] { lanes.keys.filter { !draining.contains($0) } }
    var all: Dictionary<LaneName, Lane>.Values { lanes.values }

    subscript(name: LaneName) -> Lane? { lanes[name] }

    func add(_ lane: Lane) {
        lanes[lane.name] = lane
        if lead == nil { lead = lane.name }
    }

    /// Answers whether it carried the messages.
    func remove(_ name: LaneName) -> Bool {
        lanes[name] = nil
        draining.remove(name)
        guard lead == name else { return false }
        lead = names.min { $0.prime < $1.prime }
        return true
    }

    /// No new work goes to this lane.
    func drain(_ name: LaneName) {
        draining.insert(name)
    }

    func send(_ message: DataMessage) {
        send(FrameEncoder.frame(.message, stream: stream, payload: message.encoded()))
    }

    func acknowledge(_ numbers: NumberSet) {
        var payload = ByteBuffer()
        payload.writeNumbers(numbers)
        send(FrameEncoder.frame(.acknowledgement, stream: stream, payload: payload))
    }

    private func send(_ frame: ByteBuffer) {
        // Without a lane nothing is lost: what matters is said again once there is one.
        guard let lead, let lane = lanes[lead] else { return }
        lane.send(message: frame)
    }
}
