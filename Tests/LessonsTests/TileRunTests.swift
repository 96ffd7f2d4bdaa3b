// Tiles in lessons: values counted on a chip against closed forms worked out by hand, runs of tiles against the diary's own attention, the text of a
// program, and the mistakes that an author can make.

import Diagrams
import Lessons
import Records
import Testing
import Traces

private let plain = "question: trip"
private let runs = """
    question: trip
    runs:
      product: {tiles: matmul, m: 5, n: 3, k: 4, tile: 2x2x3, stages: 2, numbers: whole}
      tiled: {tiles: attention, of: trip, tile: 6x6}
      scored: {tiles: indexer, of: trip, tile: 5x7}
      gathered: {tiles: sparse-attention, of: trip, tile: 1x3}
    """

@Suite struct TileValueTests {
    private static let counted: [(call: String, number: String)] = [
        // 100 x 70 x 50 in tiles of 16: (M K ceil(N / 16) + K N ceil(M / 16)) numbers, M N written, 7 x 5 blocks.
        ("read(matmul, m=100, n=70, k=50)", "396000"), ("written(matmul, m=100, n=70, k=50)", "56000"),
        ("read(matmul, m=100, n=70, k=50, way=naive, bytes=2)", "1400000"),
        ("flops(matmul, m=100, n=70, k=50)", "700000"), ("blocks(matmul, m=100, n=70, k=50)", "35"),
        ("moved(matmul, global, shared, m=100, n=70, k=50)", "396000"),
        // Two tiles of 16 x 16 numbers of 8 bytes, twice with two stages.
        ("used(matmul, shared, stages=2)", "8192"), ("room(matmul, shared)", "16384"), ("overflow(matmul)", "0"),
        ("overflow(matmul, tile=32x32x16, stages=3)", "8192"), ("ridge(matmul)", "2"), ("size(matmul, block_M, tile=8x4x2)", "8"),
        // The standard sizes: 64 x 40 x 48.
        ("flops(matmul)", "245760"), ("intensity(matmul, m=16, n=16, k=16)", "1.33333"),
        // A 3 x 3 filter on a 4 x 4 image with a border: v(4) = 2 + 3 + 3 + 2 rows that exist, as many columns.
        (
            "read(convolution, height=4, width=4, channels=1, filters=1, kernel=3)", "872"
        ),
        ("instructions(matmul, m=16, n=16, k=32)", "8"), ("lines(matmul)", "10"),
        ("decisions(matmul, programmer) - tiles decisions(matmul, programmer, stages=3)", "0"),
    ]

    @Test(arguments: counted)
    func `a value of a program on a chip is the closed form's`(_ call: String, _ number: String) throws {
        let found = try probe(plain, "{{tiles \(call)}}").replacing(",", with: "")
        #expect(found == number)
    }

    @Test func `a value can be of a run, whose size and chip it takes over`() throws {
        #expect(try probe(runs, "{{tiles flops(product)}} {{tiles read(product, tile=5x3x4)}}") == "120 256")
        #expect(try probe(runs, "{{tiles size(tiled, queries)}} {{tiles size(gathered, top_k)}}") == "18 4")
    }

