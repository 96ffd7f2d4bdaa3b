// attn tiles emit: a tile program as a file of the real language, and beside it what the engine computes, so that whoever runs the file can compare.

internal import ArgumentParser
internal import ModelFiles
internal import TileMachine
internal import Traces

extension TilesCommand {
    struct Emit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a program in TileLang, for a processor, CUDA, HIP, Metal and Ascend.",
            discussion: """
                The file defines program(machine), inputs(seed) and reference(inputs); scripts/test-tilelang compiles and runs it.
                --results writes PROGRAM.SEED.npy: what the engine computes from inputs(SEED).
                By default:
                \(TileProgramName.allCases.map { "  \($0.rawValue) \(TileDefaults.emitted($0).options)" }.joined(separator: "\n"))
                Examples:
                  attn tiles emit matmul --output matmul.py
                  attn tiles emit attention --queries 37 --tile 32x32 --output attention.py --results results --seeds 3
                """)

        @Argument(help: ArgumentHelp("The program's name; see attn tiles list.", valueName: "program")) var program: String
        @OptionGroup var options: TileOptions
        @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; by default standard output.", valueName: "file.py"))
        var output: String?
        @Option(help: ArgumentHelp("A folder for the engine's results, which numpy reads.", valueName: "dir")) var results: String?
        @Option(help: ArgumentHelp("With --results: for how many seeds, from 1 on (1 by default, 1000 at most).", valueName: "n"))
        var seeds: Int?

        func run() throws {
            guard seeds == nil || results != nil else { throw UsageError("--seeds: expected with --results DIR") }
            let seeds = seeds ?? 1
            guard (1...1000).contains(seeds) else { throw UsageError("--seeds: expected 1 to 1000, found \(seeds)") }
            let name = try TileProgramName(named: program)
            let defaults = TileDefaults.emitted(name)
            let task = try options.task(name, defaults)
            let file = TileLangFile(task, try options.choice(task, defaults))
            try checkPaths(seeds)
            if let results { try write(task, file.program, to: results, seeds) }
            guard let output else { return try Output.print(file.lines) }
            try WholeFile.write(output, file.text)
        }

        private func path(_ folder: String, _ seed: Int) -> String { "\(folder)/\(program).\(seed).npy" }

        /// Throws before anything is computed if what is asked for cannot be written, or one file would take the other's place.
        private func checkPaths(_ seeds: Int) throws {
            try OutputPath.check(folder: results, option: "--results")
            guard let output else { return }
            let files = results.map { folder in (1...seeds).map { path(folder, $0) } } ?? []
            guard !files.contains(output) else {
                throw UsageError("--output \(output): expected a file other than those that --results writes")
            }
            try OutputPath.check(file: output, inputs: files)
        }

        /// How far a result may be from the engine's without tiles, in shares of its largest number: sums of a few hundred in another order.
        private static let tolerance = 1e-12

        /// Writes what the program computes, checked against the engine, seed by seed.
        private func write(_ task: TileTask, _ program: TileProgram, to folder: String, _ seeds: Int) throws {
            try TileComparison.check(program, flops: program.flops())
            for seed in 1...seeds {
                let comparison = try TileComparison(task, program, seed: UInt64(seed))
                let allowed = Self.tolerance * max(1, comparison.largest)
                guard comparison.maxAbsoluteError <= allowed else {
                    Output.complain(
                        "\(program.name), seed \(seed): expected the engine's result within \(NumberText.significant(allowed, digits: 2)), "
                            + "found a difference of \(NumberText.significant(comparison.maxAbsoluteError, digits: 2))")
                    throw ExitCode(ExitStatus.checkFailed.rawValue)
                }
                try WholeFile.write(path(folder, seed), creatingFolders: NumPyFile.bytes(of: comparison.tiles.output))
            }
        }
    }
}
