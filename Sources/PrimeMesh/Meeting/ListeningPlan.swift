import MeshWire

/// Where a listener tries to listen: sets of addresses, one after the other, until one of them is free.
///
/// All interfaces means one socket for IPv4 and one for IPv6 at the same port, so that no peer shows up under a mapped
/// address; where the machine has one family only, that one.
struct ListeningPlan: Hashable, Sendable {
    /// One set: control links, and lanes where those have addresses of their own.
    struct Attempt: Hashable, Sendable {
        var control: [NodeAddress]
        var data: [NodeAddress]
    }

    /// Never empty, and no attempt's control addresses are.
    let attempts: [Attempt]

    /// As the user gave them; empty `control`: everywhere at the default port, or at any where that is taken; empty `data`:
    /// lanes come where control links do.
    init(control: [NodeAddress], data: [NodeAddress] = []) {
        let ports: [UInt16] = [NodeAddress.defaultPort, 0]
        let usual = ports.map { [NodeAddress(host: NodeAddress.everywhere, port: $0)] }
        let sets = control.isEmpty ? usual : [control]
        let isEverywhere = (sets.flatMap(\.self) + data).contains { $0.host == NodeAddress.everywhere }
        attempts = (isEverywhere ? Self.families : [[]]).flatMap { hosts in
            sets.map { Attempt(control: Self.expanded($0, hosts), data: Self.expanded(data, hosts)) }
        }
    }

    private static let families = [[NodeAddress.anyV4, NodeAddress.anyV6], [NodeAddress.anyV4], [NodeAddress.anyV6]]

    private static func expanded(_ addresses: [NodeAddress], _ hosts: [String]) -> [NodeAddress] {
        addresses.flatMap { address in
            guard address.host == NodeAddress.everywhere else { return [address] }
            return hosts.map { NodeAddress(host: $0, port: address.port) }
        }
    }
}
