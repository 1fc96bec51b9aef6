import Foundation
import MeshWire
import Testing

/// What the tap of debug builds wrote down: the control plane in clear, byte for byte, as two processes said and heard it.
struct ControlRecord {
    struct Link {
        var process: pid_t
        var inbound: [UInt8]
        var outbound: [UInt8]
    }

    private(set) var links: [Link] = []
    /// Discovery messages without their seals.
    private(set) var datagrams: [[UInt8]] = []
    /// All bytes of all links and datagrams, both ways.
    private(set) var bytes: [UInt8] = []

    init(folder: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        func read(_ name: String) -> [UInt8] {
            FileManager.default.contents(atPath: folder + "/" + name).map(Array.init) ?? []
        }
        for name in names { bytes += read(name) }
        for name in names where name.contains("-discovery.") { datagrams += try Self.messages(in: read(name)) }
        for name in names where name.hasSuffix(".in") && !name.contains("-discovery.") {
            let base = String(name.dropLast(3))
            let process = try #require(base.split(separator: "-").first.flatMap { pid_t($0) })
            links.append(Link(process: process, inbound: read(name), outbound: read(base + ".out")))
        }
    }

    /// The messages of a stream of lengths and bytes; all of it must be such.
    static func messages(in stream: [UInt8]) throws -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var rest = stream[...]
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            try #require(rest.count >= 4 + length, "the tap lost the end of a message")
            messages.append(Array(rest.dropFirst(4).prefix(length)))
            rest = rest.dropFirst(4 + length)
        }
        return messages
    }

    /// Every JSON message of every link, both ways.
    func frames() throws -> [ControlJSON] {
        try links.flatMap { try Self.messages(in: $0.inbound) + Self.messages(in: $0.outbound) }.map(ControlJSON.init)
    }

    /// Whether each link of one process is the mirror of one of the other's: then nothing was left out on either side.
    func isMirrored(_ one: pid_t, _ other: pid_t) -> Bool {
        let (mine, theirs) = (links.filter { $0.process == one }, links.filter { $0.process == other })
        return !mine.isEmpty && mine.count == theirs.count
            && mine.allSatisfy { link in
                theirs.contains { $0.inbound == link.outbound && $0.outbound == link.inbound }
            }
    }
}

/// One control message, taken apart.
struct ControlJSON {
    let bytes: [UInt8]
    let type: String
    /// Every text in it with its place: `body.action.offer`.
    private(set) var texts: [(place: String, text: String)] = []
    /// Byte strings that are written as lists of numbers, or as text in hexadecimal, base64 or base32.
    private(set) var hidden: [[UInt8]] = []

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        type = try #require(object["type"] as? String)
        walk(object, "")
    }

    private mutating func walk(_ value: Any, _ place: String) {
        switch value {
        case let object as [String: Any]:
            for (key, value) in object { walk(value, place.isEmpty ? key : place + "." + key) }
        case let list as [Any]:
            let numbers = list.compactMap { ($0 as? NSNumber).flatMap { UInt8(exactly: $0.intValue) } }
            if numbers.count == list.count { hidden.append(numbers) }
            for value in list { walk(value, place + "[]") }
        case let text as String:
            texts.append((place, text))
            hidden += [Data(base64Encoded: text).map(Array.init), Base32.decode(text), Self.unhexed(text)].compactMap {
                $0
            }
        default: break
        }
    }

    private static func unhexed(_ text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
