import MeshWire
import NIOCore
import Testing

@Suite struct ManifestEntryTests {
    private static let cases: [(text: String, entry: ManifestEntry)] = [
        (
            "00 01 61 ac02 8020 01a4 0000000000000005 00000006 00 07 00",
            ManifestEntry(
                kind: .file, path: [0x61], size: 300, allocated: 4_096, mode: 0o644, seconds: 5, nanoseconds: 6,
                firstChunk: 7)
        ),
        (
            "01 03 642fff 00 00 01ed ffffffffffffffff 3b9ac9ff 00 00 00",
            ManifestEntry(
                kind: .folder, path: [0x64, 0x2f, 0xff], mode: 0o755, seconds: -1, nanoseconds: 999_999_999)
        ),
        (
            "02 01 6c 00 00 01ff 0000000000000000 00000000 02 2e2e 00 00",
            ManifestEntry(kind: .link, path: [0x6c], mode: 0o777, target: [0x2e, 0x2e])
        ),
        (
            "03 00 09 00 0000 0000000000000000 00000000 00 808080808020 00",
            ManifestEntry(kind: .withdrawal, path: [], size: 9, firstChunk: 1 << 40)
        ),
        (
            "04 01 61 30 00 0000 0000000000000000 00000000 00 00 00", ManifestEntry(omitting: [0x61], .sourceDenied)
        ),
        (
            "00 01 70 00 00 0180 0000000000000005 00000006 00 00 81808040",
            ManifestEntry(open: [0x70], mode: 0o600, seconds: 5, nanoseconds: 6)
        ),
    ]

    @Test func roomIsAFilesAndHoldsItsBytes() {
        let error = WireError.invalid("open length")
        #expect(refused { $0.isOpen = true } == error)
        #expect(refused { ($0.room, $0.isOpen, $0.size) = (2, true, 1) } == error)
        #expect(refused { ($0.room, $0.size) = (2, 524_289) } == error)
        #expect(refused { ($0.room, $0.size) = (2, 524_288) } == nil)
        #expect(refused { ($0.kind, $0.room) = (.folder, 2) } == error)
        #expect(refused { $0.room = Limits.openRoom + 1 } != nil)
    }

    private func read(_ payload: ByteBuffer) throws(WireError) -> ManifestEntry {
        var payload = payload
        let entry = try ManifestEntry(reading: &payload)
        try payload.wireEnd("manifest entry")
        return entry
    }

    private func refused(_ change: (inout ManifestEntry) -> Void) -> WireError? {
        var entry = ManifestEntry(kind: .file, path: [0x61])
        change(&entry)
        var written = ByteBuffer()
        entry.write(into: &written)
        return refusal(of: written, read)
    }

    @Test(arguments: cases) func vectors(text: String, entry: ManifestEntry) throws {
        var written = ByteBuffer()
        entry.write(into: &written)
        #expect(array(written) == hex(text))
        #expect(try read(buffer(text)) == entry)
        expectWhole(buffer(text), read)
    }

    @Test func otherKindsAreUnknown() {
        #expect(refusal(of: buffer("05"), read) == .unknown("entry kind", 5))
    }

    @Test func limits() {
        let most = UInt64(Int64.max)
        #expect(refused { $0.path = [UInt8](repeating: 97, count: 4_096) } == nil)
        #expect(
            refused { $0.path = [UInt8](repeating: 97, count: 4_097) } == .tooLarge("path", got: 4_097, limit: 4_096))
        #expect(refused { $0.size = most } == nil)
        #expect(refused { $0.size = most + 1 } == .tooLarge("file size", got: most + 1, limit: most))
        #expect(refused { $0.allocated = most } == nil)
        #expect(refused { $0.allocated = most + 1 } == .tooLarge("allocated size", got: most + 1, limit: most))
        #expect(refused { $0.mode = 0o777 } == nil)
        for bit in 9..<16 { #expect(refused { $0.mode = 1 << UInt16(bit) } == .invalid("file mode")) }
        #expect(refused { $0.nanoseconds = 999_999_999 } == nil)
        #expect(refused { $0.nanoseconds = 1_000_000_000 } == .invalid("modification time"))
        #expect(refused { $0.firstChunk = Limits.chunks } == nil)
        #expect(
            refused { $0.firstChunk = Limits.chunks + 1 }
                == .tooLarge("first chunk", got: Limits.chunks + 1, limit: Limits.chunks))
    }

    @Test func eachKindHasWhatBelongsToIt() {
        #expect(refused { $0.target = [0x62] } == .invalid("link target"))
        #expect(refused { $0.path = [] } == .invalid("path"))
        func link(_ target: [UInt8]) -> WireError? {
            refused {
                $0.kind = .link
                $0.target = target
            }
        }
        #expect(link([0x62]) == nil)
        #expect(link([]) == .invalid("link target"))
        #expect(link([0x62, 0]) == .invalid("link target"))
        #expect(link([UInt8](repeating: 97, count: 4_096)) == nil)
        #expect(
            link([UInt8](repeating: 97, count: 4_097)) == .tooLarge("link target", got: 4_097, limit: 4_096))
        func sized(_ kind: EntryKind) -> WireError? {
            refused {
                $0.kind = kind
                $0.size = 1
                $0.target = kind == .link ? [0x62] : []
                $0.path = kind == .withdrawal ? [] : $0.path
            }
        }
        #expect(sized(.file) == nil)
        #expect(sized(.folder) == .invalid("file size"))
        #expect(sized(.link) == .invalid("file size"))
        #expect(sized(.withdrawal) == nil)
        #expect(refused { $0.kind = .withdrawal } == .invalid("path"))
    }

    @Test func `an omission says why, by a reason of the sender`() {
        func omitted(_ reason: UInt64) -> WireError? {
            refused {
                $0.kind = .omission
                $0.size = reason
            }
        }
        for reason in UInt64(0)...300 {
            let known = SkipReason.allCases.contains { $0.isOmission && UInt64($0.rawValue) == reason }
            #expect(omitted(reason) == (known ? nil : .invalid("file size")))
        }
    }

    /// What lies one component deeper than anything that is sent has to be named as well.
    @Test func `the path of an omission may be one component longer`() {
        let name = [UInt8](repeating: 97, count: 255)
        let path = Array([[UInt8]](repeating: name, count: 17).joined(separator: [UInt8(ascii: "/")]))
        #expect(path.count > Limits.path && path.count <= Limits.omittedPath)
        #expect(ManifestEntry(omitting: path, .tooDeep).hasSoundPath)
        #expect(!ManifestEntry(omitting: path + [97], .tooDeep).hasSoundPath)
        #expect(!ManifestEntry(kind: .file, path: path).hasSoundPath)
        for bad in ["..", "a/../b", "", "/a"] {
            #expect(!ManifestEntry(omitting: Array(bad.utf8), .tooDeep).hasSoundPath)
        }
    }
}
