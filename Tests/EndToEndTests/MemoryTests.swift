import Foundation
import Testing

/// How the program keeps its memory.
@Suite struct MemoryTests {
    /// proc_pid_smaps(5): `hg` stands for what was asked for with MADV_HUGEPAGE.
    @Test(
        .enabled(
            if: Setting.hasHugePages && Stage.patience == 1, "needs transparent huge pages and the C library's heap"))
    func heapIsBackedByHugePages() async throws {
        try await onStage { stage in
            let receiver = try stage.receive()
            _ = await receiver.event("waiting")
            // Without a size, so that it must be read to its end.
            let bytes = try FileHandle(forReadingAtPath: "/proc/\(receiver.pid)/smaps")?.readToEnd()
            let map = String(decoding: bytes ?? Data(), as: UTF8.self)
            var (isHeap, size, reserved) = (false, 0, 0)
            for line in map.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let name = words.first, name.hasSuffix(":") else {
                    isHeap = line.hasSuffix("[heap]")
                    continue
                }
                if name == "Size:" { size = Int(words[1]) ?? 0 }
                if name == "VmFlags:", isHeap, words.contains("hg") { reserved += size }
            }
            #expect((48 * 1024...80 * 1024).contains(reserved), "\(reserved) KiB")
        }
    }
}

extension Setting {
    /// Whether the kernel gives huge pages to those who ask.
    fileprivate static var hasHugePages: Bool {
        let choice = try? String(contentsOfFile: "/sys/kernel/mm/transparent_hugepage/enabled", encoding: .utf8)
        return choice.map { $0.contains("[madvise]") || $0.contains("[always]") } ?? false
    }
}
