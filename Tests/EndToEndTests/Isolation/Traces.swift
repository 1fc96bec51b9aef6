import Foundation
import Glibc
import Testing

/// What else of a process others may see: its arguments and environment, its output, the files it holds open, and what it
/// leaves in temporary and runtime folders and in its home.
struct Traces {
    let stage: Stage
    let search: MarkSearch

    /// The places, each with the bytes there. Taken while the process runs.
    func ofRunning(_ child: Child) -> [(place: String, bytes: [UInt8])] {
        let process = "/proc/\(child.pid)"
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: process + "/task")) ?? []
        let files = ["cmdline", "environ", "comm"] + tasks.map { "task/\($0)/comm" }
        return files.map {
            ("its \($0)", FileManager.default.contents(atPath: "\(process)/\($0)").map(Array.init) ?? [])
        }
    }

    /// Regular files that a process has open outside the stage and the system's own folders.
    func strayFiles(of child: Child) -> Set<String> {
        let allowed = [stage.folder, "/dev/", "/proc/", "/sys/", "/usr/", "/lib", "/opt/", "/etc/"]
        // What the test runner has open may have been passed on.
        return openFiles("\(child.pid)").subtracting(openFiles("self"))
            .filter { $0.hasPrefix("/") && !allowed.contains(where: $0.hasPrefix) }
    }

    private func openFiles(_ process: String) -> Set<String> {
        let folder = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") })
    }

    func ofOutput(_ child: Child) -> [(place: String, bytes: [UInt8])] {
        [("its standard output", Array(child.output.utf8)), ("its standard error", Array(child.errors.utf8))]
    }

    /// Every file below a folder of the stage: name and contents.
    func below(_ name: String) -> [(place: String, bytes: [UInt8])] {
        let root = stage(name)
        let paths = (FileManager.default.enumerator(atPath: root)?.allObjects as? [String]) ?? []
        return paths.map { path in
            (
                "\(name)/\(path)",
                Array(path.utf8) + (FileManager.default.contents(atPath: "\(root)/\(path)").map(Array.init) ?? [])
            )
        }
    }

    /// Nothing there holds a mark.
    func expectNone(
        _ traces: [(place: String, bytes: [UInt8])], at location: SourceLocation = #_sourceLocation
    ) {
        for trace in traces {
            let found = search.finds(in: trace.bytes)
            #expect(found.isEmpty, "\(trace.place): \(found)", sourceLocation: location)
        }
    }
}
