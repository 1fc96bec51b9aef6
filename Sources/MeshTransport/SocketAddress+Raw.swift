import Glibc
import NIOCore

// NIOCore shows the system's structures, whose members belong to a module of its own; these are read by their offsets
// (ip(7), ipv6(7)).
extension SocketAddress {
    /// The interface of a link-local IPv6 address; 0 for all others.
    var scope: UInt32 {
        guard case .v6 = self else { return 0 }
        // sin6_family 2, sin6_port 2, sin6_flowinfo 4, sin6_addr 16
        return withSockAddr { pointer, _ in UnsafeRawPointer(pointer).load(fromByteOffset: 24, as: UInt32.self) }
    }

    /// The address of IPv4, as the options of multicast name an interface by.
    var v4Interface: in_addr? {
        guard case .v4 = self else { return nil }
        // sin_family 2, sin_port 2
        return withSockAddr { pointer, _ in UnsafeRawPointer(pointer).load(fromByteOffset: 4, as: in_addr.self) }
    }
}

/// An IPv6 socket that leaves IPv4 alone.
let v6Only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
