// attn case: reference outputs for other people's indexers.

internal import ArgumentParser
internal import ModelFiles
internal import Traces

struct CaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "case", abstract: "Make a reference case, or check your own output against one.",
        discussion:
            "Example: attn case make --kind indexer --queries 4 --keys 8192 --heads 64 --dim 128 --top-k 2048 --seed 7 --output c.safetensors",
        subcommands: [Make.self, CheckMine.self])

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an indexer case at real shapes, with expected scores and selection.",
            discussion: "Example: attn case make --queries 4 --keys 8192 --heads 64 --dim 128 --top-k 2048 --seed 7 --output c.safetensors")

        enum Kind: String, ExpressibleByArgument, CaseIterable { case indexer }
        enum Precision: String, ExpressibleByArgument, CaseIterable { case f8, f32 }

        @Option(help: "The kind of case.") var kind = Kind.indexer
        @Option(help: "Queries, the last tokens of the sequence.") var queries = 4
        @Option(help: "Keys.") var keys = 8192
        @Option(help: "Indexer heads.") var heads = 64
        @Option(help: "Features of a head, a power of two.") var dim = 128
        @Option(help: "Keys that a query keeps.") var topK = 2048
        @Option(help: "Seed: the same seed gives the same case everywhere.") var seed: UInt64 = 0
        @Option(help: "Type of q and k: f8 (e4m3) or f32.") var precision = Precision.f8
        @Option(name: .shortAndLong, help: ArgumentHelp("Where to write.", valueName: "file.safetensors")) var output: String

        func run() throws {
            try OutputPath.check(file: output, inputs: [])
            var generator: IndexerCaseGenerator
            do {
                generator = try IndexerCaseGenerator(queries: queries, keys: keys, heads: heads, dimension: dim, topK: topK, seed: seed)
            } catch { throw UsageError("\(error)") }
            generator.isFloat8 = precision == .f8
            try generator.write(to: output)
        }
    }

    struct CheckMine: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Compare your indexer's selection (and scores) with a case.",
            discussion: """
                MINE holds selected [t, k], integers in any order padded with -1, and score [t, s] if you like.
                Example: attn case check c.safetensors mine.safetensors --tolerance 1e-5
                """)

        @OptionGroup var language: LanguageOption
        @Argument(help: ArgumentHelp("The case.", valueName: "case")) var reference: String
        @Argument(help: ArgumentHelp("Your output.", valueName: "mine")) var mine: String
        @Option(help: "Relative tolerance of scores, and of the distance from the cut within which a different key counts as rounding.")
        var tolerance = 1e-5
        @Flag(help: "Print the comparison as JSON.") var json = false

        func validate() throws {
            guard tolerance >= 0, tolerance.isFinite else {
                throw ValidationError("--tolerance: expected a finite number of at least 0, found \(tolerance)")
            }
        }

        func run() throws {
            let check = try IndexerCheck(ReferenceCase(path: reference), dump: mine, tolerance: tolerance)
            if json { try Output.print(Self.json(check)) } else { try Output.print(Self.text(check, language.value)) }
            if !check.passed { throw ExitCode(ExitStatus.checkFailed.rawValue) }
        }

        private static func text(_ check: IndexerCheck, _ language: Language) -> [String] {
            func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
            var lines = check.rows.map { $0.line[language] }
            if let score = check.score {
                let error = NumberText.significant(score.maxRelativeError, digits: 2)
                let place = "[\(score.worstIndex.map(String.init).joined(separator: ","))]"
                lines.append(
                    score.passed
                        ? said("score: largest relative error \(error)", "score：最大相对误差 \(error)")
                        : said("score\(place): relative error \(error): wrong", "score\(place)：相对误差 \(error)：错误"))
            }
            let same = check.rowCount - check.rows.count
            lines.append(said("selections: \(same) of \(check.rowCount) rows are the same", "选择：\(check.rowCount) 行里有 \(same) 行相同"))
            return lines + [check.passed ? said("passed", "通过") : said("FAILED", "未通过")]
        }

        private static func json(_ check: IndexerCheck) -> JSONText {
            func list(_ differences: [IndexerCheck.Difference]) -> JSONText {
                .array(differences.map { .object([("key", .integer($0.key)), ("margin", .number($0.margin))]) })
            }
            let rows = check.rows.map { row in
                JSONText.object([
                    ("row", .integer(row.row)), ("selected", .integer(row.selected)), ("missing", list(row.missing)),
                    ("extra", list(row.extra)),
                    ("verdict", row.isRounding ? "rounding" : "wrong"),
                ])
            }
            let score = check.score.map { score in
                JSONText.object([
                    ("maxAbsoluteError", .number(score.maxAbsoluteError)), ("maxRelativeError", .number(score.maxRelativeError)),
                    ("passed", .bool(score.passed)),
                ])
            }
            return .object([
                ("passed", .bool(check.passed)), ("rows", .integer(check.rowCount)), ("differing", .array(rows)), ("score", score ?? .null),
            ])
        }
    }
}
