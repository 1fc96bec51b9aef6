import Foundation
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
        let deadline = Date().addingTimeInterval(seconds)
        var (seen, found) = (0, 0)
        while true {
            let (fresh, isOver) = state.withLock { (Array($0.elements[seen...]), $0.end != nil) }
            seen += fresh.count
            for element in fresh {
                guard let picked = pick(element) else { continue }
                found += 1
                if found == count { return picked }
            }
            if isOver || Date() > deadline { return nil }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Whether the other side closed, within `seconds`.
    func isClosed(within seconds: Double = 10) async -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while end == nil, Date() < deadline { try? await Task.sleep(for: .milliseconds(2)) }
        return end != nil
    }
}
