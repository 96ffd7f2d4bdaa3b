// Figures of patterns, costs, prices, benchmarks and measurements as text: what they say, and that nothing collides or is cut off.

import Diagrams
import Records
import Testing
import Traces

/// Data for these figures, written out: the models' dimensions, Figure 3's corners, prices, a few benchmarks, made-up times.
enum Published {
    static func model(_ name: String, sparse: Bool) throws -> ModelDimensions {
        try ModelDimensions(
            name: name, width: 7168, layers: 61, heads: 128,
            attention: .latent(.init(queryRank: 1536, latentRank: 512, nopeDimension: 128, ropeDimension: 64, valueDimension: 128)),
            indexer: sparse ? .init(heads: 64, headDimension: 128, topK: 2048) : nil)
    }

    static func hardware(bf16: Double = 989.5e12, name: String = "NVIDIA H800 SXM5") throws -> Hardware {
        try Hardware(name: name, bf16: bf16, fp8: 2 * bf16, bandwidth: 3.35e12, memory: 80e9, dollarsPerHour: 2)
    }

    static func curve(_ panel: ServingPanel, _ model: String, _ points: [(Double, Double, Bool)]) throws -> PublishedCurve {
        try PublishedCurve(panel: panel, model: model, points: points.map { .init(position: $0.0, dollars: $0.1, isKnee: $0.2) })
    }

    static func costs(bf16: Double = 989.5e12, name: String = "NVIDIA H800 SXM5") throws -> FigureNumbers {
        let (old, new) = ("DeepSeek-V3.1-Terminus", "DeepSeek-V3.2-Exp")
        return .costs(
            CostData(
                dense: try model(old, sparse: false), sparse: try model(new, sparse: true), hardware: try hardware(bf16: bf16, name: name),
                published: [
                    try curve(.prefill, old, [(0, 0.052873, false), (131_071, 0.665769, false)]),
                    try curve(.prefill, new, [(0, 0.061113, false), (6677, 0.099869, true), (131_071, 0.187115, false)]),
                    try curve(.decode, old, [(0, 0.070497, false), (131_071, 2.154344, false)]),
                    try curve(.decode, new, [(0, 0.095191, false), (2048, 0.145673, true), (131_071, 0.249099, false)]),
                ]))
    }

    static func prices() throws -> FigureNumbers {
        .prices([
            try PriceList(name: "DeepSeek-V3.1-Terminus", currency: "USD", cacheHit: 0.07, cacheMiss: 0.56, output: 1.68),
            try PriceList(name: "DeepSeek-V3.2-Exp", currency: "USD", cacheHit: 0.028, cacheMiss: 0.28, output: 0.42),
            try PriceList(name: "DeepSeek-V3.1-Terminus", currency: "CNY", cacheHit: 0.5, cacheMiss: 4, output: 12),
            try PriceList(name: "DeepSeek-V3.2-Exp", currency: "CNY", cacheHit: 0.2, cacheMiss: 2, output: 3),
        ])
    }

    static let benchmarks = FigureNumbers.benchmarks([
        .init(category: "General", name: "MMLU-Pro", metric: "EM", before: 85, after: 85),
        .init(category: "General", name: "GPQA-Diamond", metric: "Pass@1", before: 80.7, after: 79.9),
        .init(category: "Code", name: "Codeforces-Div1", metric: "Rating", before: 2046, after: 2121),
        .init(category: "Math", name: "AIME 2025", metric: "Pass@1", before: 88.4, after: 89.3),
    ])

    /// Losses made up, but in the order of the recorded ones.
    static let losses = FigureNumbers.losses(
        [
            ("dense", 100, 1.5), ("oracle", 4, 1.8), ("oracle", 8, 1.6), ("recent", 8, 1.75), ("recent", 4, 2.0), ("random", 4, 5.25),
            ("random", 8, 4.5),
        ].map { SelectionLoss(chooser: $0.0, keys: $0.1, meanLoss: $0.2, massKeptFirst: 1, massKeptLast: 1, model: "tiny") })

