// attn cost: what attention costs, counted by closed forms; what serving costs, predicted and published; what a chat costs its user.

internal import ArgumentParser
internal import Lessons
internal import ModelFiles
internal import Records
internal import Traces

struct CostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost", abstract: "Count what attention costs, and compare with what was published.",
        discussion: """
            attn cost [--position N …] [--config FILE] [--json] counts operations of one query in one layer, and bytes of cache.
            Examples:
              attn cost
              attn cost --position 131072 --json
              attn cost --config config.json --position 4096 8192
              attn cost serving
              attn cost conversation --turns 20 --tokens-per-turn 1000
            """,
        subcommands: [Table.self, Serving.self, Talk.self], defaultSubcommand: Table.self)

    /// The assets of the folder named, or of the one that is found.
    static func assets(_ home: String?) throws -> String { try ResourceFolder(named: home).path + "/assets" }

    /// Files of the two models that are compared, and the names under which they were published.
    static let publishedModels = ["DeepSeek-V3.1-Terminus": "deepseek-v3.1-terminus", "DeepSeek-V3.2-Exp": "deepseek-v3.2-exp"]

    /// A number of 128 bits with thousands separated.
    static func grouped(_ count: ExactCount) -> String {
        let digits = Array("\(count)")
        return digits.indices.map { (digits.count - $0) % 3 == 0 && $0 > 0 ? ",\(digits[$0])" : "\(digits[$0])" }.joined()
    }

    /// A number for a column of a table: in full up to 9 characters, so that lines keep to 80; four digits and a power of ten beyond.
    static func short(_ count: ExactCount) -> String {
        let full = grouped(count)
        return full.count <= 9 ? full : NumberText.significant(Double(count), digits: 4)
    }
}

/// The options that all costs share.
struct CostOptions: ParsableArguments {
    @OptionGroup var language: LanguageOption
    @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir")) var home: String?
    @Flag(help: "Print as JSON.") var json = false

    func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language.value] }
}

