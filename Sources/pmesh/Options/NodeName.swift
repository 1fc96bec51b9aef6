import ArgumentParser
import PrimeMesh

/// What a node is called by others.
struct NodeName: ExplainedArgument, Sendable {
    let text: String

    init?(argument: String) {
        guard Self.problem(argument) == nil else { return nil }
        text = argument
    }

    static func problem(_ argument: String) -> String? { MeshNode.nameProblem(argument) }
}

/// An argument that can say what is wrong with a text.
protocol ExplainedArgument: ExpressibleByArgument {
    static func problem(_ argument: String) -> String?
}

extension ExplainedArgument {
    /// For options: the parser repeats the sentence.
    static func explained(_ argument: String) throws -> Self {
        guard let value = Self(argument: argument) else {
            throw ValidationError(problem(argument) ?? "it cannot be that")
        }
        return value
    }
}