    static let ideas = FigureNumbers.ideas(
        ["NSA", "MoBA", "DeepSeek-V3.2-Exp", "DeepSeek-V4"].map { name in
            SparseIdea(
                name: Bilingual(same: name), when: Bilingual(en: "February 2025", zh: "2025 年 2 月"),
                chooses: Bilingual(en: "what \(name) chooses", zh: "\(name) 挑选的单位"),
                line: Bilingual(
                    en: "How \(name) goes about it, said in a sentence that takes more than one line of a column.",
                    zh: "\(name) 怎么做，用一句话来说，要比一栏里的一行更长一些才行。"),
                source: Bilingual(en: "the publication of \(name)", zh: "\(name) 的发表资料"))
        })

    static func measurements() throws -> FigureNumbers {
        .measurements([
            try MeasuredSeries(
                phase: .decode, processor: Bilingual(en: "Test(R) processor, 2 cores", zh: "测试(R)处理器，2 核"), library: "BLAS 1",
                rows: (10...17).map { power in
                    let seconds = Double(1 << power) * 1e-6
                    return .init(
                        length: 1 << power, dense: .init(median: seconds, least: seconds * 0.9, most: seconds * 1.2, runs: 7),
                        sparse: .init(median: seconds / 8, least: seconds / 9, most: seconds / 7, runs: 9), error: 6e-7)
                }, denseExponent: 1, sparseExponent: 0.5)
        ])
    }

    /// Two towers of four layers, made up but for the languages between which TileLang stands.
    static func stacks() throws -> SoftwareStacks {
        func part(_ name: String, _ joint: SoftwareStacks.Part.Joint = .and, note: Bilingual? = nil) -> SoftwareStacks.Part {
            .init(name: Bilingual(same: name), note: note, joint: joint, source: "test")
        }
        func layer(_ en: String, _ zh: String, _ left: [SoftwareStacks.Part], _ right: [SoftwareStacks.Part]) -> SoftwareStacks.Layer {
            .init(
                id: en, name: Bilingual(en: en, zh: zh), role: Bilingual(en: "what \(en) is for", zh: "\(zh)的用处"), parts: [left, right])
        }
        return try SoftwareStacks(
            towers: [
                .init(id: "nvidia", name: Bilingual(same: "NVIDIA")),
                .init(id: "ascend", name: Bilingual(en: "Huawei Ascend", zh: "华为昇腾")),
            ],
            layers: [
                layer("Framework", "框架", [part("PyTorch")], [part("PyTorch"), part("torch_npu", .with), part("MindSpore")]),
                layer("Kernel language", "算子语言", [part("CUDA C++")], [part("Ascend C")]),
                layer("Compilation", "编译", [part("PTX"), part("SASS", .then)], [part("BiSheng"), part("CCE")]),
                layer("Silicon", "芯片", [part("SM")], [part("Da Vinci cores")]),
            ],
            beside: [
                .init(part("GE", note: Bilingual(en: "for whole graphs", zh: "处理整张计算图")), tower: 1, layer: 0),
                .init(part("TBE"), tower: 1, layer: 1),
            ],
            bridge: .init(part("TileLang", note: Bilingual(en: "with a note", zh: "附注")), layer: 1, emits: [0, 0]))
    }

    static func numbers(_ need: FigureNeed) throws -> FigureNumbers? {
        switch need {
        case .traces, .nothing: nil
        case .costs, .work: try costs()
        case .prices: try prices()
        case .benchmarks: benchmarks
        case .measurements: try measurements()
        case .losses: losses
        case .stacks: .stacks(try stacks())
        case .ideas: ideas
        case .parts:
            .parts(
                try Figure.posterParts.map { figure in
                    var data =
                        figure.needs == .traces
                        ? try Diary.questions(.en) : FigureData(traces: [], provenance: Provenance(name: "test.csv"))
                    data.numbers =
                        figure.name == "pathway" ? .model(try model("DeepSeek-V3.2-Exp", sparse: true)) : try numbers(figure.needs)
                    return data
                })
        case .tiles: .tiles(try TileFigureTests.matmul())
        case .lowerings: .lowerings(try TileFigureTests.lowerings())
        }
    }
}

@Suite struct CostFigureTests {
    private func draw(_ name: String, _ numbers: FigureNumbers? = nil, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        let figure = try Figures.named(name)
        var data = FigureData(traces: [], provenance: Provenance(name: "test.csv"))
        data.numbers = try numbers ?? Published.numbers(figure.needs)
        return try figure.draw(data, options, fixedText)
    }

