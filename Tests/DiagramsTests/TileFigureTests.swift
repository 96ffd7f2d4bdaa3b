// Figures of tile programs: their numbers against schedules and hand counts, their layout in every use, and what they refuse.

import Diagrams
import Foundation
import ModelFiles
import Records
import Testing
import TileMachine
import Traces

@Suite struct TileFigureTests {
    private static let assets =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path + "/assets"

    private static func chip(_ name: String) throws -> Chip { try Chip(path: "\(assets)/hardware/\(name).json") }

    static func matmul(on name: String = "paper", stages: Int = 2) throws -> TileData {
        TileData(
            .matmul(try Matmul(m: 40, n: 40, k: 72)),
            try TileChoice(TileShape(rows: 16, columns: 16, depth: 16), stages: stages), on: try chip(name),
            others: [try chip("ascend-910b"), try chip("ascend-950")])
    }

    private static func attention(on name: String) throws -> TileData {
        TileData(
            .attention(try AttentionTiles(queries: 24, keys: 24, heads: 2, dimension: 8, valueDimension: 8)),
            try TileChoice(TileShape(rows: 8, columns: 8, depth: 8), stages: 2), on: try chip(name),
            others: [try chip("ascend-910b"), try chip("ascend-950")])
    }

    static func lowerings(_ program: String = "matmul") throws -> LoweringData {
        let record = try PublishedData.lowerings(path: "\(assets)/tilelang/recorded.json")
        let lowered = try #require(record.programs.first { $0.program == program })
        return LoweringData(try TileProgram(named: program, sizes: lowered.sizes), lowered, version: record.version, date: record.date)
    }

    private static func numbers(_ name: String) throws -> FigureNumbers {
        name == "one-program" ? .lowerings(try lowerings()) : .tiles(try matmul())
    }

    private func draw(_ name: String, _ numbers: FigureNumbers, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try Figures.named(name).draw(FigureData(numbers, provenance: Provenance(name: "built-in")), options, fixedText)
    }

    static let names = ["tiles", "timeline", "traffic", "one-program"]

    @Test func `a tile's axes are called by their letters: elsewhere j is the indexer's heads and k a rank`() throws {
        let task = TileTask.matmul(try Matmul(m: 4, n: 4, k: 4))
        let choice = try TileChoice(TileShape(rows: 2, columns: 2, depth: 2), stages: 1)
        let inputs = [Tensor(["i", "k"], [4, 4], (0..<16).map(Double.init)), Tensor(["k", "j"], [4, 4], (0..<16).map(Double.init))]
        let trace = try TileRun(task.program(choice), inputs).trace
        for (step, axes) in [("C", ["i", "j"]), ("by_0_bx_0.ko_1.A_shared.copy", ["i", "k"])] {
            let scene = try DiagramsTests.draw(trace) { $0.step = step }
            #expect(scene.words.contains("\(axes[0]) (row)") && scene.words.contains("\(axes[1]) (column)"), "\(scene.words)")
        }
    }

    // MARK: Every figure

    @Test(arguments: names, Language.allCases) func `nothing overlaps, leaves the picture or is under 11 points, in every use`(
        name: String, language: Language
    ) throws {
        let uses = Preset.allCases.map { ($0, Double?.none) } + [(.article, 375), (.article, 600), (.article, 900)]
        for (preset, width) in uses {
            let scene = try draw(name, Self.numbers(name)) { ($0.language, $0.preset, $0.width) = (language, preset, width) }
            expectLegible(scene, "\(name) \(language) \(preset) \(width ?? 0)")
        }
    }

