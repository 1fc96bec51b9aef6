import MeshChannel
import MeshControl
import MeshTransport
import MeshTrust
import MeshWire

/// One control link to a peer: the first words, then what either end says, until the link is gone.
///
/// It knows no channel and no transfer. Whoever works over the link introduces both ends first, then takes ``next()`` and
/// speaks through ``outbox``. A later link to the same peer is another conversation.
actor PeerConversation {
    /// What the first words told.
    struct Introduced: Sendable {
        /// Under a code a name is what its owner says; in a mesh it is what the certificate says.
        var name: String
        /// Which run of the peer it is.
        var instance: InstanceID
        /// What the pair of a code shares.
        var secret: Bytes32?
    }

    /// The link is gone, and nothing is wrong with the peer: another link may go better.
    struct LinkLoss: Error {
        let reason: String
    }

    static let protocolVersion = 3
    /// The first words take this long at most: who is silent holds a place that others wait for.
    private static let limit = Duration.nanoseconds(Int64(LinkDeadlines.limit))

    nonisolated let link: PeerLink
    nonisolated let outbox = ControlOutbox()
    private var frames: ControlFrames.AsyncIterator
    private var introduction: Introduction

    /// `instance` tells the peer which run of this node it talks with.
    init(node: NodeContext, instance: InstanceID, link: PeerLink) {
        self.link = link
        frames = link.control.inbound.makeAsyncIterator()
        introduction = Introduction(
            name: node.name, version: Self.protocolVersion, instance: instance,
            isDialer: link.role == .dialer, isCode: link.isCode, secret: link.pin)
    }

    nonisolated func close() { link.control.close() }

    /// The next frame; nil once the peer has closed the link.
    func next() async throws -> ControlFrame? {
        var frames = frames
        return try await frames.next(isolation: #isolation)
    }

    // MARK: the first words

    /// Says and hears what is due first. Throws ``LinkLoss``, or a `MeshError` where the peer is not to be met again; the link
    /// is closed then.
    func introduce() async throws -> Introduced {
        do {
            return try await withTaskCancellationHandler {
                try await inTime()
            } onCancel: {
                // A peer that reads nothing must not hold what is to end.
                link.control.close(within: .seconds(1))
            }
        } catch {
            await link.control.part(saying: Task.isCancelled ? .leaving : Self.goodbye(error))
            try Task.checkCancellation()
            guard let breach = error as? Breach else { throw error }
            throw MeshError(breach)
        }
    }

    /// At the limit the link closes, so that the talk ends as well.
    private func inTime() async throws -> Introduced {
        try await withThrowingTaskGroup(of: Introduced?.self) { group in
            group.addTask { try await self.talk() }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let introduced = try await group.next() ?? nil else {
                close()
                throw LinkLoss(reason: "the other side did not say in time who it is")
            }
            return introduced
        }
    }

    private func talk() async throws -> Introduced {
        var met: (name: String, instance: InstanceID)?
        try await follow(introduction.start(), &met)
        while !introduction.isSettled {
            let frame: ControlFrame?
            do { frame = try await next() } catch {
                try Task.checkCancellation()
                throw LinkLoss(reason: MeshError(error).message)
            }
            guard let frame else { throw LinkLoss(reason: "the other side closed the connection") }
            try await heard(frame, &met)
        }
        guard let met else { throw LinkLoss(reason: "the other side said nothing of itself") }
        return Introduced(name: link.peer.name ?? met.name, instance: met.instance, secret: introduction.secret)
    }

    private func heard(_ frame: ControlFrame, _ met: inout (name: String, instance: InstanceID)?) async throws {
        switch frame.message {
        case .membership(.request): try await say(.membership(.refused(.unsupported)))
        case .membership(.grant), .membership(.refused): break
        case .membership(let message): try await follow(introduction.heard(message), &met)
        case .leaving(.leaving): throw LinkLoss(reason: "the other side stopped")
        case .leaving(let code): throw MeshError(code)
        case .sync(let sync):
            if let answer = sync.answer(at: NodeClock.wall) { try await say(.sync(answer)) }
        case .transfer: try await say(.error(.unknown, regarding: frame.sequence))
        case .unknown: try await say(.error(.unsupported, regarding: frame.sequence))
        case .channelOffer, .channelStatus, .ready: throw Breach(code: .protocolViolation)
        case .heartbeat, .error: break
        }
    }

    private func follow(
        _ instructions: [Introduction.Instruction], _ met: inout (name: String, instance: InstanceID)?
    ) async throws {
        for instruction in instructions {
            switch instruction {
            case .say(let message): try await say(.membership(message))
            case .met(let name, let instance): met = (name, instance)
            case .keep(let secret):
                try await link.keepPin(secret)
                try await follow(introduction.kept(), &met)
            case .settled: break
            case .refuse(let code): throw Breach(code: code)
            }
        }
    }

    private func say(_ message: ControlMessage) async throws {
        do { try await link.control.send(message) } catch { throw LinkLoss(reason: MeshError(error).message) }
    }

    /// What the peer is told of an error here; nil where it needs no word.
    private static func goodbye(_ error: any Error) -> FailureCode? {
        switch error {
        case is LinkLoss: nil
        case let error as Breach: error.code
        default: FailureCode(error)
        }
    }

    // MARK: what is said

    /// Sends what waits in the outbox until that ends.
    nonisolated func write() async {
        for await message in outbox.messages {
            do { try await link.control.send(message) } catch { return outbox.failed() }
            outbox.sent()
        }
    }
}

/// The peer broke a rule of the control link, and is told this code.
struct Breach: Error {
    let code: FailureCode
}

extension ClockSync {
    /// The answer to a question; nil where this is an answer itself. `now`: wall clock, nanoseconds since 1970.
    func answer(at now: Int64) -> ClockSync? {
        guard received == nil else { return nil }
        var answer = self
        answer.received = now
        answer.answered = now
        return answer
    }
}

extension MeshError {
    /// Why this side parts from a peer that broke a rule of the control link.
    init(_ breach: Breach) {
        switch breach.code {
        case .protocolViolation:
            self.init(
                .other,
                "the peer said what was not due on the control link, and was disconnected: run the same version of pmesh on both machines"
            )
        case .tooMany:
            self.init(
                .other,
                "the peer opened a second channel on one link, and was disconnected: run the same version of pmesh on both machines"
            )
        case .identity:
            self.init(
                .identity,
                "the peer did not derive the same channel as this node, and was disconnected: use the home the transfer began with, or a new code"
            )
        default: self.init(breach.code)
        }
    }
}
