package import MeshWire

/// Within which nodes look for one another: those of one mesh, or the two ends of one code.
package struct DiscoveryScope: Hashable, Sendable {
    /// Names the scope without giving its key away: 1 to 32 of `[a-z0-9]`.
    package let tag: String
    /// Seals the questions and answers. Secret.
    package let key: Bytes32
    /// Which of the scope's keys this is: rises with each revocation list of a mesh, 0 for a code.
    package let keyVersion: UInt32

    /// Nil where `tag` is not of the form a file name can safely be made of.
    package init?(tag: String, key: Bytes32, keyVersion: UInt32) {
        let allowed = tag.utf8.allSatisfy {
            ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z")) || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
        }
        guard allowed, (1...32).contains(tag.utf8.count) else { return nil }
        self.tag = tag
        self.key = key
        self.keyVersion = keyVersion
    }
}

/// A way for nodes to find one another: on one machine, on a network. What is found is hearsay; the TLS handshake decides.
///
/// Obligations, checked by one suite for all implementations:
/// - Who knows the tag and not the key is neither answered nor believed.
/// - A host of `0.0.0.0` or `::` in an announcement reaches the asker as an address it can dial.
/// - A trouble on one interface or with one answer never ends an announcement or a search.
package protocol Discovery: Sendable {
    /// Answers questions within `scope` until the surrounding task is cancelled. Throws where it cannot answer at all.
    /// Several announcements within one scope, on one machine as well, are all found.
    func announce(_ scope: DiscoveryScope, as found: FoundNode) async throws

    /// Asks within `scope` and answers who of `aim` is there, each node once: as soon as as many answered as it is for, and
    /// after `time` with whoever did until then.
    func find(_ scope: DiscoveryScope, for aim: DiscoveryAim, within time: Duration) async -> [FoundNode]
}

/// Whom a search is for, and when it has found enough.
package struct DiscoveryAim: Hashable, Sendable {
    /// This node alone: another one's answer is not the one that is wanted. Nil: anybody's.
    package let node: NodeID?
    /// Never this one: the node that asks, which may announce itself as well.
    package let except: NodeID?
    /// Nodes that end the search; at least 1.
    package let limit: Int

    package static func anybody(_ limit: Int, except: NodeID? = nil) -> DiscoveryAim {
        DiscoveryAim(node: nil, except: except, limit: max(limit, 1))
    }

    package static func node(_ node: NodeID) -> DiscoveryAim { DiscoveryAim(node: node, except: nil, limit: 1) }

    package func takes(_ found: FoundNode) -> Bool {
        if let node { return found.node == node }
        return found.node != except
    }
}
