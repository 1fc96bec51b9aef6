import Glibc
package import MeshWire
import NIOCore

/// The addresses of this machine at which others can reach what listens on all of them.
package enum LocalAddresses {
    /// Addresses named at most: a machine with more is a host of containers, and those are its own.
    package static let limit = 8

    /// `address` itself, or where it stands for all interfaces of its family, one for each: those of networks, else the
    /// loopback one. Link-local IPv6 addresses come without a zone: it would name an interface of this machine.
    package static func reachable(_ address: NodeAddress) -> [NodeAddress] {
        guard address.isWildcard else { return [address] }
        let hosts = hosts(isV6: address.host != NodeAddress.anyV4)
        return hosts.map { NodeAddress(host: $0, port: address.port) }
    }

    private static func hosts(isV6: Bool) -> [String] {
        var all: [String] = []
        for device in (try? System.enumerateDevices()) ?? [] {
            guard let address = device.address, (address.protocol == .inet6) == isV6, address.protocol != .unix,
                let host = address.ipAddress
            else { continue }
            let plain = String(host.prefix { $0 != "%" })
            if !all.contains(plain) { all.append(plain) }
        }
        // What leads farther comes first.
        let outside = all.filter { !NodeAddress.isLoopback($0) }
        let near = outside.filter(isLinkLocal)
        let sorted = outside.filter { !isLinkLocal($0) } + near
        return Array((outside.isEmpty ? all : sorted).prefix(limit))
    }

    /// Reaches no farther than the network it is on (RFC 3927, RFC 4291 section 2.5.6).
    package static func isLinkLocal(_ host: String) -> Bool {
        host.lowercased().hasPrefix("fe80:") || host.hasPrefix("169.254.")
    }
}
