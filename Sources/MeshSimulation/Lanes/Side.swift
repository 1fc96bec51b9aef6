/// One side of a transfer.
package enum Side: Int, Hashable, Sendable, CaseIterable {
    case sender = 0
    case receiver = 1

    package var other: Side { self == .sender ? .receiver : .sender }
}

/// Two of something, one for each side.
struct Both<Value> {
    var sender: Value
    var receiver: Value

    init(_ sender: Value, _ receiver: Value) {
        self.sender = sender
        self.receiver = receiver
    }

    subscript(side: Side) -> Value {
        get { side == .sender ? sender : receiver }
        _modify {
            if side == .sender { yield &sender } else { yield &receiver }
        }
    }
}

extension Both: Sendable where Value: Sendable {}
