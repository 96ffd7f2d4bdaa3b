// What `stack` and `roofline` must show: every entry in its place with the bridge between two of them, and points where a ruler would put them.

import Diagrams
import Records
import Testing
import Traces

@Suite struct StackAndRooflineTests {
    private func draw(_ figure: Figure, _ numbers: FigureNumbers, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try figure.draw(FigureData(numbers, provenance: Provenance(name: "test.json")), options, fixedText)
    }

    private func stack(_ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        try draw(.stack, .stacks(Published.stacks()), change)
    }

    /// The place of the text that is `words`, or begins with them.
    private func place(_ words: String, _ scene: Scene) throws -> Point {
        try #require(scene.texts.first { $0.text == words } ?? scene.texts.first { $0.text.hasPrefix(words) }, "\(words)").position
    }

    // MARK: stack

    @Test(arguments: [1200.0, 600, 375], Language.allCases) func `towers stand side by side, layer by layer from the framework down`(
        width: Double, language: Language
    ) throws {
        let scene = try stack { ($0.width, $0.language) = (width, language) }
        let (left, right) = (["PyTorch", "CUDA C++", "PTX", "SM"], ["PyTorch", "Ascend C", "BiSheng", "Da Vinci cores"])
        var before = 0.0
        for (a, b) in zip(left, right) {
            let names = scene.texts.filter { $0.text.hasPrefix(a) || $0.text.hasPrefix(b) }.map(\.position)
            let (one, other) = (try #require(names.min { $0.x < $1.x }), try #require(names.max { $0.x < $1.x }))
            #expect(one.x < width / 2 && other.x > width / 2, "\(a), \(b)")
            #expect(min(one.y, other.y) > before, "\(a) stands under the layer above")
            before = max(one.y, other.y)
        }
    }

    @Test(arguments: [1200.0, 600, 375]) func `the bridge stands between the two languages, and its arrows end at their boxes`(
        width: Double
    )
        throws
    {
        let scene = try stack { $0.width = width }
        let boxes = scene.rects.filter { $0.stroke?.color == .ink }.map(\.rect)
        #expect(boxes.count == 2, "the boxes of what is emitted are marked")
        let bridge = try #require(scene.rects.first { $0.fill == .solid(.highlight) }?.rect)
        #expect(boxes[0].maxX < bridge.x && bridge.maxX < boxes[1].x && bridge.y > boxes[0].y && bridge.maxY < boxes[0].maxY)
        let ends = scene.flat.compactMap { item -> Point? in
            guard case .path(let path, _, let stroke) = item, stroke?.color == .ink, path.count == 2, case .line(let end) = path[1] else {
                return nil
            }
            return end
        }
        #expect(ends.count == 2 && ends.allSatisfy { $0.y == bridge.midY })
        #expect(ends.contains { abs($0.x - boxes[0].maxX) <= 3 } && ends.contains { abs($0.x - boxes[1].x) <= 3 })
        #expect(scene.words.contains("TileLang"))
    }

    @Test(arguments: [1200.0, 375], Language.allCases) func `what stands beside is named, and the pairing is said to be ours`(
        width: Double, language: Language
    ) throws {
        let scene = try stack { ($0.width, $0.language) = (width, language) }
        let words = scene.words.joined(separator: language == .en ? " " : "")
        #expect(words.contains("GE") && words.contains("TBE"))
        #expect(words.contains(language == .en ? "for whole graphs" : "处理整张计算图"))
        #expect(scene.words.contains(language == .en ? "paired by us" : "由我们配对"))
        #expect(words.contains(language == .en ? "our pairing, not theirs" : "各层的对应由我们配对，并非厂商说法"))
    }

    @Test func `words are made of the data: what is shared, what is emitted, every part`() throws {
        let scene = try stack()
        #expect(scene.title.en == "Two towers under one PyTorch; TileLang bridges them at the kernel language")
        #expect(scene.title.zh.hasPrefix("同一个 PyTorch 之下") && scene.title.zh.contains("算子语言"))
        #expect(scene.alt.en.contains("4 layers each. Framework: PyTorch; PyTorch with torch_npu, MindSpore."))
        #expect(scene.alt.en.contains("Compilation: PTX, then SASS; BiSheng, CCE."))
        #expect(scene.alt.en.contains("Beside Huawei Ascend: GE (for whole graphs), TBE."))
        #expect(scene.alt.en.contains("TileLang emits CUDA C++ or Ascend C, with a note."))
        #expect(scene.alt.zh.contains("框架：PyTorch；PyTorch 加 torch_npu、MindSpore。"))
        #expect(scene.words.contains("PTX → SASS") && scene.words.contains("PyTorch + torch_npu · MindSpore"))
        #expect(scene.provenance["data"] == "test.json")
    }

    @Test func `towers that share nothing at the top are not said to`() throws {
        let known = try Published.stacks()
        let top = known.layers[0]
        let alone = SoftwareStacks.Layer(id: top.id, name: top.name, role: top.role, parts: [top.parts[0], [top.parts[1][2]]])
        let stacks = try SoftwareStacks(
            towers: known.towers, layers: [alone] + known.layers.dropFirst(), beside: [], bridge: known.bridge)
        let scene = try draw(.stack, .stacks(stacks))
        #expect(scene.title.en.hasPrefix("Two towers of software;") && !scene.alt.en.contains("Beside"))
    }

    @Test func `stack draws stacks alone`() {
        #expect(throws: FigureError("stack: expected data of the kind stacks")) { try draw(.stack, Published.prices()) }
    }

    // MARK: roofline

    /// Where `value` stands between two ticks of the same axis, by their labels: the scale read off the picture, not taken from the code.
    private func along(_ scene: Scene, _ low: String, _ high: String, _ axis: (Point) -> Double) throws -> (from: Double, to: Double) {
        let style = try #require(scene.texts.first { $0.text == "1,000" }).style
        func tick(_ label: String) throws -> Double {
            axis(try #require(scene.texts.first { $0.text == label && $0.style == style && isTick($0, axis) }, "\(label)").position)
        }
        return (try tick(low), try tick(high))
    }

    /// Labels under the horizontal axis are centred, those beside the vertical one end at it.
    private func isTick(_ run: TextRun, _ axis: (Point) -> Double) -> Bool {
        run.anchor == (axis(Point(1, 0)) == 1 ? .middle : .end)
    }

    @Test(arguments: [1200.0, 600, 375]) func `every mark stands at its FLOPs per byte and under its roof`(width: Double) throws {
        let scene = try draw(.roofline, Published.costs()) { $0.width = width }
        let (x, y) = (try along(scene, "50", "2,000") { $0.x }, try along(scene, "100", "2,000") { $0.y })
        // By hand: ln(I/50)/ln 40 and ln(R/100)/ln 20 with I FLOPs a byte and R = min(peak, 3.35 I) TFLOPs a second.
        let marks = [(0.42722, 0.69827), (0.42722, 0.69827), (0.57986, 0.76510), (0.24648, 0.47571)]
        let centers = scene.rects.filter { $0.rect.width == $0.rect.height && $0.rect.width < 20 }.map { Point($0.rect.midX, $0.rect.midY) }
        for (across, up) in marks {
            let at = Point(x.from + across * (x.to - x.from), y.from + up * (y.to - y.from))
            // Labels of the vertical axis stand a little lower than their lines.
            #expect(centers.contains { abs($0.x - at.x) < 0.5 && abs($0.y - at.y) < 6 }, "\(across), \(up)")
        }
        #expect(centers.count == 8, "each mark once on the chart and once beside its numbers")
    }

    @Test func `dense and sparse attention stand on one spot, a dot inside its ring`() throws {
        let scene = try draw(.roofline, Published.costs())
        let ring = try #require(scene.rects.first { $0.rect.width == 15 && $0.stroke?.color == .ink }?.rect)
        let dots = scene.rects.filter { $0.rect.width < 10 && $0.rect.width == $0.rect.height }
        #expect(dots.contains { $0.rect.midX == ring.midX && $0.rect.midY == ring.midY })
        #expect(scene.words.contains("Dense and sparse MLA,") && scene.words.joined(separator: " ").contains("on one spot"))
    }

    @Test func `the numbers are those of the closed forms, worked out by hand`() throws {
        let scene = try draw(.roofline, Published.costs())
        let lines = [
            "36,507 MFLOP ÷ 151.0 MB = 241.8 FLOP/byte", "570.4 MFLOP ÷ 2.36 MB = 241.8 FLOP/byte",
            "570.4 MFLOP ÷ 1.34 MB = 424.6 FLOP/byte", "2,147 MFLOP ÷ 17.3 MB = 124.1 FLOP/byte",
            // 151.0 MB, 2.36 MB and 17.3 MB at 3.35 TB/s; 570.4 MFLOP at 989.5 TFLOP/s.
            "up to 82% of the bf16 peak, at least 45.1 µs", "up to 82% of the bf16 peak, at least 0.704 µs",
            "up to 100% of the bf16 peak, at least 0.576 µs", "up to 21% of the FP8 peak, at least 5.16 µs",
        ]
        for line in lines {
            #expect(scene.words.contains(line), "\(line)")
            #expect(scene.alt.en.contains(line), "\(line)")
        }
        for number in ["295.4", "590.7", "bf16: 989.5 TFLOP/s", "FP8: 1,979 TFLOP/s", "memory: 3.35 TB/s"] {
            #expect(scene.words.contains(number), "\(number)")
        }
        #expect(scene.title.en == "On an H800, one query lets the indexer use 21% of peak, bf16 MLA 82%")
        #expect(scene.title.zh.contains("21%") && scene.title.zh.contains("82%"))
        // Ridges over intensities, rounded up: 295.4/241.8 and 590.7/124.1.
        #expect(scene.alt.en.contains("2 to a read take dense MLA to its ridge, 5 the indexer"))
        #expect(scene.words.joined(separator: " ").contains("one query, its own cache read once"), "the convention is stated")
    }

    @Test func `nothing is dashed but the two ridges, upright from the axis to their roofs`() throws {
        let scene = try draw(.roofline, Published.costs())
        let x = try along(scene, "50", "2,000") { $0.x }
        let dashed = scene.flat.compactMap { item -> (Point, Point)? in
            guard case .path(let path, _, let stroke) = item, stroke?.dash.isEmpty == false, case .move(let a) = path[0],
                case .line(let b) = path[1]
            else { return nil }
            return (a, b)
        }
        #expect(dashed.count == 2 && dashed.allSatisfy { $0.0.x == $0.1.x })
        // ln(295.373/50)/ln 40 and ln(590.746/50)/ln 40.
        for (ridge, share) in zip(dashed, [0.48149, 0.66939]) { #expect(abs(ridge.0.x - (x.from + share * (x.to - x.from))) < 0.5) }
    }

    @Test func `on a chip whose memory keeps up nothing waits for it`() throws {
        guard case .costs(var data) = try Published.costs() else { return }
        data.hardware = try Hardware(
            name: "Fast", bf16: 100e12, fp8: 200e12, bandwidth: 10e12, memory: 80e9, dollarsPerHour: 2)
        let scene = try draw(.roofline, .costs(data))
        #expect(scene.title.en == "On a Fast, one query lets the indexer use 100% of peak, bf16 MLA 100%")
        #expect(scene.alt.en.contains("1 to a read take dense MLA to its ridge, 1 the indexer"))
    }

    @Test(arguments: [(1e9, 1e21, 1e18), (1e21, 1e9, 1e6), (1e15, 1e15, 1e12)])
    func `the strangest chip that is read is drawn`(bf16: Double, fp8: Double, bandwidth: Double) throws {
        guard case .costs(var data) = try Published.costs() else { return }
        data.hardware = try Hardware(name: "X", bf16: bf16, fp8: fp8, bandwidth: bandwidth, memory: 80e9, dollarsPerHour: 2)
        for width in [1200.0, 375] {
            let scene = try draw(.roofline, .costs(data)) { $0.width = width }
            for run in scene.texts { #expect(run.position.x.isFinite && run.position.y.isFinite, "\(run.text)") }
        }
    }

    @Test func `a model without an indexer is refused by name`() throws {
        guard case .costs(var data) = try Published.costs() else { return }
        data.sparse = data.dense
        let error = #expect(throws: FigureError.self) { try draw(.roofline, .costs(data)) }
        #expect(error?.description.contains("DeepSeek-V3.1-Terminus: sparse") == true)
    }
}
