import ArgumentParser
import MeshWire

/// An address to dial: `HOST:PORT`, or `HOST` at the default port.
struct DialAddress: ExplainedArgument, Hashable, Sendable {
    let address: NodeAddress

    init?(argument: String) {
        guard let address = NodeAddress(dialing: argument) else { return nil }
        self.address = address
    }

    static func problem(_ argument: String) -> String? {
        DialAddress(argument: argument) == nil
            ? "an address to dial is HOST or HOST:PORT, such as 10.77.0.2:7411 or [fd00::7]:7411" : nil
    }
}

/// An address to listen at: `HOST:PORT`, `HOST`, or a port alone.
struct ListenAddress: ExplainedArgument, Hashable, Sendable {
    let address: NodeAddress

    init?(argument: String) {
        guard let address = NodeAddress(listening: argument) else { return nil }
        self.address = address
    }

    static func problem(_ argument: String) -> String? {
        ListenAddress(argument: argument) == nil
            ? "an address to listen at is a port, HOST or HOST:PORT, such as 7411 or 10.77.0.2:7411" : nil
    }
}
