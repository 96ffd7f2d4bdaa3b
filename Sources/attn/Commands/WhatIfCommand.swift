// attn what-if: what one deviation from DeepSeek Sparse Attention changes.

internal import ArgumentParser
internal import Lessons
internal import Mechanisms
internal import ModelFiles
internal import Records
internal import Traces

struct WhatIfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what-if", abstract: "Compare sparse attention with a variant that differs in one thing.",
        discussion: """
            Switches: \(Switch.names.joined(separator: ", ")).
            Example: attn what-if --case Tests/ModelFilesTests/Fixtures/dsa-tiny-fp8.safetensors --with no-relu
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var language: LanguageOption

    @Option(name: .customLong("with"), parsing: .upToNextOption, help: ArgumentHelp("One or more switches.", valueName: "switch"))
    var switches: [String]

    @Flag(help: "Print the comparison as JSON.")
    var json = false

    func run() throws {
        let changes = try switches.map { try Switch(parsing: $0) }
        let (right, variant) = (try source.load(language.value).trace, try source.load(language.value, switches: changes).trace)
        if right.attentions.isEmpty, right.contains(StepID([], .indexScore)) {
            let report = try SelectionWhatIf(right: right, variant: variant)
            return try json ? Output.print(report.json) : Output.print(report.lines(language.value))
        }
        let report = try WhatIf(right: right, variant: variant)
        if json { return try Output.print(Self.json(report)) }
        try Output.print(Self.text(report, language.value))
    }

    private static func text(_ report: WhatIf, _ language: Language) -> [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        func percent(_ share: Double) -> String { NumberText.percent(share) }
        let names = [
            said("phase", "阶段"), said("row", "行"), said("differ", "不同"), said("output error", "输出误差"), said("mass kept: right", "保住的权重：原"),
            said("variant", "变体"), said("recall: right", "召回率：原"), said("variant", "变体"),
        ]
        let widths = [10, 4, 7, 13, 17, 8, 14, 8]
        func line(_ cells: [String]) -> String {
            zip(cells, widths).enumerated().map { i, cell in TerminalText.padded(cell.0, to: cell.1, right: i > 0) }.joined(separator: " ")
        }
        let rows = report.rows.map { row in
            line([
                row.phase, String(row.row), String(row.differing), NumberText.significant(row.outputError, digits: 3),
                percent(row.massKeptRight),
                percent(row.massKeptVariant), percent(row.recallRight), percent(row.recallVariant),
            ])
        }
        let sums = [
            said("switches: ", "开关：") + report.switches.joined(separator: " "),
            said("rows whose selection differs: ", "选择有变的行：") + "\(report.rowsThatDiffer) / \(report.rows.count)",
            said("largest output error: ", "最大输出误差：") + NumberText.significant(report.largestOutputError, digits: 3),
            said("mass kept, mean: ", "保住的权重，平均：")
                + "\(percent(report.mean(\.massKeptRight))) → \(percent(report.mean(\.massKeptVariant)))",
            said("recall, mean: ", "召回率，平均：") + "\(percent(report.mean(\.recallRight))) → \(percent(report.mean(\.recallVariant)))",
        ]
        return [line(names)] + rows + [""] + sums
    }

    private static func json(_ report: WhatIf) -> JSONText {
        func pair(_ right: JSONText, _ variant: JSONText) -> JSONText { .object([("right", right), ("variant", variant)]) }
        func means(_ right: (WhatIf.Row) -> Double, _ variant: (WhatIf.Row) -> Double) -> JSONText {
            pair(.number(report.mean(right)), .number(report.mean(variant)))
        }
        let rows = report.rows.map { row in
            JSONText.object([
                ("phase", .string(row.phase)), ("row", .integer(row.row)), ("selected", pair(.integers(row.right), .integers(row.variant))),
                ("differing", .integer(row.differing)), ("outputError", .number(row.outputError)),
                ("massKept", pair(.number(row.massKeptRight), .number(row.massKeptVariant))),
                ("recall", pair(.number(row.recallRight), .number(row.recallVariant))),
            ])
        }
        let sum = JSONText.object([
            ("rows", .integer(report.rows.count)), ("rowsThatDiffer", .integer(report.rowsThatDiffer)),
            ("largestOutputError", .number(report.largestOutputError)), ("massKept", means(\.massKeptRight, \.massKeptVariant)),
            ("recall", means(\.recallRight, \.recallVariant)),
        ])
        return .object([("switches", .strings(report.switches)), ("rows", .array(rows)), ("sum", sum)])
    }
}

extension SelectionWhatIf {
    fileprivate func lines(_ language: Language) -> [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        func line(_ cells: [String]) -> String {
            zip(cells, [4, 7, 12]).map { TerminalText.padded($0, to: $1, right: true) }.joined(separator: " ")
        }
        let names = line([said("row", "行"), said("differ", "不同"), said("score error", "得分误差")])
        let all = rows.map { line(["\($0.row)", "\($0.differing)", NumberText.significant($0.scoreError, digits: 3)]) }
        return [names] + all + [
            "", said("switches: ", "开关：") + switches.joined(separator: " "),
            said("rows whose selection differs: ", "选择有变的行：") + "\(rowsThatDiffer) / \(rows.count)",
            said("largest score error: ", "最大得分误差：") + NumberText.significant(largestScoreError, digits: 3),
        ]
    }

    fileprivate var json: JSONText {
        let all = rows.map { row in
            let selected = JSONText.object([("right", .integers(row.right)), ("variant", .integers(row.variant))])
            return JSONText.object([
                ("row", .integer(row.row)), ("selected", selected), ("differing", .integer(row.differing)),
                ("scoreError", .number(row.scoreError)),
            ])
        }
        let sum = JSONText.object([
            ("rows", .integer(rows.count)), ("rowsThatDiffer", .integer(rowsThatDiffer)), ("largestScoreError", .number(largestScoreError)),
        ])
        return .object([("switches", .strings(switches)), ("rows", .array(all)), ("sum", sum)])
    }
}

extension String {
    /// The text followed by spaces up to `width`.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
