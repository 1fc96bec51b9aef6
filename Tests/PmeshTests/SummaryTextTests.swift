import MeshWire
import Testing

@testable import pmesh

@Suite struct SummaryTextTests {
    /// A person carries an address to another machine: it has to lead here from there.
    @Test(arguments: [
        ([], ["listening, but no network is up here: nobody can reach this machine yet"]),
        (
            ["127.0.0.1", "::1"],
            ["listening at 127.0.0.1:7411, [::1]:7411", "no other machine can reach that, only this one"]
        ),
        (["10.0.0.2", "127.0.0.1"], ["listening at 10.0.0.2:7411, 127.0.0.1:7411"]),
    ]) func whereANodeIsReached(hosts: [String], lines: [String]) {
        #expect(SummaryText.listening(hosts.map { NodeAddress(host: $0, port: 7411) }) == lines)
    }
}
