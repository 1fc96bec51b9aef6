import FoundationEssentials
import Glibc
import MeshJournal

extension ProcessIdentity {
    /// This process.
    static func current(boot: String) -> ProcessIdentity {
        let pid = getpid()
        return ProcessIdentity(pid: pid, startTime: startTime(of: pid) ?? 0, boot: boot)
    }

    /// Whether the process that took a lock still runs: the same number with the same start, in this boot.
    func isAlive(boot: String) -> Bool {
        self.boot == boot && Self.startTime(of: pid) == startTime
    }

    /// Field 22 of /proc/PID/stat (proc(5)); the second field is a name in parentheses that may hold blanks.
    private static func startTime(of pid: Int32) -> UInt64? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // A zombie is gone: nobody works on its transfers. State is field 3, the first one after the name.
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }
}
