package import MeshWire

/// The first words on a link: names and version, and under a code the secret that ties the pair.
///
/// ```
///  dialer                                   listener
///    introduce ───────────────────────────▶
///              ◀─────────────────────────── introduce, under a code: pin
///    under a code: (the secret is kept) pinned ─▶
///    settled                                  settled
/// ```
/// Each word is said once. A word that comes twice, or before its time, is a breach: whoever could say `introduce` again
/// could have a second channel opened beside the first. Owned by whoever talks over the link; after a refusal it
/// answers nothing more.
package struct Introduction: Sendable {
    /// What is to be done, in order.
    package enum Instruction: Hashable, Sendable {
        case say(MembershipControl)
        /// The peer's first word: the name it goes by, which the wire has bounded, and which run of its node it is.
        case met(name: String, instance: InstanceID)
        /// Dialer: keep the secret in the journal, then call ``kept()``.
        case keep(Bytes32)
        /// Nothing of the introduction is open: the dialer begins what the link is for.
        case settled
        case refuse(FailureCode)
    }

    private enum State: Hashable {
        case unmet, pinning, keeping, settled, refused
    }

    private let name: String
    private let version: Int
    private let instance: InstanceID
    private let isDialer: Bool
    private let isCode: Bool
    private var state = State.unmet
    /// What the pair shares, once this side has it: 256 bits that enter every channel key.
    package private(set) var secret: Bytes32?

    /// `name` is how this node introduces itself; `secret` what the code's pair agreed on before (a listener's: what it
    /// tells now).
    package init(
        name: String, version: Int, instance: InstanceID, isDialer: Bool, isCode: Bool, secret: Bytes32?
    ) {
        self.name = name
        self.version = version
        self.instance = instance
        self.isDialer = isDialer
        self.isCode = isCode
        self.secret = secret
    }

    /// Both sides have said what is due, and what follows may begin.
    package var isSettled: Bool { state == .settled }

    /// This side's first words.
    package func start() -> [Instruction] {
        var first: [Instruction] = [
            .say(.introduce(name: name, version: version, instance: instance))
        ]
        if isCode, !isDialer, let secret { first.append(.say(.pin(secret: secret))) }
        return first
    }

    /// A word of the peer. What has nothing to do with the introduction is not to be handed in.
    package mutating func heard(_ message: MembershipControl) -> [Instruction] {
        switch (message, state) {
        case (_, .refused): return []
        case (.introduce(let name, let version, let instance), .unmet): return met(name, version, instance)
        case (.pin(let fresh), .pinning) where isDialer: return pin(fresh)
        case (.pinned, .pinning) where !isDialer: return settle()
        default: return refuse(.protocolViolation)
        }
    }

    /// The secret is in this side's journal: only now does the other side learn that it is kept.
    package mutating func kept() -> [Instruction] {
        guard state == .keeping else { return [] }
        return [.say(.pinned)] + settle()
    }

    private mutating func met(_ name: String, _ version: Int, _ instance: InstanceID) -> [Instruction] {
        guard version == self.version else { return refuse(.unsupported) }
        let met = Instruction.met(name: name, instance: instance)
        guard !isCode else {
            state = .pinning
            return [met]
        }
        return [met] + settle()
    }

    private mutating func pin(_ fresh: Bytes32) -> [Instruction] {
        guard secret == nil || secret == fresh else { return refuse(.identity) }
        secret = fresh
        state = .keeping
        return [.keep(fresh)]
    }

    private mutating func settle() -> [Instruction] {
        state = .settled
        return [.settled]
    }

    private mutating func refuse(_ code: FailureCode) -> [Instruction] {
        state = .refused
        return [.refuse(code)]
    }
}