    private func expectLegible(_ scene: Scene, _ place: String) {
        var boxes: [(Rect, String)] = []
        for run in scene.texts {
            #expect(run.style.size >= 11, "\(place): \(run.text)")
            guard run.rotation == 0 else { continue }
            let extent = fixedText.measure(run.text, run.style, scene.language)
            let left = run.anchor == .start ? 0 : run.anchor == .middle ? extent.width / 2 : extent.width
            let box = Rect(run.position.x - left, run.position.y - extent.ascent, extent.width, extent.ascent + extent.descent)
            #expect(
                box.x >= -0.5 && box.maxX <= scene.size.width + 0.5 && box.y >= 0 && box.maxY <= scene.size.height,
                "\(place): \(run.text) leaves the picture")
            let inner = box.insetBy(0.4)
            for (other, text) in boxes {
                let overlaps = inner.x < other.maxX && other.x < inner.maxX && inner.y < other.maxY && other.y < inner.maxY
                #expect(!overlaps, "\(place): “\(run.text)” on “\(text)”")
            }
            boxes.append((inner, run.text))
        }
        for shape in scene.rects {
            #expect(
                shape.rect.x >= 0 && shape.rect.maxX <= scene.size.width + 0.5 && shape.rect.y >= 0
                    && shape.rect.maxY <= scene.size.height && shape.rect.width >= 0 && shape.rect.height >= 0,
                "\(place): \(shape.rect)")
        }
    }

    @Test(arguments: names) func `words are there in both languages, with numbers in the alt text`(name: String) throws {
        let scene = try draw(name, Self.numbers(name))
        for text in [scene.title, scene.alt, scene.caption] {
            #expect(!text.en.isEmpty && !text.zh.isEmpty && text.en != text.zh)
            #expect(text.zh.contains { LineBreaker.isIdeographic($0) })
        }
        #expect(scene.alt.en.contains { $0.isNumber } && scene.alt.zh.contains { $0.isNumber })
        #expect(scene.provenance["figure"] == name)
    }

    @Test(arguments: names) func `covers and slides are 16 to 9`(name: String) throws {
        for preset in [Preset.cover, .slide] {
            let size = try draw(name, Self.numbers(name)) { $0.preset = preset }.size
            #expect(abs(size.height - (size.width * 9 / 16).rounded()) <= 1, "\(name) \(preset): \(size)")
        }
    }

    @Test(arguments: names) func `data of another kind are refused by name`(name: String) throws {
        let kind = name == "one-program" ? "lowerings" : "tiles"
        #expect(throws: FigureError("\(name): expected data of the kind \(kind)")) { try draw(name, .benchmarks([])) }
    }

    // MARK: tiles

    @Test func `tiles counts the bytes that the entries before have moved`() throws {
        let data = try Self.matmul()
        let schedule = try Schedule(data.task.program(data.choice), on: data.chip)
        let scene = try draw("tiles", .tiles(data)) { $0.moment = schedule.entries.count - 1 }
        // Five rounds of 16 by 72 values of A and of B, eight bytes each: 18,432; nine blocks: A is read three times, and B.
        #expect(scene.words.contains("18,432 of 18,432 in this block; 138,240 in the whole program"))
        #expect(scene.words.contains("0 of 2,048 in this block; 12,800 in the whole program"))
        #expect(scene.provenance["moment"] == "\(schedule.entries.count - 1)")
    }

    @Test func `tiles says what is multiplied while what is on its way`() throws {
        let scene = try draw("tiles", .tiles(Self.matmul()))
        #expect(scene.title.en == "While round 3 is multiplied, tiles of round 4 are already on their way")
        #expect(scene.title.zh == "第 3 轮还在相乘，第 4 轮的小块已经在路上")
        #expect(scene.words.contains("16,384 bytes; this program needs 8,192"))
    }

    @Test func `shelves stand on one scale: twice the bytes are twice the length`() throws {
        let scene = try draw("tiles", .tiles(Self.attention(on: "ascend-910b")))
        let bars = scene.rects.filter { $0.rect.height == 12 && $0.fill == nil }.map(\.rect.width)
        // L1 512 KB, L0A and L0B 64, L0C 128, UB 192.
        #expect(bars.count == 5)
        #expect(zip(bars, [8.0, 1, 1, 2, 3]).allSatisfy { abs($0 / bars[1] - $1) < 1e-9 })
    }

    @Test(arguments: ["paper", "h800", "ascend-910b", "ascend-950"]) func `tiles draws every chip, at every tenth moment`(name: String)
        throws
    {
        let data = try Self.attention(on: name)
        let schedule = try Schedule(data.task.program(data.choice), on: data.chip, keeping: data.task.program(data.choice).blocks - 1)
        for moment in stride(from: 0, to: schedule.entries.count, by: 10) {
            expectLegible(try draw("tiles", .tiles(data)) { $0.moment = moment }, "\(name) \(moment)")
        }
    }

    @Test func `a moment that is not there is refused with what there is`() throws {
        let error = #expect(throws: FigureError.self) { try draw("tiles", .tiles(Self.matmul())) { $0.moment = 1000 } }
        #expect(error?.description.contains("moment: expected an entry from 0 to") == true)
    }

    @Test func `a tile that does not fit says by how much`() throws {
        var data = try Self.matmul()
        data.choice = try TileChoice(TileShape(rows: 32, columns: 32, depth: 32), stages: 2)
        // Two places for each of two tiles of 32 by 32 values of eight bytes.
        #expect(try draw("tiles", .tiles(data)).words.contains("16,384 bytes; needed 32,768, 16,384 too many"))
    }

    // MARK: timeline

    @Test func `timeline says the ticks of each way, as the schedules have them`() throws {
        let data = try Self.matmul()
        let scene = try draw("timeline", .tiles(data))
        let program = data.task.program(data.choice)
        for (program, stages) in [(program.naive, 1), (program, 1), (program, 2), (program, 3)] {
            let cut = program.statements.count == data.task.program(data.choice).statements.count
            let own = cut ? data.task.program(try TileChoice(data.choice.shape, stages: stages)) : program
            let schedule = try Schedule(own, on: data.chip)
            let ticks = schedule.entries.map(\.ready).max()!
            #expect(scene.words.contains { $0.hasPrefix("\(NumberText.grouped(ticks)) ticks") }, "\(stages): \(ticks)")
        }
    }

    @Test func `bars of the matrix unit are as long as its products, on one scale`() throws {
        let scene = try draw("timeline", .tiles(Self.matmul()))
        // 16 x 16 x 16 products are 8,192 operations at 64 a tick; the last round has half the depth.
        let bars = scene.rects.filter { $0.fill == .solid(.ink) && $0.rect.width > 20 }.map(\.rect.width)
        #expect(bars.count == 15)
        for row in stride(from: 0, to: 15, by: 5) {
            #expect((1...3).allSatisfy { abs(bars[row + $0] - bars[row]) < 1e-9 })
            #expect(abs((bars[row + 4] + 1) * 2 - (bars[row] + 1)) < 1e-9)
        }
    }

    @Test func `a chip without speeds has no timeline`() throws {
        let error = FigureError(
            "timeline: ascend-910b has no speeds for its paths and units, so there are no ticks; the chip paper has")
        #expect(throws: error) { try draw("timeline", .tiles(Self.matmul(on: "ascend-910b"))) }
    }

    // MARK: traffic

    @Test func `traffic prints exact bytes, and pipelining moves the same`() throws {
        let scene = try draw("traffic", .tiles(Self.matmul()))
        // (MK tiles(N) + KN tiles(M)) 8 = (40·72·3 + 72·40·3) 8, without tiles MN 2K 8, results MN 8.
        #expect(scene.words.count { $0 == "138,240" } == 4, "tiled and pipelined, far and near")
        #expect(scene.words.contains("1,843,200"))
        #expect(scene.words.count { $0 == "12,800" } == 5)
        #expect(scene.words.contains("does not fit: fragment lacks 8,192 bytes"))
    }

    @Test func `products cross far memory on one chip and go straight on the other`() throws {
        let scene = try draw("traffic", .tiles(Self.matmul()))
        #expect(scene.title.en == "Ascend 910B3 sends every product through far memory; Ascend 950 does not")
        // Causal attention over 256 tokens in tiles of 64: ten tiles of scores and ten of weighted values, 64 by 64 values of eight bytes each.
        #expect(scene.words.count { $0 == NumberText.grouped(20 * 64 * 64 * 8) } >= 3)
    }

    @Test func `one new token saves by picking, a whole prompt by sharing`() throws {
        let words = try draw("traffic", .tiles(Self.matmul())).words
        // One query and its result of 64, all 1,024 keys and values of 64.
        #expect(words.contains(NumberText.grouped((64 + 64 + 1024 * 128) * 8)))
        #expect(words.contains { $0.hasPrefix("One new token (decoding): sparse moves 1/") })
        #expect(words.contains { $0.hasPrefix("A whole prompt, 1,024 queries: sparse moves 14 times") })
    }

    @Test func `without a pair of chips traffic draws its table alone`() throws {
        var data = try Self.matmul()
        data.others = []
        let scene = try draw("traffic", .tiles(data))
        #expect(scene.title.en == "Tiles move 12 times fewer bytes to and from far memory")
        #expect(!scene.words.contains("L0C"))
    }

    // MARK: one-program

    @Test(arguments: TileProgramName.allCases) func `one-program shows every line, and every machine with its lines or its error`(
        name: TileProgramName
    ) throws {
        let data = try Self.lowerings(name.rawValue)
        for preset in [Preset.article, .phone] {
            let scene = try draw("one-program", .lowerings(data)) { $0.preset = preset }
            expectLegible(scene, "\(name) \(preset)")
            for target in data.lowered.targets {
                switch target.result {
                case .source(let lines, _, _): #expect(scene.words.contains("\(lines) lines"))
                case .error: #expect(scene.words.contains("an error"))
                }
            }
            #expect(scene.words.contains("\(Listing(data.program).lines.count)"))
        }
    }

    @Test func `one-program counts its lines and the range of what came out`() throws {
        let lowered = LoweredProgram(
            program: "matmul", sizes: try Self.lowerings().lowered.sizes,
            targets: [
                .init(name: "cuda-sm_80", result: .source(lines: 70, families: [.init(name: "mma", count: 2)], excerpt: ["x = y;"])),
                .init(name: "metal", result: .source(lines: 300, families: [], excerpt: [])),
                .init(name: "other", result: .error("no such thing")),
            ], run: .init(lines: 50, seeds: 3, largestError: 1e-7))
        let data = LoweringData(try Self.lowerings().program, lowered, version: "1", date: "2026-01-01")
        let scene = try draw("one-program", .lowerings(data))
        #expect(scene.title.en.hasSuffix("lines of matmul became 70 to 300 lines for 2 machines, and an error"))
        #expect(scene.words.contains("no such thing") && scene.words.contains("mma ×2") && scene.words.contains("other"))
    }
}