    @Test func `published lines and speeds are looked up by their names`() throws {
        #expect(
            try probe(
                plain, "{{data lines(flashmla-dense-decode)}} {{data lines(cann-convolution) / data lines(tilelang-ascend-convolution)|0}}")
                == "1,501 70")
        #expect(try probe(plain, "{{data speed(naive)|m|1|unit}} {{data speed(sparse-worst)|percent0}}") == "42.2 ms 7%")
    }

    @Test func `what TileLang made of a program is said with its lines, its instructions or its error`() throws {
        let record = try LessonResources.repository.lowerings()
        let product = try #require(record.programs.first { $0.program == "matmul" })
        #expect(try probe(plain, "{{tilelang version}} {{tilelang date}}") == "\(record.version) \(record.date)")
        #expect(try probe(plain, "{{tilelang lines(matmul, c)}} {{tilelang seeds(matmul)}}") == "\(product.run.lines) \(product.run.seeds)")
        for target in product.targets {
            guard case .source(let lines, let families, _) = target.result else { continue }
            #expect(try probe(plain, "{{tilelang lines(matmul, \(target.name))}}") == "\(lines)")
            let text = try probe(plain, "{{tilelang families(matmul, \(target.name))}}")
            #expect(families.allSatisfy { text.contains($0.name) })
        }
        #expect(try probe(plain, "{{tilelang families(matmul, ascend)}}", .zh).contains("、"))
        #expect(try probe(plain, "{{tilelang error(attention, metal)}}").contains("reduce"))
    }

    @Test func `bytes and operations have their units, and decisions are those of three authors`() throws {
        #expect(try probe(plain, "{{tiles written(matmul, m=8, n=8, k=8)|Ki|1|unit}}") == "0.5 KiB")
        let three = try ["programmer", "compiler", "chip"].map { try Int(probe(plain, "{{tiles decisions(matmul, \($0))}}")) ?? 0 }
        let kinds = try ["programmer", "compiler", "chip"].map { try Int(probe(plain, "{{tiles kinds(matmul, \($0))}}")) ?? 0 }
        #expect(three.allSatisfy { $0 > 0 } && zip(kinds, three).allSatisfy { $0 <= $1 && $0 > 0 })
    }

    @Test(arguments: [
        ("{{tiles reads(matmul)}}", "expected one of read, written"), ("{{tiles read(matmull)}}", "or a run of tiles, found \"matmull\""),
        ("{{tiles read(matmul, keys=4)}}", "expected one of m, n, k, tile, stages, chip, bytes, way, found \"keys\""),
        ("{{tiles read(matmul, q=4)}}", "expected the named arguments"), ("{{tiles read(matmul, m=x)}}", "m: expected a whole number"),
        ("{{tiles read(matmul, m=0)}}", "m: expected 1 to"), ("{{tiles read(matmul, m=1, m=2)}}", "m stands twice"),
        ("{{tiles read(matmul, tile=16x16)}}", "expected lengths such as 16x16x16"), ("{{tiles read(matmul, chip=none)}}", "none"),
        ("{{tiles read(matmul, bytes=3)}}", "expected 2, 4 or 8"), ("{{tiles read(matmul, way=slow)}}", "expected tiled or naive"),
        ("{{tiles moved(matmul, shared, global)}}", "expected two memories with a path between them"),
        ("{{tiles used(matmul, UB)}}", "expected one of global, shared, fragment"), ("{{tiles read(matmul, global)}}", "no more arguments"),
        ("{{tiles ticks(matmul, chip=h800)}}", "no ticks"), ("{{tiles ridge(matmul, chip=ascend-910b)}}", "no source says"),
        ("{{tiles room(matmul, global, chip=ascend-910b)}}", "no source says"),
        ("{{tiles overflow(matmul, chip=ascend-950)}}", "no source"),
        ("{{tiles decisions(matmul, nobody)}}", "expected one of programmer, compiler, chip"), ("{{listing matmull}}", "expected one of"),
        ("{{tilelang lines(matmul, opencl)}}", "expected one of c, "), ("{{tilelang error(matmul, metal)}}", "source came out"),
        ("{{tilelang lines(attention, metal)}}", "no source came out"), ("{{tilelang speed(matmul)}}", "expected one of version"),
        ("{{data lines(gemm)}}", "expected one of tilelang-gemm"), ("{{data speed(naive, x)}}", "expected no more arguments"),
        ("words {{listing matmul}}", "expected it alone in its paragraph"), ("{{tiles read}}", "expected a program"),
    ])
    func `a mistake in a value is named with its place`(_ text: String, _ message: String) {
        let error = #expect(throws: LessonError.self) { try probe(plain, text) }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
        #expect(error?.description.firstMatch(of: #/probe/en\.md:3:\d+: /#) != nil, "\(error?.description ?? "")")
    }
}

