import Foundation
import Glibc

/// Two network namespaces, joined by no, one or more pairs of virtual interfaces: two hosts on wires of their own.
struct Namespaces: Sendable {
    static let areAllowed: Bool = {
        guard geteuid() == 0, let probe = try? Namespaces() else { return false }
        probe.remove()
        return true
    }()

    /// One host's end of one wire.
    struct Port: Sendable {
        let host: String
        let device: String
        let address: String

        /// Bytes that left and came in, frames' headers included, as the system counts them.
        var counters: (sent: Int, received: Int) {
            func count(_ way: String) -> Int {
                let path = "/sys/class/net/\(device)/statistics/\(way)_bytes"
                let words = ["ip", "netns", "exec", host, "cat", path]
                let child = try? Child(
                    words, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], input: "", deadline: 10)
                guard let child, child.exitBlocking() == 0 else { return -1 }
                return Int(child.output.filter(\.isNumber)) ?? -1
            }
            return (count("tx"), count("rx"))
        }
    }

    private struct NotAllowed: Error {}
    private let names: (String, String)
    /// Each wire's two ends.
    let pairs: [(first: Port, second: Port)]

    /// What goes before a command to run it on the first host, and on the second.
    var first: [String] { ["ip", "netns", "exec", names.0] }
    var second: [String] { ["ip", "netns", "exec", names.1] }

    init(wires: Int = 1) throws {
        let number = Int.random(in: 0..<1_000_000)
        let names = ("pmesh-\(number)-a", "pmesh-\(number)-b")
        self.names = names
        // 15 characters are the limit of a device's name.
        pairs = (0..<wires).map { wire in
            (
                Port(host: names.0, device: "pm\(number)a\(wire)", address: "10.77.\(wire).1"),
                Port(host: names.1, device: "pm\(number)b\(wire)", address: "10.77.\(wire).2")
            )
        }
        let isMade =
            system("ip", "netns", "add", names.0) && system("ip", "netns", "add", names.1)
            && system("ip", "-n", names.0, "link", "set", "lo", "up")
            && system("ip", "-n", names.1, "link", "set", "lo", "up")
            && pairs.allSatisfy { pair in
                system(
                    "ip", "link", "add", pair.first.device, "netns", names.0, "type", "veth", "peer", "name",
                    pair.second.device, "netns", names.1) && pair.first.configure() && pair.second.configure()
            }
        guard isMade else {
            remove()
            throw NotAllowed()
        }
    }

    func remove() {
        system("ip", "netns", "del", names.0)
        system("ip", "netns", "del", names.1)
    }
}

extension Namespaces.Port {
    fileprivate func configure() -> Bool {
        system("ip", "-n", host, "addr", "add", address + "/24", "dev", device)
            && system("ip", "-n", host, "link", "set", device, "up")
    }
}