    /// Every figure that EveryFigureTests leaves out.
    static let names = Figures.all.filter { $0.needs != .traces }.map(\.name)

    @Test(arguments: names) func `nothing is cut off, under 11 points, or over other text`(name: String) throws {
        for language in Language.allCases {
            for theme in Theme.allCases {
                for (preset, width) in [
                    (Preset.article, 1200.0), (.article, 600), (.phone, 375), (.article, try Figures.named(name).leastWidth),
                    (.cover, 1200), (.slide, 1280),
                ] {
                    let scene = try draw(name) { options in
                        (options.language, options.preset, options.width) = (language, preset, width)
                    }.shown(in: theme)
                    check(scene, "\(name) \(language) \(preset) \(width)")
                    if let proportion = preset.proportion, name != "patterns" {
                        #expect(scene.size.height <= width * proportion + 1, "\(name) \(language) \(preset): \(scene.size.height)")
                    }
                }
            }
        }
    }

    private func check(_ scene: Scene, _ place: String) {
        var boxes: [(Rect, String)] = []
        for run in scene.texts {
            #expect(run.style.size >= 11, "\(place): \(run.text)")
            // Turned names of columns are EveryFigureTests' business.
            guard run.rotation == 0 else { continue }
            let length = fixedText.measure(run.text, run.style, scene.language).width
            let left = run.position.x - (run.anchor == .start ? 0 : run.anchor == .middle ? length / 2 : length)
            #expect(left >= -1 && left + length <= scene.size.width + 1, "\(place): \(run.text)")
            #expect(run.position.y > 0 && run.position.y < scene.size.height, "\(place): \(run.text)")
            boxes.append((Rect(left + 1, run.position.y - run.style.size * 0.7, max(length - 2, 1), run.style.size * 0.7), run.text))
        }
        for i in boxes.indices {
            for j in boxes.indices where j > i {
                let (a, b) = (boxes[i].0, boxes[j].0)
                let overlap = min(a.maxX, b.maxX) > max(a.x, b.x) && min(a.maxY, b.maxY) > max(a.y, b.y)
                #expect(!overlap, "\(place): “\(boxes[i].1)” and “\(boxes[j].1)”")
            }
        }
    }

    @Test func `patterns count their computed cells`() throws {
        let scene = try draw("patterns")
        #expect(scene.words.contains("528 cells") && scene.words.contains("228 cells + 528 index scores"))
        #expect(scene.alt.en.contains("DSA: 228 cells") && scene.alt.zh.contains("DSA：228 格"))
        #expect(scene.words.contains { $0.contains("V3.2-Exp: 2,048") }, "published sizes stand beside the small ones")
        #expect(scene.title.en != scene.title.zh)
    }

    @Test func `growth says that the indexer is quadratic and where DSA becomes cheaper`() throws {
        let scene = try draw("growth")
        #expect(scene.title.en.contains("indexer is still quadratic"))
        // By hand: dense 81,920 L(L+1)/2; DSA 16,384 L(L+1)/2 + 278,528 (k(k+1)/2 + (L-k)k): equal near L = 16,314.6.
        #expect(scene.alt.en.contains("from 16,315 tokens on"))
        #expect(scene.words.contains { $0.contains("2× the tokens") } && scene.words.contains { $0.contains("4× attention’s work") })
        #expect(scene.alt.en.contains("dense 704 T") && scene.alt.en.contains("65%"))
    }

    @Test func `cost-curve writes the share of peak on the dense lines and where V3.2 is dearer`() throws {
        let scene = try draw("cost-curve")
        #expect(scene.words.count { $0 == "slope: 60% of" } == 2 && scene.words.contains("an H800’s peak"))
        #expect(scene.words.contains("up to 10,646 tokens") && scene.words.contains("up to 4,871 tokens"))
        #expect(scene.alt.en.contains("3.6 times cheaper in prefill"))
    }

