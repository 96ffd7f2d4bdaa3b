// attn case: reference outputs for other people's indexers.

public import ArgumentParser
internal import ModelFiles
public import ReferenceCases
internal import Traces

struct CaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "case", abstract: "Make a reference case, or check your own output against one.",
        discussion:
            "Example: attn case make --kind indexer --queries 4 --keys 8192 --heads 64 --dim 128 --top-k 2048 --seed 7 --output c.safetensors",
        subcommands: [Make.self, CheckMine.self, Clinic.self])

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an indexer case at real shapes, with expected scores and selection, or one of rounding to 4 bits.",
            discussion: """
                Examples:
                  attn case make --queries 4 --keys 8192 --heads 64 --dim 128 --top-k 2048 --seed 7 --output c.safetensors
                  attn case make --kind float4-e2m1 --output e2m1.safetensors
                  attn case make --kind whole-indexer --rope interleaved --output whole.safetensors
                  attn case make --kind sparse-mla --dim 576 --value-dim 512 --output mla.safetensors
                """)

        enum Kind: String, ExpressibleByArgument, CaseIterable {
            case indexer
            case float4E2M1 = "float4-e2m1"
            case wholeIndexer = "whole-indexer"
            case sparseMLA = "sparse-mla"
        }
        enum Precision: String, ExpressibleByArgument, CaseIterable { case f8, f32 }

        @Option(help: "The kind of case.") var kind = Kind.indexer
        @Option(help: "Queries, the last tokens of the sequence; of an indexer by default \(Size.usual.queries).") var queries: Int?
        @Option(help: "Keys; of an indexer by default \(Size.usual.keys).") var keys: Int?
        @Option(help: "Heads; of an indexer by default \(Size.usual.heads).") var heads: Int?
        @Option(help: "Features of a head; of an indexer a power of two, by default \(Size.usual.dim).") var dim: Int?
        @Option(help: "Keys that a query keeps; of an indexer by default \(Size.usual.topK).") var topK: Int?
        @OptionGroup var shape: CaseShapeOptions
        @Option(help: "Seed: the same seed gives the same case on every machine.") var seed: UInt64 = 0
        @Option(help: "Type of q and k: f8 (e4m3) or f32; by default f8.") var precision: Precision?
        @Option(name: .shortAndLong, help: ArgumentHelp("Where to write.", valueName: "file.safetensors")) var output: String
        @Flag(help: "Print the mistakes that the case distinguishes as JSON.") var json = false
        @OptionGroup var whole: WholeIndexerOptions
        @OptionGroup var sparse: SparseMLAOptions
        @OptionGroup var language: LanguageOption

        func run() throws {
            try OutputPath.check(file: output, inputs: [shape.layout].compactMap(\.self))
            if kind != .indexer, let idle = shape.given.first { throw UsageError("--\(idle): expected with --kind indexer") }
            if kind != .wholeIndexer { try whole.checkIdle() }
            if kind != .sparseMLA { try sparse.checkIdle() }
            if kind == .wholeIndexer { return try makeWholeIndexer() }
            if kind == .sparseMLA { return try makeSparseMLA() }
            if kind == .float4E2M1 { return try makeFloat4() }
            let usual = Size.usual
            if shape.nextN != nil, queries != nil { throw UsageError("--queries: expected without --next-n, which is its other name") }
            let (queries, keys, heads) = (shape.nextN ?? queries ?? usual.queries, keys ?? usual.keys, heads ?? usual.heads)
            let (dim, topK) = (dim ?? usual.dim, topK ?? usual.topK)
            var generator: IndexerCaseGenerator
            do {
                generator = try IndexerCaseGenerator(queries: queries, keys: keys, heads: heads, dimension: dim, topK: topK, seed: seed)
            } catch { throw UsageError("\(error)") }
            generator.isFloat8 = precision != .f32
            generator.serving = try shape.shape(queries: queries)
            let (told, untold): ([IndexerMistake], [IndexerMistake])
            do { (told, untold) = try generator.write(to: output) } catch let error as EngineError { throw UsageError("\(error)") }
            if json { return try Output.print(.object([("distinguishes", .strings(told.map(\.name)))])) }
            let words = Bilingual(en: "a wrong selection shows: ", zh: "选择一错就看得出：")
            try Output.print(Self.distinguished(words, told.map(\.name), untold.map(\.name), language.value))
        }

        private func makeFloat4() throws {
            let given = [
                ("queries", queries != nil), ("keys", keys != nil), ("heads", heads != nil), ("dim", dim != nil), ("top-k", topK != nil),
                ("precision", precision != nil),
            ]
            if let idle = given.first(where: \.1) { throw UsageError("--\(idle.0): expected with another --kind than float4-e2m1") }
            let told = try Float4CaseGenerator(seed: seed).write(to: output).map(\.rawValue)
            if json { return try Output.print(.object([("distinguishes", .strings(told))])) }
            let names = told.joined(separator: language.value == .en ? ", " : "、")
            try Output.print([Bilingual(en: "wrong codes show: \(names)", zh: "编码一错就看得出：\(names)")[language.value]])
        }
    }

    /// The size of an indexer's case where nothing is said: a few tokens of DeepSeek-V3.2-Exp.
    private enum Size { static let usual = (queries: 4, keys: 8192, heads: 64, dim: 128, topK: 2048) }

    struct CheckMine: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Compare what your kernel wrote with a case, of any kind.",
            discussion: """
                Of an indexer MINE holds selected [t, k], integers in any order padded with -1, or score [t, s], or both. Scores are judged where the query sees the key; with
                scores, the selection must be that of the highest of them. What is wrong is held against mistakes that are known, and named.
                Example: attn case check c.safetensors mine.safetensors --tolerance 1e-5
                """)

        @OptionGroup var language: LanguageOption
        @Argument(help: ArgumentHelp("The case.", valueName: "case")) var reference: String
        @Argument(help: ArgumentHelp("Your output.", valueName: "mine")) var mine: String
        @Option(
            help:
                "Relative tolerance of scores, and of the distance from the cut within which a different key counts as rounding; of an indexer by default that of bf16, 2^-7."
        )
        var tolerance: Double?
        @Option(help: "How keys of equal scores may be chosen: any, or low where your contract says that the lower position wins.")
        var ties = IndexerCheck.Rules.Ties.any
        @Flag(help: "Count a key that a row names twice once instead of refusing it.") var allowDuplicates = false
        @Flag(help: "Take every number that is no key for padding, not -1 alone.") var anyPadding = false
        @Option(
            help:
                "What your numbers mean: logical positions within a sequence, physical places in a cache (block times block size, and the place in the block), or relative, counted from the first key that a query sees."
        )
        var positions = IndexerCheck.Rules.Positions.logical
        @Flag(help: "Print the comparison as JSON.") var json = false

        func validate() throws {
            guard let tolerance else { return }
            guard tolerance >= 0, tolerance.isFinite else {
                throw ValidationError("--tolerance: expected a finite number of at least 0, found \(tolerance)")
            }
        }

        func run() throws {
            var rules = IndexerCheck.Rules()
            (rules.tolerance, rules.ties) = (tolerance, ties)
            (rules.allowsDuplicates, rules.allowsAnyPadding, rules.positions) = (allowDuplicates, anyPadding, positions)
            let reference = try ReferenceCase(path: reference)
            if reference.kind == .float4E2M1 { return try checkFloat4(reference) }
            if [.wholeIndexer, .sparseMLA].contains(reference.kind) { return try checkOther(reference) }
            let check = try IndexerCheck(reference, dump: mine, rules: rules)
            if json { try Output.print(Self.json(check)) } else { try Output.print(Self.text(check, language.value)) }
            if !check.passed { throw ExitCode(ExitStatus.checkFailed.rawValue) }
        }

        private func checkFloat4(_ reference: ReferenceCase) throws {
            let given = [
                ("tolerance", tolerance != nil), ("ties", ties != .any), ("allow-duplicates", allowDuplicates), ("any-padding", anyPadding),
                ("positions", positions != .logical),
            ]
            if let idle = given.first(where: \.1) {
                throw UsageError("--\(idle.0): expected with a case of kind indexer; codes are right or wrong")
            }
            let check = try Float4Check(reference, dump: mine)
            if json { try Output.print(check.json) } else { try Output.print(check.lines(language.value)) }
            if !check.passed { throw ExitCode(ExitStatus.checkFailed.rawValue) }
        }

        /// A comparison that no rule of selections applies to.
        private func checkOther(_ reference: ReferenceCase) throws {
            let given = [
                ("ties", ties != .any), ("allow-duplicates", allowDuplicates), ("any-padding", anyPadding),
                ("positions", positions != .logical),
            ]
            if let idle = given.first(where: \.1) { throw UsageError("--\(idle.0): expected with a case of kind indexer") }
            let (passed, text, values): (Bool, [String], JSONText)
            if reference.kind == .sparseMLA {
                let check = try SparseMLACheck(reference, dump: mine, tolerance: tolerance)
                (passed, text, values) = (check.passed, check.lines(language.value), check.json)
            } else {
                let check = try WholeIndexerCheck(reference, dump: mine, tolerance: tolerance)
                (passed, text, values) = (check.passed, check.lines(language.value), check.json)
            }
            try json ? Output.print(values) : Output.print(text)
            if !passed { throw ExitCode(ExitStatus.checkFailed.rawValue) }
        }

        /// Rows that are printed, and keys of a row that are listed in JSON.
        private static let (mostRows, mostKeys) = (20, 100)

        private static func text(_ check: IndexerCheck, _ language: Language) -> [String] {
            func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
            var lines: [String] = []
            if let score = check.score {
                let error = NumberText.significant(score.maxRelativeError, digits: 2)
                let place = "[\(score.worstIndex.map(String.init).joined(separator: ","))]"
                if score.problem != nil {
                    lines.append(said("score\(place): not a finite number: wrong", "score\(place)：不是有限的数：错误"))
                } else {
                    lines.append(
                        score.passed
                            ? said("score: largest relative error \(error)", "score：最大相对误差 \(error)")
                            : said("score\(place): relative error \(error): wrong", "score\(place)：相对误差 \(error)：错误"))
                }
            }
            if let strays = check.strayShare, strays > IndexerCheck.mostStrays {
                let share = NumberText.significant(100 * strays, digits: 2)
                lines.append(
                    said(
                        "score: \(share) % of the visible scores are further off than rounding carries scores of their magnitude: wrong",
                        "score：可见分数里有 \(share) % 的误差超过同等大小分数的舍入误差：错误"))
            }
            lines += check.rows.prefix(mostRows).map { $0.line[language] }
            if check.rows.count > mostRows {
                let rest = NumberText.grouped(check.rows.count - mostRows)
                lines.append(said("and \(rest) rows more", "另有 \(rest) 行"))
            }
            if let rows = check.comparedRows {
                let same = rows - check.rows.count
                lines.append(said("selections: \(same) of \(rows) rows are the same", "选择：\(rows) 行里有 \(same) 行相同"))
            }
            if let diagnosis = check.diagnosis { lines.append("\(diagnosis.mistake.name): \(diagnosis.line[language])") }
            switch check.verdict {
            case .right: lines.append(said("passed", "通过"))
            case .rounding where check.isFloat8Rounding:
                lines.append(said("passed: rounding, as much as FP8 does", "通过：相当于 FP8 的舍入"))
            case .rounding: lines.append(said("passed: rounding", "通过：舍入"))
            case .wrong: lines.append(said("FAILED", "未通过"))
            }
            return lines
        }

        private static func json(_ check: IndexerCheck) -> JSONText {
            func list(_ differences: [IndexerCheck.Difference]) -> JSONText {
                .array(differences.prefix(mostKeys).map { .object([("key", .integer($0.key)), ("margin", .number($0.margin))]) })
            }
            let rows = check.rows.map { row in
                JSONText.object([
                    ("row", .integer(row.row)), ("selected", .integer(row.selected)), ("missing", list(row.missing)),
                    ("extra", list(row.extra)), ("missingCount", .integer(row.missing.count)), ("extraCount", .integer(row.extra.count)),
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
                ("passed", .bool(check.passed)), ("verdict", .string(check.verdict.rawValue)),
                ("named", check.diagnosis.map { .string($0.mistake.name) } ?? .null), ("wrongKeys", .integer(check.wrongKeys)),
                ("rows", .integer(check.rowCount)), ("differing", .array(rows)), ("score", score ?? .null),
            ])
        }
    }
}

extension IndexerCheck.Rules.Ties: ExpressibleByArgument {}
extension IndexerCheck.Rules.Positions: ExpressibleByArgument {}
