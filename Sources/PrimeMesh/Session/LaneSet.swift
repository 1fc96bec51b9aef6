import MeshChannel
import MeshTransfer
import MeshTransport
import MeshWire
import NIOCore

/// The lanes that are up. Those that a transfer works on are in the `LaneRoster`: one of them is the lead, which carries all
/// messages. The others wait until the channel's epoch is open.
final class LaneSet {
    private var lanes: [LaneName: Lane] = [:]
    private var roster = LaneRoster()
    let stream: UInt16

    init(stream: UInt16) {
        self.stream = stream
    }

    /// Lanes that take new work.
    var count: Int { roster.count }
    var names: Set<LaneName> { roster.names }
    var all: Dictionary<LaneName, Lane>.Values { lanes.values }

    subscript(name: LaneName) -> Lane? { lanes[name] }

    /// Lanes that are up and carry no work yet, in the order of their names. One that drains gets none.
    var waiting: [LaneName] {
        lanes.keys.filter { isWaiting($0) && !roster.isDraining($0) }
            .sorted { ($0.prime, $0.generation) < ($1.prime, $1.generation) }
    }

    func isWaiting(_ name: LaneName) -> Bool { lanes[name] != nil && !roster.contains(name) }

    func add(_ lane: Lane) { lanes[lane.name] = lane }

    func work(on name: LaneName) { roster.add(name) }

    /// Answers whether it carried the messages.
    func remove(_ name: LaneName) -> Bool {
        lanes[name] = nil
        return roster.remove(name)
    }

    /// No new work goes to this lane.
    func drain(_ name: LaneName) {
        if lanes[name] != nil { roster.drain(name) }
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
        guard let lead = roster.lead, let lane = lanes[lead] else { return }
        lane.send(message: frame)
    }
}
