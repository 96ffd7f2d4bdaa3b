// attn tiles: a tile program on a chip, executed: what moves along which path, what each memory must hold, and who decided what.

internal import ArgumentParser
internal import Lessons
internal import ModelFiles
internal import TileMachine
internal import Traces

struct TilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tiles", abstract: "Run a program cut into tiles on a chip, and count every byte that moves.",
        discussion: """
            Programs: \(TileProgramName.allCases.map(\.rawValue).joined(separator: ", ")).
            Examples:
              attn tiles list
              attn tiles chips
              attn tiles matmul --m 100 --n 70 --k 50 --tile 16x16x16 --stages 2 --chip paper --json
              attn tiles matmul --m 6 --n 4 --k 8 --tile 2x2x4 --explain 'by_0_bx_0.ko_1.C_local.gemm[1,0]'
              attn tiles attention --queries 37 --tile 8x8 --chip ascend-910b --decisions
              attn tiles emit matmul --output matmul.py
            """,
        subcommands: [List.self, Chips.self, Emit.self, Execute.self], defaultSubcommand: Execute.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the programs.", discussion: "Example: attn tiles list --json")

        @OptionGroup var language: LanguageOption
        @Flag(help: "Print the list as JSON.") var json = false

        func run() throws {
            let programs = TileProgramName.allCases
            guard json else { return try Output.print(programs.map { "\($0.rawValue.padded(16))  \($0.summary[language.value])" }) }
            try Output.print(
                JSONText.array(
                    programs.map { .object([("name", .string($0.rawValue)), ("summary", .string($0.summary[language.value]))]) }))
        }
    }

    struct Chips: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the chips with their memories.", discussion: "Example: attn tiles chips --json")

        @OptionGroup var language: LanguageOption
        @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir")) var home: String?
        @Flag(help: "Print the list as JSON.") var json = false

        func run() throws {
            let chips = try ChipShelf(home: home).all
            guard json else { return try Output.print(chips.flatMap { ChipText($0, language.value).lines }.dropLast()) }
            try Output.print(JSONText.array(chips.map { $0.json(language.value) }))
        }
    }

    struct Execute: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Execute a program (`run` may be left out).",
            usage: "attn tiles <program> [sizes] [--tile RxCxD] [--stages N] [--chip NAME] [--naive] [--json]",
            discussion: "Example: attn tiles matmul --m 100 --n 70 --k 50 --tile 16x16x16 --stages 2 --json", shouldDisplay: false)

        @Argument(help: ArgumentHelp("The program's name; see attn tiles list.", valueName: "program")) var program: String
        @OptionGroup var options: TileOptions
        @Option(help: ArgumentHelp("A chip's name (see attn tiles chips), or a file like assets/hardware/paper.json.", valueName: "chip"))
        var chip = "paper"
        @Option(help: ArgumentHelp("Bytes of a number: 2, 4 or 8. No number is rounded.", valueName: "bytes")) var width = 8
        @Flag(help: "Keep no tile of the inputs on the chip: fetch every factor each time that it is used.") var naive = false
        @Flag(help: "Count without computing values: for sizes that would take long. No difference from the engine is printed.")
        var countOnly = false
        @Flag(help: "Print every decision with its line or its entry.") var decisions = false
        @Option(
            help: ArgumentHelp(
                "Print the arithmetic of one number in one tile instead: 'by_0_bx_0.ko_1.C_local.gemm[1,0]'.", valueName: "cell"))
        var explain: String?
        @Option(help: ArgumentHelp("Also write every executed instruction with its values there, as a trace.", valueName: "file.json"))
        var trace: String?
        @OptionGroup var language: LanguageOption
        @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir")) var home: String?
        @Flag(help: "Print as JSON.") var json = false

        func validate() throws {
            if explain != nil, json || countOnly || decisions {
                throw ValidationError("--explain prints one number's arithmetic: leave out --json, --count-only and --decisions")
            }
            if trace != nil, countOnly { throw ValidationError("--trace needs values: leave out --count-only") }
        }

        func run() throws {
            if let trace { try OutputPath.check(file: trace, inputs: [chip]) }
            let task = try options.task(try TileProgramName(named: program), .standard)
            let choice = try options.choice(task, .standard)
            let written = task.program(choice)
            let executed = naive ? written.naive : written
            let schedule = try Schedule(executed, on: ChipShelf(home: home).chip(chip), width: width)
            let run = countOnly ? nil : try compared(task, schedule)
            if let trace, let run { try TraceJSON.write(run.tiles.trace, to: trace) }
            if let explain, let run { return try Self.explain(explain, run.tiles.trace, language.value) }
            let report = TileReport(task, choice, schedule, isNaive: naive, maxAbsoluteError: run?.maxAbsoluteError)
            if json {
                try Output.print(report.json(language.value, decisions: decisions))
            } else {
                try Output.print(report.lines(language.value, decisions: decisions, ways: ways(task, choice, schedule.chip)))
            }
            if let overflow = schedule.overflow {
                Output.complain(
                    "\(schedule.chip.id): \(overflow.memory) overflows by \(NumberText.grouped(overflow.bytes)) bytes")
                throw ExitCode(ExitStatus.checkFailed.rawValue)
            }
        }

        /// The program with no inputs kept, and with one to three stages.
        private func ways(_ task: TileTask, _ choice: TileChoice, _ chip: Chip) throws -> [(name: Bilingual, schedule: Schedule)] {
            let naive = (
                name: Bilingual(en: "inputs never kept", zh: "输入不留"),
                schedule: try Schedule(task.program(choice).naive, on: chip, width: width)
            )
            return try [naive]
                + (1...3).map { stages in
                    (
                        name: Bilingual(en: stages == 1 ? "1 stage" : "\(stages) stages", zh: "\(stages) 级"),
                        schedule: try Schedule(task.program(TileChoice(choice.shape, stages: stages)), on: chip, width: width)
                    )
                }
        }

        /// What the program computes from seeded noise, beside what the engine does.
        private func compared(_ task: TileTask, _ schedule: Schedule) throws -> TileComparison {
            guard schedule.instructions <= TileComparison.mostInstructions else {
                throw EngineError(
                    .value, task.name.rawValue,
                    expected: "at most \(NumberText.grouped(TileComparison.mostInstructions)) executed instructions to compute with",
                    found: "\(NumberText.grouped(schedule.instructions)); --count-only counts more")
            }
            try TileComparison.check(schedule.program, flops: schedule.flops, hint: "; --count-only counts larger ones")
            return try TileComparison(task, schedule.program, seed: 1, keeping: trace == nil && explain == nil ? .none : .all)
        }

        private static func explain(_ cell: String, _ trace: Trace, _ language: Language) throws {
            let reference: StepReference
            do { reference = try StepReference(parsing: cell) } catch { throw UsageError("\(error)") }
            let step = try trace.step(reference.id)
            try Output.print(ExplanationText(step, try step.explain(reference.index), language).lines)
        }
    }
}

