import FoundationEssentials
import MeshWire
import PrimeMesh

/// `config.json`: what an option or a variable does not say. Every key is optional; an unknown one is an error, since a
/// mistyped key that is silently ignored is worse.
struct ConfigurationFile: Decodable, Sendable {
    var name: String?
    var out: String?
    var compress: String?
    var onConflict: String?
    var peers: [String]?
    var listen: [String]?
    var dataListen: [String]?
    var exclude: [String]?
    var wait: FileTime?
    var patience: FileTime?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, out, compress, onConflict, peers, listen, dataListen, exclude, wait, patience
    }

    /// All that the file may hold.
    static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys
        where CodingKeys(stringValue: key.stringValue) == nil {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: [key],
                    debugDescription: "the keys are \(Self.keys.joined(separator: ", "))"))
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        out = try values.decodeIfPresent(String.self, forKey: .out)
        compress = try values.decodeIfPresent(String.self, forKey: .compress)
        onConflict = try values.decodeIfPresent(String.self, forKey: .onConflict)
        peers = try values.decodeIfPresent([String].self, forKey: .peers)
        listen = try values.decodeIfPresent([String].self, forKey: .listen)
        dataListen = try values.decodeIfPresent([String].self, forKey: .dataListen)
        exclude = try values.decodeIfPresent([String].self, forKey: .exclude)
        wait = try values.decodeIfPresent(FileTime.self, forKey: .wait)
        patience = try values.decodeIfPresent(FileTime.self, forKey: .patience)
    }

    /// A missing file says nothing; one that cannot be read or understood is an error.
    static func read(_ path: [UInt8]) throws(MeshError) -> ConfigurationFile {
        guard let bytes = try LocalFile.contents(path) else { return ConfigurationFile() }
        do {
            return try JSONDecoder().decode(ConfigurationFile.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw MeshError(
                .usage, "\(EntryPath.escaped(path)) cannot be used: \(explained(error)); correct it or remove it")
        } catch {
            throw MeshError(.usage, "\(EntryPath.escaped(path)) cannot be used; correct it or remove it")
        }
    }

    private static func explained(_ error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context):
            guard let key = context.codingPath.first?.stringValue else { return "it is not one JSON object" }
            return "its key \"\(key)\" is wrong (\(context.debugDescription))"
        @unknown default: return "it is not one JSON object"
        }
    }
}

/// A time in the file: a number of seconds, or a text with a unit.
struct FileTime: Decodable, Sendable, Hashable {
    var text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let seconds = try? value.decode(Double.self) {
            text = "\(seconds)"
        } else {
            text = try value.decode(String.self)
        }
    }
}
