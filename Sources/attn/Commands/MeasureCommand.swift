// attn measure: dense and sparse attention timed on this machine. Control-C ends it with what was measured so far.

internal import Records
internal import ArgumentParser
internal import AttentionKernels
internal import Lessons
internal import ModelFiles
internal import Traces

struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Time dense and sparse attention on this machine.",
        discussion: """
            Decode: one query at DeepSeek-V3.2-Exp's dimensions of one layer, 1K to 128K positions. Prefill: a whole causal sequence at a smaller \
            width. Without --prefill or --decode, both. Control-C ends it with what was measured so far.
            Examples:
              attn measure --quick
              attn measure --decode --length 8192 131072 --output measured.json
            """)

    /// What is measured.
    enum Phase: String, EnumerableFlag {
        case prefill, decode
    }

    @Flag(help: "Fewer runs and shorter sequences: done within half a minute.") var quick = false
    @Flag(exclusivity: .exclusive, help: "Measure this phase alone.") var phase: Phase?
    @Option(
        name: .customLong("length"), parsing: .upToNextOption,
        help: ArgumentHelp("Lengths in positions; by default doublings from 1024.", valueName: "n"))
    var lengths: [Int] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("Also write the results there, as JSON.", valueName: "file.json")) var output: String?
    @Flag(help: "Print the results as JSON.") var json = false
    @OptionGroup var language: LanguageOption

    func run() throws {
        if let bad = lengths.first(where: { !(1...1 << 24).contains($0) }) {
            throw UsageError("--length: expected 1 to \(1 << 24) positions, found \(bad)")
        }
        // What was measured for minutes must not be lost for want of a folder.
        if let output { try OutputPath.check(file: output, inputs: []) }
        let phases: [MeasurementOptions.Phase] = phase.map { $0 == .prefill ? [.prefill] : [.decode] } ?? [.decode, .prefill]
        var reports: [MeasurementReport] = []
        let bar = ProgressBar()
        Interruption.note()
        for phase in phases where !Interruption.isRequested {
            var options = MeasurementOptions(phase, quick: quick)
            if !lengths.isEmpty { options.lengths = Set(lengths).sorted() }
            let report = try Measurement.run(
                options, progress: { bar.show($0, phase, language.value) }, isCancelled: { Interruption.isRequested })
            reports.append(report)
            bar.clear()
        }
        let measured = JSONText.array(reports.map(\.json))
        if let output { try WholeFile.write(output, measured.text() + "\n") }
        if json { try Output.print(measured) } else { try Output.print(reports.flatMap { MeasurementText($0, language.value).lines }) }
        if Interruption.isRequested { throw ExitCode(ExitStatus.interrupted.rawValue) }
    }
}

/// A measurement as a table.
struct MeasurementText {
    let report: MeasurementReport
    let language: Language

    init(_ report: MeasurementReport, _ language: Language) {
        self.report = report
        self.language = language
    }

    private func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }

    var lines: [String] {
        let d = report.options.dimensions
        let title =
            report.options.phase == .decode
            ? said("Decode: one query, one layer", "解码：一个查询，一层") : said("Prefill: a whole causal sequence, one layer", "预填充：一整段因果序列，一层")
        let dimensions = said(
            "\(d.heads) heads over latents of \(d.latent) + \(d.rope); \(d.indexHeads) index heads of \(d.indexWidth), top-\(d.topK); Float32",
            "\(d.heads) 个头，潜向量 \(d.latent) + \(d.rope) 维；\(d.indexHeads) 个索引头，各 \(d.indexWidth) 维，top-\(d.topK)；Float32")
        let head = [title, dimensions, machine].flatMap { TerminalText.wrapped($0) }
        return head + [""] + table.lines + [""] + remarks.flatMap { TerminalText.wrapped($0) } + [""]
    }

    private var machine: String {
        let (machine, blas) = (report.machine, report.machine.blas)
        let steering = blas.environment.sorted { $0.key < $1.key }.map { ", \($0.key)=\($0.value)" }.joined()
        return said(
            "\(machine.processor), \(machine.cores) cores; \(blas.name) \(blas.version), core type \(blas.core)\(steering)",
            "\(machine.processor)，\(machine.cores) 核；\(blas.name) \(blas.version)，内核类型 \(blas.core)\(steering)")
    }

    private var table: TextTable {
        func ms(_ seconds: Double) -> String { NumberText.significant(seconds * 1e3, digits: 4) }
        func cells(_ timing: MeasuredTime) -> [String] { [ms(timing.median), "\(ms(timing.least))–\(ms(timing.most))"] }
        return TextTable(
            header: [
                said("positions", "位置数"), said("dense ms", "稠密 毫秒"), said("least–most", "最短–最长"), said("DSA ms", "DSA 毫秒"),
                said("least–most", "最短–最长"), said("dense / DSA", "稠密 / DSA"), said("runs", "次数"),
            ],
            rows: report.rows.map { row in
                [NumberText.grouped(row.length)] + cells(row.dense) + cells(row.sparse)
                    + [NumberText.fixed(row.speedup, decimals: 2), "\(min(row.dense.runs, row.sparse.runs))"]
            }, textColumns: 0)
    }

    private var remarks: [String] {
        guard !report.rows.isEmpty else { return [said("Ended before anything was measured.", "还没有测到任何结果就结束了。")] }
        var lines = [said("Times are medians of the runs.", "时间是各次运行的中位数。")]
        if let dense = report.denseGrowth, let sparse = report.sparseGrowth, let first = report.fittedRows.first {
            func fit(_ fit: GrowthFit) -> String { NumberText.fixed(fit.exponent, decimals: 2) }
            func rest(_ fit: GrowthFit) -> String { NumberText.fixed(fit.residual, decimals: 3) }
            lines.append(
                said(
                    "Time grows as length^\(fit(dense)) (dense; residual \(rest(dense))) and length^\(fit(sparse)) (DSA; residual \(rest(sparse))), fitted from \(NumberText.grouped(first.length)) positions on, in natural logarithms.",
                    "时间随长度的 \(fit(dense)) 次方（稠密，残差 \(rest(dense))）和 \(fit(sparse)) 次方（DSA，残差 \(rest(sparse))）增长；从 \(NumberText.grouped(first.length)) 个位置起拟合，取自然对数。"
                ))
        }
        lines += agreement
        if !report.isComplete { lines.append(said("Not all runs were made: ended early.", "没有跑完所有次数：提前结束。")) }
        return lines
    }

    private var agreement: [String] {
        let checked = report.rows.compactMap(\.agreement)
        guard !checked.isEmpty else { return [said("Results were not checked.", "结果没有核对。")] }
        let error = NumberText.significant(checked.map { max($0.dense, $0.sparse) }.max() ?? 0, digits: 2)
        let (different, unresolved) = (
            checked.reduce(0) { $0 + $1.selectionDifferences }, checked.reduce(0) { $0 + $1.unresolvedDifferences }
        )
        return [
            said(
                "Against Double at \(checked.count) lengths: largest relative error \(error); \(different) selected keys differ, \(unresolved) of them by more than Float32 resolves.",
                "与双精度对比（\(checked.count) 个长度）：最大相对误差 \(error)；选中的键有 \(different) 个不同，其中 \(unresolved) 个超出 Float32 的分辨范围。")
        ]
    }
}
