import ArgumentParser

/// How a command talks.
struct OutputOptions: ParsableArguments {
    @Flag(help: "One JSON object per line on standard output, for scripts.")
    var json = false

    @Flag(name: .shortAndLong, help: "Nothing but errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Show lanes and compression, too.")
    var verbose = false

    /// `resultsAside`: standard output is for something else.
    func output(_ environment: Environment, resultsAside: Bool = false) -> Output {
        var style = Output.style(isJSON: json, isQuiet: quiet, environment: environment)
        style.isVerbose = verbose
        style.resultsAside = resultsAside
        return Output(style)
    }
}

/// The same for commands whose output is their purpose.
struct ListOptions: ParsableArguments {
    @Flag(help: "One JSON object per line on standard output, for scripts.")
    var json = false

    func output(_ environment: Environment) -> Output {
        Output(Output.style(isJSON: json, isQuiet: false, environment: environment))
    }
}
