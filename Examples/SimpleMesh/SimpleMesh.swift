import FoundationEssentials
import MeshWire
import PrimeMesh

/// Founds a mesh, lets a second node join it, and lists who is in; all in this process.
///
/// ```
/// swift run SimpleMesh
/// ```
@main
enum SimpleMesh {
    static func main() async throws {
        // This process is there to move files.
        ProcessTuning.apply()
        let folder = FileManager.default.temporaryDirectory.path + "/pmesh-example-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let environment = ProcessInfo.processInfo.environment
        let ada = try await MeshNode(home: NodeHome(folder: folder + "/ada", environment: environment), name: "ada")
        let ben = try await MeshNode(home: NodeHome(folder: folder + "/ben", environment: environment), name: "ben")

        // The first member holds the mesh's authority; the recovery file is what survives the loss of its machine.
        try await ada.createMesh(
            named: "workshop", recovery: Array((folder + "/workshop.pmesh-recovery").utf8),
            passphrase: "a passphrase of your own")

        // One code lets one node in. Both must listen for each other at the same time, as two people would.
        let code = MeshNode.drawCode()
        async let member = ada.invite(code: code, meeting: MeetingOptions()) { _ in }
        async let mesh = ben.join(code: code, meeting: MeetingOptions())
        print("\(try await member.name) joined \(try await mesh)")

        for member in try await ada.members() {
            print("\(member.name)\t\(member.id)\(member.isSelf ? "\tthis node" : "")")
        }
        await ada.close()
        await ben.close()
    }
}