extension CostCommand {
    struct Table: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Operations of one query in one layer (`table` may be left out).",
            discussion: "Example: attn cost table --position 131072 --json")

        @Option(
            name: .customLong("position"), parsing: .upToNextOption,
            help: ArgumentHelp("How many keys the query sees, a window aside; by default 2048 8192 32768 131072.", valueName: "n"))
        var positions: [Int] = []

        @Option(
            help: ArgumentHelp(
                "A config.json of Llama, Mistral, Gemma 2, Qwen or DeepSeek type; by default DeepSeek-V3.2-Exp's.", valueName: "file"))
        var config: String?

        @OptionGroup var options: CostOptions

        func run() throws {
            if let bad = positions.first(where: { $0 < 0 }) { throw UsageError("--position: expected 0 or more, found \(bad)") }
            let file = try config ?? CostCommand.assets(options.home) + "/models/deepseek-v3.2-exp.json"
            let costs = AttentionCosts(try ModelDimensions(path: file))
            let asked = positions.isEmpty ? [2048, 8192, 32768, 131_072] : positions
            if options.json { return try Output.print(json(costs, asked)) }
            try Output.print(text(costs, asked))
        }

        private static let works: [AttentionWork] = [.denseMHA, .windowMHA, .denseMQA, .indexer, .sparse, .dsa]

        private static func crossovers(_ costs: AttentionCosts) throws -> [(String, ExactCount?)] {
            guard costs.works.contains(.dsa) else {
                return [("dsaVersusDenseMHA", nil), ("dsaVersusDenseMQA", nil), ("maskedMHAVersusSparse", nil)]
            }
            return [
                ("dsaVersusDenseMHA", try costs.dsaVersusDenseMHA()?.position),
                ("dsaVersusDenseMQA", try costs.dsaVersusDenseMQA()?.position),
                ("maskedMHAVersusSparse", try costs.maskedMHAVersusSparse()?.position),
            ]
        }

        private func json(_ costs: AttentionCosts, _ positions: [Int]) throws -> JSONText {
            let cache = costs.cachePerToken
            let index = costs.model.indexer.map { _ in JSONText.integer(cache.index) } ?? .null
            let rows = try positions.map { position in
                // A key that only models with windows have.
                let flops = try Self.works.filter { $0 != .windowMHA || costs.window != nil }.map { work in
                    (work.rawValue, costs.works.contains(work) ? JSONText.exact(try costs.flops(work, visible: position)) : .null)
                }
                return JSONText.object([
                    ("position", .integer(position)), ("flops", .object(flops)),
                    ("cacheBytes", .object([("bf16", .integer(cache.bf16)), ("fp8", .integer(cache.fp8)), ("index", index)])),
                ])
            }
            let crossovers = try Self.crossovers(costs).map { ($0.0, $0.1.map { JSONText.exact($0) } ?? .null) }
            let window = costs.window.map { window in
                JSONText.object([
                    ("keys", .integer(window.keys)), ("layers", .integer(window.layers)), ("of", .integer(costs.model.layers)),
                ])
            }
            return .object(
                [("model", .string(costs.model.name)), ("positions", .array(rows)), ("crossovers", .object(crossovers))]
                    + (window.map { [("window", $0)] } ?? []))
        }

        private func text(_ costs: AttentionCosts, _ positions: [Int]) throws -> [String] {
            // Where all layers have a window, it is the only kind.
            let isOneKind = costs.window?.layers == costs.model.layers
            let works = Self.works.filter { costs.works.contains($0) && !(isOneKind && $0 == .denseMHA) }
            let header = [
                AttentionWork.denseMHA: options.said("dense MHA", "稠密 MHA"), .windowMHA: options.said("MHA in a window", "窗口内 MHA"),
                .denseMQA: options.said("dense MQA", "稠密 MQA"),
                .indexer: options.said("indexer", "索引器"), .sparse: options.said("sparse MQA", "稀疏 MQA"),
                .dsa: options.said("DSA = indexer + sparse", "DSA = 索引器 + 稀疏"),
            ]
            let rows = try positions.map { position in
                try [CostCommand.short(ExactCount(position))]
                    + works.map { CostCommand.short((try costs.flops($0, visible: position) + 500_000) / 1_000_000) }
            }
            let seen = costs.window == nil ? options.said("keys seen", "可见键") : options.said("tokens so far", "词元数")
            let table = TextTable(
                header: [seen] + works.map { header[$0] ?? $0.rawValue }, rows: rows, textColumns: 0)
            let name = TerminalText.sanitized(costs.model.name)
            let title = options.said(
                "\(name): one query in one layer, in MFLOP of matrix products (a multiply-add is 2)",
                "\(name)：一层中一个查询的矩阵乘法，单位 MFLOP（一次乘加算 2）")
            let isRounded = rows.joined().contains { $0.contains("e") }
            let remarks =
                (isRounded ? [options.said("Numbers with e are rounded; --json has every digit.", "带 e 的数经过舍入；--json 给出每一位。")] : [])
                + (try windowLines(costs) + perToken(costs) + crossoverLines(costs))
            return TerminalText.wrapped(title) + [""] + table.lines + [""] + remarks.flatMap { TerminalText.wrapped($0) }
        }

        private func windowLines(_ costs: AttentionCosts) -> [String] {
            guard let window = costs.window else { return [] }
            let (keys, layers) = (NumberText.grouped(window.keys), costs.model.layers)
            let whose =
                window.layers == layers
                ? options.said("A query of any layer sees", "每一层的查询都只看")
                : options.said("In \(window.layers) of \(layers) layers a query sees", "\(layers) 层中有 \(window.layers) 层，查询只看")
            return [
                whose + options.said(" no more than the latest \(keys) keys, and their cache needs no others.", "最近 \(keys) 个键，缓存也只需留这些。")
            ]
        }

        private func perToken(_ costs: AttentionCosts) throws -> [String] {
            let token = try costs.perToken()
            func millions(_ count: ExactCount) -> String { NumberText.fixed(Double(count) / 1e6, decimals: 1) }
            var parts = [options.said("projections \(millions(token.projections))", "投影 \(millions(token.projections))")]
            if token.expansion > 0 {
                parts.append(options.said("expansion or absorption \(millions(token.expansion))", "展开或吸收 \(millions(token.expansion))"))
            }
            if token.indexer > 0 {
                parts.append(options.said("indexer projections \(millions(token.indexer))", "索引器投影 \(millions(token.indexer))"))
            }
            let cache = costs.cachePerToken
            let (bf16, fp8) = (NumberText.grouped(cache.bf16), NumberText.grouped(cache.fp8))
            var bytes = options.said("bf16 \(bf16) or FP8 \(fp8)", "bf16 \(bf16) 或 FP8 \(fp8)")
            if cache.index > 0 { bytes += options.said(", plus index \(cache.index)", "，另加索引 \(cache.index)") }
            return [
                options.said("Besides, per token whatever the length, in MFLOP: ", "此外，无论多长，每个词元（MFLOP）：")
                    + parts.joined(separator: options.said(", ", "，")),
                options.said("Cache, bytes per token and layer: ", "缓存，每词元每层字节数：") + bytes,
            ]
        }

        private func crossoverLines(_ costs: AttentionCosts) throws -> [String] {
            guard costs.works.contains(.dsa) else {
                let what =
                    costs.works.contains(.denseMQA)
                    ? options.said(
                        "This model has no indexer: sparse attention and crossovers do not apply.", "这个模型没有索引器：稀疏注意力和交叉点不适用。")
                    : options.said(
                        "This model has no latent attention and no indexer: MQA mode, sparse attention and crossovers do not apply.",
                        "这个模型没有潜在注意力，也没有索引器：MQA 模式、稀疏注意力和交叉点不适用。")
                return [what]
            }
            let names = [
                options.said("DSA costs less than dense MHA beyond this many keys:", "DSA 比稠密 MHA 便宜，可见键多于："),
                options.said("DSA costs less than dense MQA (decode) beyond:", "DSA 比稠密 MQA（解码）便宜，可见键多于："),
                options.said("Sparse MQA costs less than masked MHA beyond:", "稀疏 MQA 比掩码 MHA 便宜，可见键多于："),
            ]
            return try zip(names, Self.crossovers(costs)).map { name, crossover in
                let position = crossover.1.map(CostCommand.grouped) ?? options.said("never", "永不")
                return name + options.said(" ", "") + position
            }
        }
    }
}
