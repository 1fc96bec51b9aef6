/// The order in which several addresses are tried (RFC 8305, section 5): each begins a turn after the one before, or as
/// soon as an attempt failed. An address that swallows everything must not keep the next one waiting, and one that is
/// closed costs no turn.
///
/// Attempts are named by their place among the addresses, from 0.
package struct AddressRace: Hashable, Sendable {
    /// How long an attempt has before the next one begins beside it: 250 ms, the RFC's own figure.
    package static let turn = Duration.milliseconds(250)

    private let count: Int
    private var begun = 0
    private var ended = 0

    package init(count: Int) { self.count = count }

    /// All attempts were made and came to nothing.
    package var isLost: Bool { ended == count }

    /// The first attempt; nil where there is no address.
    package mutating func start() -> Int? { begun == 0 ? next() : nil }

    /// The turn of this attempt is over. A turn that a failure has cut short begins nothing.
    package mutating func turnPassed(of attempt: Int) -> Int? { attempt == begun - 1 ? next() : nil }

    /// Any attempt came to nothing: the next one begins at once.
    package mutating func failed() -> Int? {
        ended += 1
        return next()
    }

    private mutating func next() -> Int? {
        guard begun < count else { return nil }
        begun += 1
        return begun - 1
    }
}