@Suite struct TileRunTests {
    @Test func `a run of a product holds the product, and each of its instructions explains itself`() throws {
        let library = try probeLibrary(runs + "\nsteps:\n  - id: a", "{{explain product:by_0_bx_0.ko_1.C_local.gemm[1,0]}}")
        let page = try library.lesson("probe").run(language: .en)
        let trace = try #require(page.experiments.first { $0.name == "product" }).trace
        let (a, b, c) = (try trace.step("input.A").output, try trace.step("input.B").output, try trace.step("C").output)
        for i in 0..<5 { for j in 0..<3 { #expect(c[i, j] == (0..<4).reduce(0.0) { $0 + a[i, $1] * b[$1, j] }) } }
        #expect(Set(a.values + b.values).isSubset(of: [-2, -1, 0, 1, 2]))
        guard case .explanation(let explanation)? = page.steps[0].blocks.first else { throw LessonError(.badFile, "no explanation") }
        #expect(explanation.value == (0..<4).reduce(0.0) { $0 + a[1, $1] * b[$1, 0] })
    }

    @Test(arguments: Language.allCases) func `tiles of the diary come to what its own attention came to`(_ language: Language) throws {
        let library = try probeLibrary(runs + "\nsteps:\n  - id: a", "words")
        let runs = try library.lesson("probe").run(language: language).experiments
        func step(_ run: String, _ id: String) throws -> Tensor { try #require(runs.first { $0.name == run }).trace.step(id).output }
        let heads = try step("", "attention.heads").transposed(to: [.t, .h, .d])
        #expect(largestDifference(try step("tiled", "out").values, heads.values) <= 1e-12)
        #expect(largestDifference(try step("scored", "out").values, try step("", "indexer.score").values) <= 1e-12)
        let sparse = try step("", "sparse.heads").transposed(to: [.t, .h, .d]).slice(.h, at: 0)
        #expect(largestDifference(try step("gathered", "out").values, sparse.values) <= 1e-12)
    }

    @Test func `a run of tiles is drawn, and may be the main run`() throws {
        let yaml =
            "main: {tiles: matmul, m: 5, n: 3, k: 4, tile: 2x2x3}\nsteps:\n  - id: a\n    figure: {name: matrix, step: by_0_bx_0.ko_0.A_shared.copy}"
        let library = try probeLibrary(yaml, "{{C[4,2]}} {{length C[i]}} {{flops by_0_bx_0.ko_0.C_local.gemm}} {{tiles blocks(main)}}")
        let page = try library.lesson("probe").run(language: .zh)
        #expect(page.figures.count == 1 && page.sources.map(\.provenance.name).contains("tiles-matmul"))
        let text = TerminalPlayer(columns: 80, color: .none).lines(of: page).joined(separator: "\n")
        // Five rows; 2 x 2 cells of 3 products each, added to what was there; 3 x 2 blocks.
        #expect(text.contains(" 5 28 6") || text.contains(" 5 24 6"), "\(text)")
        #expect(LessonCheck(library, figures: ["matrix"]).problems().map(\.description) == [])
    }

    @Test func `a listing is the program's text, the same for every player`() throws {
        let library = try probeLibrary(plain + "\nsteps:\n  - id: a", "{{listing matmul}}")
        let page = try library.lesson("probe").run(language: .en)
        guard case .code(let code, "python")? = page.steps[0].blocks.first else { throw LessonError(.badFile, "expected code") }
        let lines = code.split(separator: "\n")
        #expect(lines[0].hasPrefix("with T.Kernel(") && lines.dropFirst().allSatisfy { $0.hasPrefix("    ") })
        #expect(code.contains("\n        T.gemm(A_shared, B_shared, C_local)\n"))
        let terminal = TerminalPlayer(columns: 100, color: .none).lines(of: page).joined(separator: "\n")
        let article = String(decoding: try MarkdownWriter(draw: blank).files(of: page)[0].bytes, as: UTF8.self)
        for line in lines { #expect(terminal.contains(line) && article.contains(line)) }
    }

    @Test(arguments: Language.allCases)
    func `the diary's selections leave no tile of six by six empty on or below the diagonal, as lesson 12 says`(_ language: Language) throws
    {
        let page = try library.lesson("tiles-of-attention").run(language: language)
        let selected = try #require(page.experiments.first { $0.name == "trip" }).trace.step("selected").output
        var touched: Set<[Int]> = []
        for t in 0..<18 { for k in 0..<4 where selected[t, k] >= 0 { touched.insert([t / 6, Int(selected[t, k]) / 6]) } }
        #expect(selected.shape.lengths == [18, 4] && touched.count == 6)
        // Of nine tiles in each head, and with a tile of keys and one of values for each that is computed.
        let blocks = try #require(page.experiments.first).trace.steps.filter { $0.id.text.hasSuffix("S_local.gemm") }
        #expect(blocks.count == 2 * 6)
    }

    @Test(arguments: [
        ("{tiles: matmull}", "tiles: expected one of matmul, convolution, indexer, attention, sparse-attention"),
        ("{tiles: matmul, keys: 3}", "expected one of tiles, numbers, of, m, n, k, tile, stages, chip, bytes, way, found \"keys\""),
        ("{tiles: matmul, m: two}", "m: expected a whole number, found \"two\""), ("{tiles: matmul, tile: 0x2x2}", "rows from 1 to"),
        ("{tiles: matmul, of: trip}", "of: expected indexer, attention or sparse-attention"),
        ("{tiles: attention, of: lunch}", "of: expected one of trip"), ("{tiles: attention, of: trip, keys: 3}", "the diary has its own"),
        ("{tiles: matmul, numbers: round}", "numbers: expected noise, or whole"),
        ("{tiles: sparse-attention, numbers: whole}", "numbers: expected noise"), ("{tiles: matmul, way: slow}", "tiled or naive"),
        ("{tiles: attention, queries: 5, keys: 4}", "at most as many as keys"), ("{tiles: matmul, question: trip}", "found \"question\""),
    ])
    func `a wrong run of tiles is named with its place`(_ run: String, _ message: String) {
        let error = #expect(throws: LessonError.self) { try probe("question: trip\nruns: {x: \(run)}", "words") }
        #expect(error?.description.contains("probe/lesson.yaml:7:") ?? false, "\(error?.description ?? "")")
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }
}
