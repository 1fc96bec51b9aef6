package import MeshChannel
package import MeshWire
import NIOCore

/// What a listener thinks of a lane that somebody opens.
package enum LaneAdmission: Sendable {
    /// Of a channel we agreed on, and wanted.
    case admitted(ChannelKey)
    case refused(FailureCode)
}

extension Lane {
    /// Opens a lane on a connection that we dialed. `nonce`: 256 random bits, for this lane alone.
    ///
    /// The lane may carry anything when this returns, though the listener may still refuse it: then its last event is
    /// ``LaneClosure/refused(_:)``.
    package static func open(
        _ connection: SecureConnection, name: LaneName, key: ChannelKey, nonce: Bytes32, limit: Duration = .seconds(10)
    ) async throws(TransportError) -> Lane {
        let talk = LaneTalk(try await LaneCore(connection, limit: limit))
        do {
            let step = try LaneDialerHello(name: name, key: key, nonce: nonce)
            talk.say(step.hello)
            let proof = try step.answered(try await talk.listen())
            talk.say(proof.message)
            return talk.opened(proof.sent())
        } catch {
            throw talk.failed(error)
        }
    }

    /// Takes a lane on a connection that we accepted. `nonce`: 256 random bits, for this lane alone. `lookup` is asked once
    /// with the name that the dialer gave.
    package static func accept(
        _ connection: SecureConnection, nonce: Bytes32, limit: Duration = .seconds(10),
        lookup: @Sendable (LaneName) async -> LaneAdmission
    ) async throws(TransportError) -> Lane {
        let talk = LaneTalk(try await LaneCore(connection, limit: limit))
        do {
            let step = try LaneListenerHello(try await talk.listen())
            switch await lookup(step.name) {
            case .admitted(let key):
                let welcome = try step.welcomed(with: key, nonce: nonce)
                talk.say(welcome.message)
                return talk.opened(try welcome.answered(try await talk.listen(again: true)))
            case .refused(let code):
                talk.say(step.refused(code))
                throw LaneOpeningError.refused(code)
            }
        } catch {
            throw talk.failed(error)
        }
    }
}

/// The handshake frames of one lane, one at a time.
private struct LaneTalk: Sendable {
    private let core: LaneCore

    init(_ core: LaneCore) {
        self.core = core
    }

    func say(_ message: LaneHandshake) {
        let frame = FrameEncoder.frame(.handshake, stream: 0, payload: message.encoded())
        core.onLoop { $0.send(message: frame) }
    }

    /// The peer's next step. The lane decodes nothing beyond it: `again` releases it after a step was followed, and only
    /// then, or it would be one frame ahead and take the lane's first message for a step.
    func listen(again: Bool = false) async throws -> LaneHandshake {
        if again { core.onLoop { $0.proceed(isOpen: false) } }
        switch await core.mailbox.next() {
        case .frames(let frames):
            guard case .handshake(let payload) = frames.first else {
                throw LaneOpeningError.unexpected(due: "handshake")
            }
            return try LaneHandshake(reading: payload)
        case .closed(let closure): throw closure
        case .room, .echo, .drain: throw LaneOpeningError.unexpected(due: "handshake")
        case nil: throw LaneClosure.done
        }
    }

    func opened(_ lane: OpenedLane) -> Lane {
        core.onLoop { $0.proceed(isOpen: true) }
        return Lane(lane.name, core)
    }

    /// Tells the peer, where it does not know, and closes.
    func failed(_ error: any Error) -> TransportError {
        switch error {
        case let error as LaneOpeningError:
            if let code = error.code { say(.refused(code)) }
            core.onLoop { $0.closeWhenSent() }
            if case .refused(let code) = error { return .laneRefused(code) }
            return .laneClosed(.opening(error))
        case let error as WireError:
            core.onLoop { $0.close(.violation(error)) }
            return .laneClosed(.violation(error))
        case let closure as LaneClosure:
            core.onLoop { $0.close(closure) }
            return .laneClosed(closure)
        default:
            core.onLoop { $0.close(.done) }
            return .laneClosed(.interrupted("\(error)"))
        }
    }
}
