// attn cost serving: Figure 3 of the report, published and predicted, here or on another accelerator.

internal import ArgumentParser
internal import Lessons
internal import ModelFiles
internal import Records
internal import Traces

extension CostCommand {
    struct Serving: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Dollars per million tokens against position: Figure 3, published and predicted.",
            discussion: "Example: attn cost serving --hardware assets/hardware/h800.json --json")

        @Option(help: ArgumentHelp("An accelerator, like assets/hardware/h800.json (the default).", valueName: "file"))
        var hardware: String?

        @OptionGroup var options: CostOptions

        func run() throws {
            let assets = try CostCommand.assets(options.home)
            let accelerator = try Hardware(path: hardware ?? assets + "/hardware/h800.json")
            let curves = try PublishedData.figure3(path: assets + "/data/figure3.csv")
            var rows: [PublishedCurve.Row] = []
            var costs: [ServingCost] = []
            for curve in curves {
                guard let name = CostCommand.publishedModels[curve.model] else {
                    throw FileError(
                        .badData, assets + "/data/figure3.csv", "model: expected one of the two published, found \(curve.model)")
                }
                let cost = try ServingCost(ModelDimensions(path: "\(assets)/models/\(name).json"), on: accelerator)
                rows += try curve.compared(with: cost)
                costs.append(cost)
            }
            let assumed = assumed(accelerator, costs)
            guard options.json else {
                return try Output.print(text(rows, on: accelerator) + [""] + assumed.flatMap { TerminalText.wrapped($0) })
            }
            if hardware != nil { assumed.forEach(Output.complain) }
            try Output.print(JSONText.array(rows.map(Self.json)))
        }

        private static func json(_ row: PublishedCurve.Row) -> JSONText {
            .object([
                ("panel", .string(row.panel.rawValue)), ("model", .string(row.model)), ("position", .integer(row.position)),
                ("published", .number(row.published)), ("predicted", .number(row.predicted)),
            ])
        }

        private func text(_ rows: [PublishedCurve.Row], on hardware: Hardware) -> [String] {
            let isPublishedHere = ServingProfile.inferredFromFigure3.describes(hardware)
            let panels = [ServingPanel.prefill: options.said("prefill", "预填充"), .decode: options.said("decode", "解码")]
            let table = TextTable(
                header: [
                    options.said("panel", "阶段"), options.said("model", "模型"), options.said("position", "位置"),
                    options.said("published $", "公布 $"), options.said("predicted $", "预测 $"),
                    isPublishedHere ? options.said("difference", "相差") : options.said("against it", "与之相比"),
                ],
                rows: rows.map { row in
                    [
                        panels[row.panel] ?? row.panel.rawValue, row.model, NumberText.grouped(row.position),
                        NumberText.fixed(row.published, decimals: 5), NumberText.fixed(row.predicted, decimals: 5),
                        NumberText.percent(row.relativeError, decimals: 2),
                    ]
                }, textColumns: 2)
            let title = options.said("Dollars per million tokens", "每百万词元的美元数")
            guard isPublishedHere else { return [title, ""] + table.lines }
            let largest = rows.map { abs($0.relativeError) }.max() ?? 0
            let difference = options.said("Largest difference: ", "最大相差：") + NumberText.percent(largest, decimals: 2)
            return [title, ""] + table.lines + ["", difference]
        }

        private func assumed(_ hardware: Hardware, _ costs: [ServingCost]) -> [String] {
            func tera(_ value: Double) -> String { NumberText.significant(value / 1e12, digits: 4) }
            let numbers =
                "bf16 \(tera(hardware.bf16)) TFLOPS, FP8 \(tera(hardware.fp8)) TFLOPS, \(tera(hardware.bandwidth)) TB/s, \(NumberText.significant(hardware.memory / 1e9, digits: 4)) GB, $\(NumberText.significant(hardware.dollarsPerHour))/h"
            let name = TerminalText.sanitized(hardware.name)
            let source = hardware.source.map { TerminalText.sanitized($0[options.language.value]) }
            let isDense = { (cost: ServingCost) in cost.costs.model.indexer == nil }
            let assumptions: [Bilingual] =
                if let dense = costs.first(where: isDense), let sparse = costs.first(where: { !isDense($0) }) {
                    ServingCost.assumptions(dense: dense, sparse: sparse)
                } else { [] }
            return [
                options.said(
                    "Published: Figure 3 of the DeepSeek-V3.2-Exp report, H800 at $2 an hour.", "公布值：DeepSeek-V3.2-Exp 报告图 3，H800，每小时 $2。"),
                options.said("Predicted on \(name): \(numbers).", "预测所用硬件 \(name)：\(numbers)。"),
                source.map { options.said("Source: ", "出处：") + $0 }
                    ?? options.said("The file does not name the source of these numbers.", "文件没有写明这些数字的出处。"),
            ] + assumptions.map { $0[options.language.value] }
        }
    }
}
