package import MeshTransfer
package import MeshWire

/// Which transfers a history shows. What is nil (or empty) excludes nothing.
package struct HistoryFilter: Hashable, Sendable {
    package var peer: NodeID?
    package var direction: TransferDirection?
    package var states: Set<TransferState>
    /// Created at or after: nanoseconds since 1970.
    package var since: Int64?
    /// Created before: nanoseconds since 1970.
    package var until: Int64?
    /// Bytes that occur in the path of an entry or in a root. Case counts.
    package var name: [UInt8]?
    /// At most so many, the latest first.
    package var limit: Int

    package init(
        peer: NodeID? = nil, direction: TransferDirection? = nil, states: Set<TransferState> = [], since: Int64? = nil,
        until: Int64? = nil, name: [UInt8]? = nil, limit: Int = 100
    ) {
        self.peer = peer
        self.direction = direction
        self.states = states
        self.since = since
        self.until = until
        self.name = name
        self.limit = limit
    }

    /// The condition on the table `transfer`, and the values of its parameters in their order.
    func condition() -> (sql: String, values: [Value]) {
        var parts = ["transfer.id IS NOT NULL"]
        var values: [Value] = []
        func add(_ condition: String, _ value: Value) {
            values.append(value)
            parts.append(condition.replacing("?", with: "?\(values.count)"))
        }
        if let peer { add("transfer.peer = ?", .text(peer.description)) }
        if let direction { add("transfer.direction = ?", .text(direction.rawValue)) }
        if let since { add("transfer.created >= ?", .int(since)) }
        if let until { add("transfer.created < ?", .int(until)) }
        if !states.isEmpty {
            // The names are our own: nothing a user typed is part of the text.
            let names = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            parts.append("transfer.state IN (\(names))")
        }
        if let name, !name.isEmpty {
            add(
                """
                (instr(transfer.roots, ?) > 0 OR EXISTS
                    (SELECT 1 FROM entry WHERE entry.transfer = transfer.key AND instr(entry.path, ?) > 0))
                """, .bytes(name))
        }
        return (parts.joined(separator: " AND "), values)
    }
}
