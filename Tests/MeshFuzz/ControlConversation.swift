import FoundationEssentials
import MeshChannel
import MeshTrust
import MeshWire

/// What two nodes say on their control link, from the first word to the last.
struct ControlConversation {
    let messages: [ControlMessage]

    init(_ transfer: TransferID) throws {
        let meeting = try Meeting.shared.get()
        let agreement = try Agreement.shared.get()
        let sums = TransferSums(entries: 7, files: 4, bytes: 42_700, allocated: 45_056)
        messages = [
            .membership(.introduce(name: "ada", version: 1, instance: InstanceID(Bytes16()))),
            .membership(.pin(secret: Bytes32())),
            .membership(.pinned),
            .membership(.request(name: "ben", csr: meeting.request)),
            .membership(.grant(membership: Array(try JSONEncoder().encode(meeting.membership)))),
            .membership(.refused(.nameTaken)), .channelOffer(agreement.offer), .channelStatus(agreement.status),
            .channelStatus(
                ChannelStatus(channel: agreement.offer.channel, epoch: 2, outcome: .rejected(.unsupported))),
            .ready(channel: agreement.offer.channel, epoch: 1, fingerprint: agreement.agreed.fingerprint),
            .transfer(TransferControl(transfer: transfer, action: .offer(stream: 1, sums: sums, counting: true))),
            .transfer(TransferControl(transfer: transfer, action: .accept(manifestFrom: 3))),
            .transfer(TransferControl(transfer: transfer, action: .decline(.declined))),
            .sync(ClockSync(origin: Meeting.now)),
            .sync(ClockSync(origin: Meeting.now, received: Meeting.now + 5, answered: Meeting.now + 9)), .heartbeat,
            .error(.unsupported, regarding: 4), .leaving(.leaving), .unknown(type: "weather"),
        ]
    }
}
