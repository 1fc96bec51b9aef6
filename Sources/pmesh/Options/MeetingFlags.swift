import ArgumentParser
import MeshWire
import PrimeMesh

/// How the two sides find each other.
struct MeetingFlags: ParsableArguments {
    @Option(
        help: .init(
            "Dial this address; may be given several times. Without it the other side is looked for on this machine and on the local network.",
            valueName: "host[:port]"), transform: DialAddress.explained)
    var peer: [DialAddress] = []

    @Option(
        help: .init(
            "Listen here; a port alone is taken on every interface, port 0 is any free one. (default: every interface, port 7411 or, where that is taken, any)",
            valueName: "[host:]port"), transform: ListenAddress.explained)
    var listen: [ListenAddress] = []

    @Option(
        help: .init("Listen here for user data, apart from control messages.", valueName: "[host:]port"),
        transform: ListenAddress.explained)
    var dataListen: [ListenAddress] = []

    @Option(
        help: .init(
            "How long to wait for a first peer. (default: receivers 30, senders as long as the code lives)",
            valueName: "time"), transform: Seconds.explained)
    var wait: Seconds?

    @Option(
        help: .init("How long to wait for a lost peer. (default: 10m)", valueName: "time"), transform: Seconds.explained
    )
    var patience: Seconds?

    func options(_ settings: Settings) throws(MeshError) -> MeetingOptions {
        let file = settings.file
        var options = MeetingOptions()
        options.peers = try settings.values(peer, "PEER", "peers", file.peers).map(\.address)
        options.listen = try settings.values(listen, "LISTEN", "listen", file.listen).map(\.address)
        options.dataListen = try settings.values(dataListen, "DATA_LISTEN", "dataListen", file.dataListen).map(
            \.address)
        options.wait = try settings.value(wait, "WAIT", "wait", file.wait?.text)?.value
        if let patience = try settings.value(patience, "PATIENCE", "patience", file.patience?.text) {
            options.patience = patience.value
        }
        return options
    }
}
