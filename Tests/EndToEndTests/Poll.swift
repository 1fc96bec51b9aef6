import Foundation

/// Looks again every few milliseconds until `isMet`, for `seconds` at most; answers whether it was. For what happens in another
/// process and gives no sign of itself: a file that appears, a connection that was closed. Time decides nothing but when to
/// give up: three times later than it takes at rest, as machines are busy, and later still under a sanitizer.
func poll(within seconds: Double = 10, _ isMet: () -> Bool) async -> Bool {
    let deadline = Date().addingTimeInterval(3 * seconds * Stage.patience)
    while !isMet() {
        if Date() > deadline { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}
