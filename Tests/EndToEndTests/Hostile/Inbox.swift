import Synchronization

/// What arrived, in its order, for whoever looks for something in it.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var end: String?
    }

    private let state = Mutex(State())

    func add(_ element: Element) { state.withLock { $0.elements.append(element) } }

    /// Nothing more comes, for this reason; the first one counts.
    func end(_ reason: String) { state.withLock { $0.end = $0.end ?? reason } }

    var all: [Element] { state.withLock { $0.elements } }
    var end: String? { state.withLock { $0.end } }

    /// What `pick` makes of the first element that it takes, past ones included, or of the `count`th of them; nil where
    /// nothing more comes, or not within `seconds`.
    func first<Found>(count: Int = 1, within seconds: Double = 10, _ pick: (Element) -> Found?) async -> Found? {
        var (seen, found) = (0, 0)
        var answer: Found?
        _ = await poll(within: seconds) {
            let (fresh, isOver) = state.withLock { (Array($0.elements[seen...]), $0.end != nil) }
            seen += fresh.count
            for case let picked? in fresh.lazy.map(pick) {
                found += 1
                guard found == count else { continue }
                answer = picked
                return true
            }
            return isOver
        }
        return answer
    }

    /// Whether the other side closed, within `seconds`.
    func isClosed(within seconds: Double = 10) async -> Bool {
        await poll(within: seconds) { end != nil }
    }
}
