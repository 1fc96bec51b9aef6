import MeshWire

/// Where a listener tries to listen: sets of addresses, one after the other, until one of them is free.
///
/// All interfaces means one socket for IPv4 and one for IPv6 at the same port, so that no peer shows up under a mapped
/// address; where the machine has one family only, that one.
struct ListeningPlan: Hashable, Sendable {
    /// Never empty, and no set is.
    let attempts: [[NodeAddress]]

    /// `wanted`: as the user gave them; empty: everywhere at the default port, or at any where that is taken.
    init(_ wanted: [NodeAddress]) {
        let ports: [UInt16] = [NodeAddress.defaultPort, 0]
        let sets = wanted.isEmpty ? ports.map { [NodeAddress(host: NodeAddress.everywhere, port: $0)] } : [wanted]
        guard sets.joined().contains(where: { $0.host == NodeAddress.everywhere }) else {
            attempts = sets
            return
        }
        attempts = Self.families.flatMap { hosts in sets.map { Self.expanded($0, hosts) } }
    }

    private static let families = [[NodeAddress.anyV4, NodeAddress.anyV6], [NodeAddress.anyV4], [NodeAddress.anyV6]]

    private static func expanded(_ addresses: [NodeAddress], _ hosts: [String]) -> [NodeAddress] {
        addresses.flatMap { address in
            guard address.host == NodeAddress.everywhere else { return [address] }
            return hosts.map { NodeAddress(host: $0, port: address.port) }
        }
    }
}
