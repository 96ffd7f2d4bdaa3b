// What `growth`, `parity` and `patterns` must show beside their numbers: both crossings on their lines, a tie that is seen, nothing under the source.

import Diagrams
import Mechanisms
import Records
import Testing
import Traces

@Suite struct GrowthAndParityTests {
    private func draw(_ figure: Figure, _ numbers: FigureNumbers?, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        var data = FigureData(traces: [], provenance: Provenance(name: "test.csv"))
        data.numbers = numbers
        return try figure.draw(data, options, fixedText)
    }

    private func discs(_ scene: Scene) -> [(center: Point, radius: Double, isRing: Bool)] {
        scene.flat.compactMap { item in
            guard case .rect(let rect, let radius, let fill, let stroke) = item, rect.width == rect.height, radius == rect.width / 2 else {
                return nil
            }
            return (Point(rect.midX, rect.midY), radius, stroke != nil && fill == .solid(Paint.paper))
        }
    }

    @Test func `growth marks where DSA becomes cheaper and where its indexer becomes the dearer part`() throws {
        let scene = try draw(.growth, Published.costs())
        // By hand: 16,384 L(L+1)/2 = 278,528 (k(k+1)/2 + (L-k)k), so L² - 69,631 L + 71,268,352 = 0, L = 68,591.98.
        #expect(scene.words.contains("68,592 on") && scene.alt.en.contains("from 68,592 on") && scene.alt.zh.contains("68,592"))
        #expect(scene.words.contains("from 16,315 on"))
        #expect(discs(scene).count(where: \.isRing) == 2)
    }

    @Test func `growth without an indexer that overtakes marks no such place`() throws {
        let model = try ModelDimensions(
            name: "small", width: 512, layers: 2, heads: 128,
            attention: .latent(.init(queryRank: 64, latentRank: 512, nopeDimension: 128, ropeDimension: 64, valueDimension: 128)),
            indexer: .init(heads: 1, headDimension: 8, topK: 2048))
        let numbers = FigureNumbers.costs(CostData(dense: model, sparse: model, hardware: try Published.hardware()))
        let scene = try draw(.growth, numbers)
        #expect(!scene.words.contains { $0.contains("dearer part") })
    }

    private var table: FigureNumbers {
        .benchmarks(
            (0..<14).map { row in
                BenchmarkResult(
                    category: "Group \(row / 3)", name: "Benchmark \(row)", metric: "EM", before: 70, after: 70 + Double(row % 3))
            })
    }

    @Test(arguments: [375.0, 600, 1200]) func `bars of parity run from zero, as long as the differences, sorted; a tie is a dot`(
        width: Double
    )
        throws
    {
        let scene = try draw(.parity, table) { $0.width = width }
        let (gain, paper) = (Fill.solid(Paint.bar), Fill.solid(Paint.paper))
        let bars = scene.rects.filter { $0.fill == gain }.map(\.rect)
        // Nine of the fourteen rise, four of them by 2, five by 1; five tie.
        #expect(bars.count == 9 && Set(bars.map(\.x)).count == 1)
        let lengths = bars.map(\.width)
        #expect(zip(lengths, lengths.dropFirst()).allSatisfy { $0 >= $1 - 1e-9 })
        #expect(abs(lengths[0] - 2 * lengths[8]) < 1e-9 && lengths.count { $0 > lengths[8] * 1.5 } == 4)
        #expect(scene.rects.count { $0.rect.width == 7 && $0.rect.height == 7 && $0.fill != paper } == 5)
        #expect(scene.words.count { $0 == "tie" } == 5 && scene.words.count { $0 == "+2.0" } == 4)
    }

    @Test func `a rating stands apart from percents, on an axis of its own`() throws {
        let scene = try draw(.parity, Published.benchmarks)
        let (unit, rating) = (scene.words.firstIndex { $0.hasPrefix("Rating") }, scene.words.firstIndex(of: "Codeforces-Div1"))
        #expect(try #require(unit) < #require(rating) && scene.words.contains("+100") && scene.words.contains("+1"))
        let percent = FigureNumbers.benchmarks([.init(category: "General", name: "MMLU-Pro", metric: "EM", before: 85, after: 85)])
        #expect(!(try draw(.parity, percent).words.contains { $0.hasPrefix("Rating") }))
    }

    @Test(arguments: [Preset.article, .cover, .slide, .phone]) func `rows and grid lines of parity end above the source`(preset: Preset)
        throws
    {
        let scene = try draw(.parity, table) { $0.preset = preset }
        let source = try #require(scene.texts.first { $0.text.hasPrefix("DeepSeek-V3.2-Exp report") })
        let top = source.position.y - source.style.size
        for item in scene.flat {
            guard case .path(let path, _, _) = item else { continue }
            for case .line(let end) in path { #expect(end.y <= top + 1, "\(preset): \(end.y) under \(top)") }
        }
        if let proportion = preset.proportion { #expect(scene.size.height <= scene.size.width * proportion + 1) }
        #expect(scene.words.contains("70.0 → 71.0"), "\(preset): both results stand in digits")
    }

    @Test(arguments: [Preset.cover, .slide]) func `patterns fill a wide, low picture and stay within it`(preset: Preset) throws {
        let scene = try draw(.patterns, nil) { $0.preset = preset }
        #expect(scene.size.height <= scene.size.width * 9 / 16 + 1)
        let lowest = try #require(scene.texts.map(\.position.y).max())
        #expect(scene.size.height - lowest < 60, "no empty band under the last line: \(scene.size.height - lowest)")
    }

    @Test func `the cells that patterns draws are those of the engine's masks, one by one`() throws {
        let scene = try draw(.patterns, nil)
        for pattern in try PatternDemonstration.all() where pattern.kind != .nsaCompressed {
            let items = scene.items.compactMap { item -> [Item]? in
                if case .group(pattern.kind.rawValue, let items, _) = item { items } else { nil }
            }
            guard case .path(let stairs, _, _) = try #require(items.first?.first), case .move(let corner) = stairs[0],
                case .line(let next) = stairs[1], case .path(let boxes, _, _) = try #require(items.first?.last)
            else {
                Issue.record("\(pattern.kind) draws no cells")
                continue
            }
            let cell = next.x - corner.x
            var drawn: Set<[Int]> = []
            for start in stride(from: 0, to: boxes.count, by: 5) {
                guard case .move(let a) = boxes[start], case .line(let b) = boxes[start + 2] else { continue }
                let row = Int((a.y - corner.y) / cell)
                for key in Int((a.x - corner.x) / cell)...Int((b.x - corner.x) / cell) { drawn.insert([row, key]) }
            }
            let mask = Set((0..<pattern.cells.rows).flatMap { row in pattern.cells.visibleKeys(of: row).map { [row, $0] } })
            #expect(drawn == mask, "\(pattern.kind)")
        }
    }
}