extension TileProgramName {
    /// The program of that name; throws for another name, with the nearest.
    init(named name: String) throws(EngineError) {
        guard let program = TileProgramName(rawValue: name) else {
            let known = TileProgramName.allCases.map(\.rawValue)
            let hint = NearWords.hint(NearWords.of(name, in: known))
            throw EngineError(.value, "program", expected: known.joined(separator: ", "), found: "\(name)\(hint)")
        }
        self = program
    }
}

/// What a program computes from seeded noise, beside what the engine does without tiles.
struct TileComparison {
    /// The program's run.
    let tiles: TileRun
    /// The largest difference from the engine's.
    let maxAbsoluteError: Double
    /// The largest number of the engine's result.
    let largest: Double

    /// The most arithmetic that is computed with values.
    static let mostFlops = 1 << 32
    /// The most cells of all matrices.
    static let mostCells = 1 << 24
    /// The most instructions that are recorded with their values: about a minute's work.
    static let mostInstructions = 1 << 17

    /// Throws for a program that would take long to compute.
    static func check(_ program: TileProgram, flops: Int, hint: String = "") throws(EngineError) {
        guard flops <= mostFlops, program.cells <= mostCells else {
            throw EngineError(
                .value, program.name,
                expected: "at most \(NumberText.grouped(mostFlops)) FLOPs and \(NumberText.grouped(mostCells)) cells to compute with",
                found: "\(NumberText.grouped(flops)) and \(NumberText.grouped(program.cells))\(hint)")
        }
    }

    /// Computes both.
    init(_ task: TileTask, _ program: TileProgram, seed: UInt64, keeping kept: TileRun.Kept = .none) throws(EngineError) {
        let inputs = try task.noise(seed: seed)
        tiles = try TileRun(program, inputs, keeping: kept)
        let engine = try task.reference(inputs)
        maxAbsoluteError = zip(tiles.output.values, engine.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
        largest = engine.values.reduce(0) { max($0, abs($1)) }
    }
}
