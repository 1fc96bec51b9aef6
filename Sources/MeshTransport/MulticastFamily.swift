import Glibc
import MeshWire
import NIOCore
import NIOPosix

typealias MulticastSocket = NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>

/// One interface as one family sees it.
struct MulticastDevice: Sendable {
    var address: SocketAddress
    var index: Int
}

/// The two families of multicast, and what differs between them.
enum MulticastFamily: CaseIterable, Sendable {
    case v4, v6

    /// Interfaces used at most: a machine with more is a host of containers, and those are its own.
    private static let deviceLimit = 64

    /// IPv4: a group of the administratively scoped block (RFC 2365), the bytes of "pm". IPv6: a transient group of
    /// link-local scope (RFC 4291, section 2.7), the bytes of "pmesh".
    private var address: String {
        switch self {
        case .v4: "239.255.112.109"
        case .v6: "ff12::70:6d65:7368"
        }
    }

    private var anyAddress: String {
        switch self {
        case .v4: "0.0.0.0"
        case .v6: "::"
        }
    }

    func group(port: Int) throws -> SocketAddress { try SocketAddress(ipAddress: address, port: port) }

    /// The interfaces with an address of this family that can carry multicast, each once.
    func devices() -> [MulticastDevice] {
        var found: [MulticastDevice] = []
        for device in (try? System.enumerateDevices()) ?? [] where device.multicastSupported {
            guard let address = device.address, isUsable(address),
                !found.contains(where: { $0.index == device.interfaceIndex })
            else { continue }
            found.append(MulticastDevice(address: address, index: device.interfaceIndex))
        }
        return Array(found.prefix(Self.deviceLimit))
    }

    /// Of IPv6 the link-local address: the group is link-local, and so is whoever asks it.
    private func isUsable(_ address: SocketAddress) -> Bool {
        switch (self, address) {
        case (.v4, .v4): address.ipAddress?.hasPrefix("127.") == false
        case (.v6, .v6): address.scope != 0 && address.ipAddress?.hasPrefix("fe80:") == true
        default: false
        }
    }

    /// A socket that hears questions; several processes may have one at the same port.
    func answering(port: Int, group: any EventLoopGroup) async throws -> MulticastSocket {
        var bootstrap = DatagramBootstrap(group: group).channelOption(.socketOption(.so_reuseaddr), value: 1)
        if case .v6 = self { bootstrap = bootstrap.channelOption(v6Only, value: 1) }
        return try await bootstrap.bind(to: SocketAddress(ipAddress: anyAddress, port: port)) { channel in
            channel.eventLoop.makeCompletedFuture { try MulticastSocket(wrappingChannelSynchronously: channel) }
        }
    }

    /// Joins the group on every interface. One that does not take it (or has it already) is left alone.
    func joinAll(_ channel: any Channel) async {
        guard let channel = channel as? any MulticastChannel, let group = try? group(port: 0) else { return }
        let wanted = Set(devices().map(\.index))
        var joined: Set<Int> = []
        for device in (try? System.enumerateDevices()) ?? [] {
            guard wanted.contains(device.interfaceIndex), let address = device.address, isUsable(address),
                joined.insert(device.interfaceIndex).inserted
            else { continue }
            try? await channel.joinGroup(group, device: device).get()
        }
    }

    /// An ephemeral socket whose questions leave by one interface.
    func asking(on device: MulticastDevice, group: any EventLoopGroup) async throws -> MulticastSocket {
        var address = device.address
        address.port = 0
        return try await DatagramBootstrap(group: group).bind(to: address) { channel in
            let socket = channel as? any SocketOptionProvider
            let options: [EventLoopFuture<Void>?] =
                switch device.address {
                case .v4:
                    [device.address.v4Interface.flatMap { socket?.setIPMulticastIF($0) }, socket?.setIPMulticastTTL(1)]
                case .v6: [socket?.setIPv6MulticastIF(CUnsignedInt(device.index)), socket?.setIPv6MulticastHops(1)]
                case .unixDomainSocket: []
                }
            return EventLoopFuture.andAllSucceed(options.compactMap { $0 }, on: channel.eventLoop)
                .flatMapThrowing { try MulticastSocket(wrappingChannelSynchronously: channel) }
        }
    }
}
