import ArgumentParser
import MeshWire
import PrimeMesh

/// What was asked for in its order of precedence: option, environment, `config.json`, default.
struct Settings: Sendable {
    let environment: Environment
    let file: ConfigurationFile
    let home: NodeHome

    init(home: [UInt8]?, environment: Environment = Environment()) throws(MeshError) {
        self.environment = environment
        if let folder = home ?? environment.bytes("HOME") {
            self.home = NodeHome(
                folder: try HomePath.expanded(folder, environment), variable: environment.variable)
        } else {
            self.home = try NodeHome(variable: environment.variable)
            try LocalFile.checkHome(environment)
        }
        file = try ConfigurationFile.read(self.home.config + "/config.json".utf8)
    }

    /// Where settings are read from, for messages.
    private var place: String { EntryPath.escaped(home.config) + "/config.json" }

    init(environment: Environment, file: ConfigurationFile, home: NodeHome) {
        self.environment = environment
        self.file = file
        self.home = home
    }

    /// `given`, else the variable `PMESH_<variable>`, else the file's value.
    func value<Value: ExpressibleByArgument>(
        _ given: Value?, _ variable: String, _ key: String, _ fileValue: String?
    ) throws(MeshError) -> Value? {
        if let given { return given }
        if let text = environment[variable] { return try read(text, from: "PMESH_" + variable) }
        if let text = fileValue { return try read(text, from: "\"\(key)\" in \(place)") }
        return nil
    }

    /// The same for what may be given several times; in a variable the values are separated by commas.
    func values<Value: ExpressibleByArgument>(
        _ given: [Value], _ variable: String, _ key: String, _ fileValues: [String]?
    ) throws(MeshError) -> [Value] {
        if !given.isEmpty { return given }
        let source: (texts: [String], name: String)
        if let text = environment[variable] {
            source = (text.split(separator: ",").map(String.init), "PMESH_" + variable)
        } else {
            source = (fileValues ?? [], "\"\(key)\" in \(place)")
        }
        var values: [Value] = []
        for text in source.texts { values.append(try read(text, from: source.name)) }
        return values
    }

    private func read<Value: ExpressibleByArgument>(_ text: String, from place: String) throws(MeshError) -> Value {
        if let value = Value(argument: text) { return value }
        if let explained = Value.self as? any ExplainedArgument.Type, let problem = explained.problem(text) {
            throw MeshError(.usage, "\(place) cannot be \(JSONLine.string(text)): \(problem)")
        }
        let known = Value.allValueStrings
        let hint = known.isEmpty ? "" : "; it may be one of \(known.joined(separator: ", "))"
        throw MeshError(.usage, "\(place) cannot be \(JSONLine.string(text))\(hint)")
    }
}
