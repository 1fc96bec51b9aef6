/// For what part of the last while the network, and nothing else, was what a lane's bytes waited for. Never on the wire:
/// the lane measures it (`SendingWindow` in MeshChannel), the sender of a transfer decides by it what to deflate.
package enum NetworkShare: Hashable, Sendable {
    /// The system does not tell.
    case untold
    /// The system tells, and the first window is not over.
    case awaited
    /// 0 (the lane had nothing to send, or the receiver took no more) to 1 (the link was always full).
    case told(Double)
}
