import FoundationEssentials
import MeshWire
import PrimeMesh

/// Sends a file or folder from one node to another under a one-time code, both in this process.
///
/// ```
/// swift run FileTransfer report.pdf /tmp/out
/// ```
@main
enum FileTransfer {
    static func main() async throws {
        // This process is there to move files.
        ProcessTuning.apply()
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2, let path = arguments.first, let out = arguments.last else {
            return print("usage: FileTransfer PATH DESTINATION")
        }
        let homes = FileManager.default.temporaryDirectory.path + "/pmesh-example-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: homes) }

        // A node is its home: a folder with a key and a journal. Two nodes need two homes.
        let environment = ProcessInfo.processInfo.environment
        let ada = try await MeshNode(home: NodeHome(folder: homes + "/ada", environment: environment), name: "ada")
        let ben = try await MeshNode(home: NodeHome(folder: homes + "/ben", environment: environment), name: "ben")

        // The code is all that the two have to share. They find each other through the machine's runtime folder.
        let code = MeshNode.drawCode()
        var outgoing = SendRequest(paths: [Array(path.utf8)])
        outgoing.code = code
        var incoming = ReceiveRequest(out: Array(out.utf8))
        incoming.code = code

        async let sent = ada.send(outgoing) { event in
            if case .progress(let progress) = event {
                print("\(progress.bytes) of \(progress.totalBytes) bytes over \(progress.lanes) lanes")
            }
        }
        async let received = ben.receive(incoming, decide: isWelcome) { event in
            if case .file(let path, let size, _) = event { print("\(path) is there: \(size) bytes, verified") }
        }
        for summary in try await sent + received {
            print(
                "transfer \(summary.transfer): \(summary.bytes) bytes in \(summary.seconds) s, root \(summary.root.hex)"
            )
        }
        await ada.close()
        await ben.close()
    }

    /// What a person would be asked.
    @Sendable private static func isWelcome(_ offer: Offer) async -> Bool {
        print("\(offer.senderName) offers \(offer.names.joined(separator: ", "))")
        return true
    }
}
