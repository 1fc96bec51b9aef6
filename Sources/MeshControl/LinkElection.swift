package import MeshWire

/// Which link stays when two nodes dialed each other: of two links between one pair the one that the lower NodeID dialed.
/// Both ends come to the same answer without a word.
///
/// ```
///        opened                opened, a better one        heard on the better one
/// none ─────────▶ one link ───────────────────────▶ two ──────────────────────────▶ one link
///                     │ opened, a worse one: it is closed once the better one was heard on
/// ```
/// The worse link is closed only after the better one's first frame: a link that never speaks takes nobody's place. Of two
/// links of one dialer the newer stays, since it would not have dialed again while the older one worked for it.
package struct LinkElection: Sendable {
    /// What the caller numbers its links with.
    package typealias LinkNumber = UInt64

    /// Which end of the pair dialed a link.
    package enum Dialer: Hashable, Sendable {
        case us, them
    }

    private struct Link: Sendable {
        var number: LinkNumber
        var dialer: Dialer
        var hasSpoken = false
    }

    private let favoured: Dialer
    /// The best first; at most two.
    private var links: [Link] = []

    package init(us: NodeID, them: NodeID) {
        favoured = us < them ? .us : .them
    }

    /// The link to send on; nil without any. A link that has spoken goes before one that has not.
    package var current: LinkNumber? { (links.first { $0.hasSpoken } ?? links.first)?.number }

    package enum OnOpened: Hashable, Sendable {
        /// The first link: use it.
        case first
        /// Keep both until one is heard.
        case contested
        /// Close this one: `opened` is worse than a link that works, or a third.
        case close(LinkNumber)
    }

    /// A link is up: handshake done, peer checked.
    package mutating func opened(_ number: LinkNumber, by dialer: Dialer) -> OnOpened {
        guard let best = links.first else {
            links = [Link(number: number, dialer: dialer)]
            return .first
        }
        let isBetter = dialer == best.dialer || dialer == favoured
        guard isBetter || !best.hasSpoken else { return .close(number) }
        links.insert(Link(number: number, dialer: dialer), at: isBetter ? 0 : 1)
        guard links.count > 2 else { return .contested }
        // Of three the one in the middle says least: it neither wins nor is known to work longest.
        let surplus = links.remove(at: links[1].hasSpoken ? 2 : 1)
        return .close(surplus.number)
    }

    package enum OnHeard: Hashable, Sendable {
        case none
        /// The better link spoke: close the other.
        case close(LinkNumber)
    }

    /// A frame arrived on a link.
    package mutating func heard(on number: LinkNumber) -> OnHeard {
        guard let index = links.firstIndex(where: { $0.number == number }) else { return .none }
        links[index].hasSpoken = true
        guard index == 0, links.count == 2 else { return .none }
        return .close(links.removeLast().number)
    }

    package enum OnClosed: Hashable, Sendable {
        /// Another link goes on, or this one was given up before.
        case none
        /// No link leads to the peer any more.
        case lost
    }

    /// A link is gone, whoever closed it.
    package mutating func closed(_ number: LinkNumber) -> OnClosed {
        guard let index = links.firstIndex(where: { $0.number == number }) else { return .none }
        links.remove(at: index)
        return links.isEmpty ? .lost : .none
    }
}