    @Test func `on other hardware nothing published is drawn, and what is assumed is said`() throws {
        let scene = try draw("cost-curve", Published.costs(bf16: 2e15))
        #expect(!scene.words.contains { $0.contains("published (report") })
        let words = scene.words.joined(separator: " ")
        for text in ["constant time per token", "masked 55%", "57.3%", "inferred from Figure 3", "TB/s, of 3.35"] {
            #expect(words.contains(text), "\(text)")
        }
    }

    @Test(arguments: [
        ("NVIDIA B200", "a B200’s peak"), ("NVIDIA A100 SXM", "an A100’s peak"), ("AMD MI300X", "an AMD MI300X’s peak"),
        ("Ascend 910B", "an Ascend 910B’s peak"), ("Gaudi 3", "a Gaudi 3’s peak"),
    ]) func `the share of peak is said of any accelerator in good English`(name: String, text: String) throws {
        #expect(try draw("cost-curve", Published.costs(bf16: 1e15, name: name)).words.contains(text))
    }

    @Test func `the dearer start is enlarged even on a phone`() throws {
        let scene = try draw("cost-curve") { ($0.preset, $0.width) = (.phone, 375) }
        #expect(scene.words.count { $0 == "enlarged" } == 2)
    }

    @Test func `doubling quotes both models' factors, names the knee and says what is extrapolated`() throws {
        let scene = try draw("doubling")
        // By hand from the corners of Figure 3: a line c + s p sums to c L + s L²/2; dense at 128K and 64K:
        // (0.052873 · 131,072 + 4.67604e-6 · 131,072²/2) / (0.052873 · 65,536 + 4.67604e-6 · 65,536²/2) = 3.487.
        #expect(scene.words.contains("3.5×") && scene.words.contains("2.4×"))
        #expect(scene.title.en.contains("not four times the bill: 3.5× dense, 2.4× sparse"))
        #expect(scene.words.contains("knee (6.5K, doubled):") && scene.words.contains("doubled, past 128K: extrapolated"))
        for factor in ["2.3×", "3.5×", "3.8×"] { #expect(scene.alt.en.contains(factor + " at")) }
        #expect(scene.words.contains { $0.hasPrefix("4×:") } && scene.words.contains { $0.hasPrefix("2×:") })
        // What goes on beyond Figure 3 is drawn thinner than what it shows.
        let lines = scene.flat.compactMap { item -> (Double, Double)? in
            guard case .path(let path, nil, let stroke?) = item, path.count > 20, case .line(let end)? = path.last else { return nil }
            return (end.x, stroke.width)
        }
        let last = lines.map(\.0).max()
        #expect(lines.count == 4 && lines.allSatisfy { ($0.0 == last) == ($0.1 < 2) })
    }

    @Test func `prices show both currencies and every cut`() throws {
        let words = try draw("prices").words
        for text in ["$0.07 → $0.028   ¥0.5 → ¥0.2", "$1.68 → $0.42   ¥12 → ¥3"] { #expect(words.contains(text)) }
        #expect(words.filter { $0.hasPrefix("−") } == ["−75%", "−60%", "−50%"], "the deepest cut first, one bar for both currencies")
        #expect(words.contains("price before, V3.1-Terminus: 100%") && words.contains("Prices fell by 50% to 75%, output the most"))
        let bars = try draw("prices").rects.filter { $0.fill == .solid(.bar) && $0.rect.width > 30 }.map(\.rect.width)
        #expect(bars.count == 3 && abs(bars[0] / bars[2] - 0.5) < 1e-9 && abs(bars[1] / bars[2] - 0.8) < 1e-9)
    }

    @Test func `currencies whose cuts differ have a bar each`() throws {
        let lists = [("USD", 1.0, 0.5), ("CNY", 8, 2)].flatMap { currency, before, after in
            [before, after].map { try! PriceList(name: "m", currency: currency, cacheHit: $0, cacheMiss: $0, output: $0) }
        }
        let words = try draw("prices", .prices(lists)).words
        #expect(words.count { $0 == "−75%" } == 3 && words.count { $0 == "−50%" } == 3)
    }

    @Test func `the title of prices claims only what the lists say`() throws {
        func title(_ after: (Double, Double, Double)) throws -> String {
            try draw(
                "prices",
                .prices([
                    try PriceList(name: "old", currency: "USD", cacheHit: 1, cacheMiss: 2, output: 4),
                    try PriceList(name: "new", currency: "USD", cacheHit: after.0, cacheMiss: after.1, output: after.2),
                ])
            ).title.en
        }
        #expect(try title((0.1, 1, 2)) == "Prices fell by 50% to 90%, cache hits the most")
        #expect(try title((0.5, 1, 2)) == "Prices fell by 50%")
        #expect(try title((2, 1, 2)) == "Prices before and after")
    }

    @Test func `cache counts bytes and conversations, and says what the index adds`() throws {
        let words = try draw("cache").words
        #expect(words.contains("The cache does not shrink: the index adds 132 bytes a token and layer"))
        #expect(words.count { $0 == "(+132)" } == 2 && words.joined(separator: " ").contains("FP8 takes 496 off."))
        for text in ["1,152 B", "788 B", "8.58 GiB", "5.87 GiB", "8", "12", "fit into 80 GB (74.5 GiB)"] { #expect(words.contains(text)) }
    }

    @Test(arguments: names) func `an accelerator changes a figure of its costs, and no figure that would pass it over takes one`(
        name: String
    ) throws {
        let needs = try Figures.named(name).needs
        guard needs == .costs || needs == .work else { return }
        let (own, other) = (try draw(name), try draw(name, Published.costs(bf16: 3e14, name: "Another")))
        #expect((own.items != other.items) == (needs == .costs))
    }

    @Test func `lines that were fitted to the published ones claim no prediction`() throws {
        let scene = try draw("cost-curve")
        for text in scene.words + [scene.alt.en, scene.caption.en] { #expect(!text.lowercased().contains("predict"), "\(text)") }
        #expect(scene.words.contains("fitted"))
        let zh = try draw("cost-curve") { $0.language = .zh }
        for text in zh.words + [zh.alt.zh, zh.caption.zh] { #expect(!text.contains("预测"), "\(text)") }
    }

    @Test func `measured gives speed-up, growth and machine`() throws {
        let scene = try draw("measured")
        #expect(scene.title.en == "At 128K positions DSA is 8.0× as fast, measured on Test processor, 2 cores")
        #expect(scene.alt.en.contains("grows as length^1.00") && scene.alt.en.contains("Test(R) processor, 2 cores, BLAS 1"))
        #expect(scene.words.contains { $0.contains("medians of 7 to 9 runs") })
        #expect(scene.words.joined(separator: " ").contains("within 6×10⁻⁷ of the same in Double"))
        #expect(try draw("measured") { $0.language = .zh }.words.contains { $0.hasPrefix("测试(R)处理器，2 核，BLAS 1") })
    }

    @Test func `parity counts wins, losses and ties`() throws {
        let scene = try draw("parity")
        #expect(scene.title.en == "On a par: 2 wins, 1 loss, 1 tie on 4 benchmarks")
        #expect(scene.words.contains("+75") && scene.words.contains("−0.8") && scene.words.contains("tie"))
        #expect(scene.words.joined(separator: " ").contains("No error bars are published"))
    }

    @Test func `data of the wrong kind, and too little of it, are one clear line`() throws {
        #expect(throws: FigureError("growth: expected data of the kind costs")) { try draw("growth", Published.prices()) }
        #expect(throws: FigureError("prices: expected data of the kind prices")) { try draw("prices", Published.costs()) }
        #expect(throws: FigureError("parity: expected benchmarks, found none")) { try draw("parity", .benchmarks([])) }
        #expect(throws: FigureError("measured: expected a measurement, found none")) { try draw("measured", .measurements([])) }
        #expect(throws: EngineError(.value, "measurement of decode", "expected at least one length, found none")) {
            try MeasuredSeries(
                phase: .decode, processor: Bilingual(same: "x"), library: "y", rows: [], denseExponent: nil, sparseExponent: nil)
        }
        let list = try PriceList(name: "a", currency: "USD", cacheHit: 1, cacheMiss: 1, output: 1)
        #expect(throws: FigureError("prices: USD: expected a list before and one after, found 1")) { try draw("prices", .prices([list])) }
        #expect(throws: FigureError("width 1000000000.0: expected 360 to 10,000 points")) { try draw("doubling") { $0.width = 1e9 } }
    }
}
