import ArgumentParser

/// How a command talks.
struct OutputOptions: ParsableArguments {
    @Flag(help: "One JSON object per line on standard output, for scripts.")
    var json = false

    @Flag(name: .shortAndLong, help: "Nothing but errors.")
    var quiet = false

    func output(_ environment: Environment) -> Output {
        Output(Output.style(isJSON: json, isQuiet: quiet, environment: environment))
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
