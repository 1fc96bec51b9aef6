package import MeshWire

/// Why a membership was not issued, or one that was stored is of no use.
package enum MembershipError: Error, Hashable, Sendable {
    case requestTooLarge(Int)
    case requestUnreadable
    case requestKeyKind
    case requestUnsigned
    case nameInvalid(MemberNameError)
    case nameTaken(String, by: NodeID)
    case notIssued(String)
    case authorityUnreadable
    case otherNode(NodeID)
    case membershipUnreadable(String)
}

extension MembershipError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .requestTooLarge(let count):
            "the request to join has \(count) bytes, more than \(MembershipRequest.limit); ask the node to join again"
        case .requestUnreadable: "the request to join cannot be read; ask the node to join again"
        case .requestKeyKind: "the request to join is not for a P-256 key; update the joining node and try again"
        case .requestUnsigned: "the request to join is not signed by the node it is for; do not admit it"
        case .nameInvalid(let error): error.description
        case .nameTaken(let name, let owner):
            "the name \(name) belongs to the node \(owner.short); choose another one (names cannot be taken back yet)"
        case .notIssued(let why): "the certificate could not be made (\(why)); try again"
        case .authorityUnreadable: "the stored mesh authority is damaged; restore it from the recovery file"
        case .otherNode(let owner):
            "the stored membership belongs to the node \(owner.short), not to this one; join the mesh again"
        case .membershipUnreadable(let what): "the stored membership is damaged (\(what)); join the mesh again"
        }
    }
}
