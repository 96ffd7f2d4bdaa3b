// The matrix figure as text: what it says, what stands in its cells, and what it refuses.

import Diagrams
import Mechanisms
import Records
import Testing
import Traces

@Suite struct MatrixFigureTests {
    @Test func `the title is the finding, in both languages`() throws {
        let scene = try draw(Diary.trace("trip", .en))
        #expect(scene.title.en == "“?” rests 60% of its attention on “Dali”")
        #expect(try draw(Diary.trace("trip", .zh)) { $0.language = .zh }.title.zh == "“？”把 60% 的注意力放在“大理”上")
    }

    @Test func `the alt text gives the numbers of the row that is followed`() throws {
        let alt = try draw(Diary.trace("trip", .en)).alt
        #expect(
            alt.en
                == "“?” rests 60% of its attention on “Dali”. Attention weights, mean of 2 heads: a matrix of 18 rows (query) by 18 columns (key), coloured from 0 to 1. Row 17, “?”: highest at “Dali” (0.602), “Trip” (0.149), “Holiday” (0.112). Masked cells are blank."
        )
        let zh = try draw(Diary.trace("trip", .zh)) { $0.language = .zh }.alt.zh
        #expect(
            zh
                == "“？”把 60% 的注意力放在“大理”上。注意力权重（2 个头的平均）：矩阵共 18 行（查询）、18 列（键），颜色从 0 到 1。行 17“？”：最高的是“大理”（0.602）、“旅行”（0.149）、“国庆”（0.112）。掩住的格子留白。"
        )
    }

    @Test func `digits stand in every visible cell and in no masked one`() throws {
        let scene = try draw(Diary.trace("trip", .en))
        let digits = scene.words.filter { $0.wholeMatch(of: /\d\.\d\d/) != nil }
        #expect(digits.count == 171)
        #expect(digits.contains("0.60") && digits.first == "1.00")
    }

    @Test func `every cell is a hot spot with its index and label`() throws {
        let spots = try draw(Diary.trace("trip", .en)) { $0.head = .one(1) }.hotSpots
        #expect(spots.count == 18 * 18)
        let trace = try Diary.trace("trip", .en)
        #expect(spots.map(\.index) == (0..<18).flatMap { t in (0..<18).map { [1, t, $0] } })
        #expect(spots.first { $0.index == [1, 17, 4] }?.label.text(.en) == "query ?, key Dali: 0.8477")
        #expect(spots.first { $0.index == [1, 0, 1] }?.label.text(.en) == "query Holiday, key :: masked")
        for spot in spots {
            let (t, s) = (spot.index[1], spot.index[2])
            let said = s > t ? "masked" : NumberText.significant(try trace.value("attention.weights", spot.index), digits: 4)
            #expect(spot.label.text(.en) == "query \(trace.tokens[t]), key \(trace.tokens[s]): \(said)")
        }
        #expect(try draw(Diary.trace("trip", .en)).hotSpots.first?.index == [-1, 0, 0])
    }

    @Test func `axes are named, the followed row is framed in query blue`() throws {
        let scene = try draw(Diary.trace("trip", .en))
        #expect(scene.words.contains("query (row)") && scene.words.contains("key (column)"))
        let frames = scene.rects.filter { $0.fill == nil && $0.stroke?.color == .query }
        #expect(frames.count == 1)
        let other = try draw(Diary.trace("trip", .en)) { $0.query = 4 }
        #expect(other.title.en == "“Dali” rests 69% of its attention on itself")
    }

    @Test func `features are named, and one head is shown`() throws {
        let scene = try draw(Diary.trace("trip", .en)) { $0.step = "attention.q" }
        #expect(scene.words.contains("query token (row)") && scene.words.contains("head feature (column)"))
        #expect(scene.words.last?.hasPrefix("head 0 · attention.q") == true)
        #expect(scene.title.en == "“?” asks with (6, 0, 0, −6)")
    }

    @Test func `signed scores run from blue to orange around zero, in true minus signs`() throws {
        let scene = try draw(Diary.trace("trip", .en)) { options in
            options.step = "attention.scores"
            options.head = .one(1)
        }
        #expect(scene.words.contains("6.20") && scene.words.contains("−3.00"))
        #expect(scene.words.contains("−8") && scene.words.contains("8"))
        #expect(!scene.words.contains("-3.00"))
    }

    @Test(arguments: Language.allCases, Theme.allCases) func `nothing stands outside the picture or under 11 points`(
        language: Language, theme: Theme
    ) throws {
        for width in [1200.0, 600, 375] {
            for preset in Preset.allCases {
                let scene = try draw(Diary.trace("trip", language)) { options in
                    options.language = language
                    options.width = preset == .article ? width : nil
                    options.preset = preset
                }.shown(in: theme)
                for run in scene.texts {
                    #expect(run.style.size >= 11)
                    guard run.rotation == 0 else { continue }
                    let length = fixedText.measure(run.text, run.style, language).width
                    let left = run.position.x - (run.anchor == .start ? 0 : run.anchor == .middle ? length / 2 : length)
                    #expect(left >= -1 && left + length <= scene.size.width + 1, "\(run.text)")
                    #expect(run.position.y > 0 && run.position.y < scene.size.height)
                }
            }
        }
    }

    @Test func `NaN and infinity are crossed out and said`() throws {
        let scene = try draw(trace([0.5, .nan, .infinity, 0.5], [.t, .s], [2, 2], tokens: ["a", "b"]))
        #expect(scene.words.contains("NaN") && scene.words.contains("∞"))
        #expect(scene.alt.en.hasSuffix("2 cells hold no finite number and are crossed out."))
    }

    @Test func `more than 64 tokens are one raster of exactly the matrix's pixels`() throws {
        let scene = try draw(RandomAttention.trace(tokens: 100))
        let image = try #require(scene.images.first)
        #expect((image.width, image.height) == (100, 100))
        #expect(scene.hotSpots.isEmpty)
        #expect(scene.words.contains("80") && scene.words.contains("0"))
    }

    @Test func `more tokens than pixels show the largest of a block, and say so`() throws {
        var values = [Double](repeating: -.infinity, count: 2_000 * 2_000)
        values[0] = 1
        values[2_000 * 1_999 + 1_999] = -7
        values[2_000 * 1_999 + 1_998] = 3
        let scene = try draw(trace(values, [.t, .s], [2_000, 2_000], id: "attention.scores")) { $0.step = "attention.scores" }
        let image = try #require(scene.images.first)
        #expect(image.width < 1_200 && image.width > 900)
        let last = image.palette[Int(image.pixels[image.pixels.count - 1])]
        #expect(last == ColorScale.diverging.paint(at: (-7.0 / 8 + 1) / 2))
        #expect(scene.words.contains { $0.contains("One pixel shows the largest of up to 2 × 2 cells.") })
    }

    @Test func `the default step is the first attention weights of the phase`() throws {
        var both = trace([1], [.t, .s], [1, 1], id: "prefill.attention.weights")
        both.append(trace([1], [.t, .s], [1, 1], id: "decode.0.attention.weights").steps[0])
        #expect(try draw(both).provenance["step"] == "prefill.attention.weights")
        #expect(try draw(both) { $0.phase = "decode.0" }.provenance["step"] == "decode.0.attention.weights")
    }

    @Test func `what cannot be drawn is a named error`() throws {
        let diary = try Diary.trace("trip", .en)
        func message(_ trace: Trace, _ change: (inout FigureOptions) -> Void) -> String {
            do { return "drawn: \(try draw(trace, .matrix, change).title.en)" } catch { return "\(error)" }
        }
        #expect(
            message(diary) { $0.step = "attention.weight" }
                == "attention.weight: there is no step of this name; did you mean attention.weights, attention.heads, attention.output?")
        #expect(message(diary) { $0.head = .one(2) } == "attention.weights: head 2: expected 0 to 1")
        #expect(
            message(diary) { $0.query = 18 } == "attention.weights: query 18: expected rows of tokens, 0 to 17, found [h: 2, t: 18, s: 18]")
        #expect(message(diary) { $0.width = 0 } == "width 0.0: expected 280 to 10,000 points")
        #expect(message(diary) { $0.width = 1e9 }.hasPrefix("width 1000000000.0"))
        #expect(
            message(trace([1], [.d], [1])) { _ in }
                == "attention.weights: a matrix needs two axes and at most one axis of heads (h, g or j), found [d: 1]")
        #expect(message(trace([1], [.c, .d, .r], [1, 1, 1])) { _ in }.contains("found [c: 1, d: 1, r: 1]"))
        for head in [0, 3] { #expect(message(trace([1], [.t, .s], [1, 1])) { $0.head = .one(head) }.contains("no axis of heads")) }
        #expect(message(Trace()) { _ in }.hasPrefix("matrix: no step ends in attention.weights"))
    }

    @Test func `a selection is drawn over the keys that it chose from`() throws {
        let scene = try draw(Diary.selective("trip", .en)) { $0.step = "selected" }
        #expect(scene.title.en == "“?” keeps 4 of 18 keys")
        #expect(scene.words.contains("query (row)") && scene.words.contains("key (column)"))
        let hatched = scene.rects.count { if case .hatch = $0.fill { true } else { false } }
        #expect(hatched == 171 - 66 + 1, "every visible cell that is not kept, and the legend")
        let spot = scene.hotSpots.first { $0.label.text(.en) == "query ?, key Dali: selected" }
        #expect(try Diary.selective("trip", .en).value("selected", #require(spot).index) == 4, "the cell that holds Dali's position")
        #expect(throws: FigureError("selected has no axis of heads to choose head 0 from: [t: 18, k: 4]")) {
            try draw(Diary.selective("trip", .en)) { options in
                options.step = "selected"
                options.head = .one(0)
            }
        }
    }

    @Test func `a query head finds the key-value head that it shares`() throws {
        func step(_ id: StepID, _ axes: [Axis], _ lengths: [Int]) -> Step {
            let values = (0..<lengths.reduce(1, *)).map(Double.init)
            return Step(
                id: id, title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "", inputs: [], symbol: "k",
                output: Tensor(axes, lengths, values))
        }
        let trace = Trace(steps: [step("attention.q", [.t, .h, .d], [2, 4, 3]), step("attention.k", [.s, .g, .d], [2, 2, 3])])
        for (query, shared) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            let slice = try MatrixSlice(trace.step("attention.k"), of: trace, head: .one(query))
            #expect(slice.head == .one(shared))
            #expect(slice.value(0, 0) == Double(3 * shared))
        }
        #expect(throws: FigureError("attention.k: head 4: expected 0 to 3")) {
            try MatrixSlice(trace.step("attention.k"), of: trace, head: .one(4))
        }
    }

    @Test func `in print a dash marks negative cells without digits`() throws {
        let scores = trace([1, -2, 3, -4], [.t, .s], [2, 2], id: "attention.scores", tokens: ["a", "b"])
        let many = trace((0..<400).map { $0 == 7 ? -1.25 : 1 }, [.t, .s], [20, 20], id: "attention.scores")
        func dashes(_ trace: Trace, _ theme: Theme) throws -> Int {
            let scene = try draw(trace) { options in
                (options.step, options.preset) = ("attention.scores", .phone)
            }.shown(in: theme)
            return scene.flat.count { if case .path(let path, _, _) = $0 { path.count == 2 } else { false } }
        }
        #expect(try dashes(many, .print) == 2, "the cell, and the scale's negative half")
        #expect(try dashes(many, .light) == 0)
        #expect(try dashes(scores, .print) == 1, "digits have their own minus sign, the scale keeps its dash")
    }

    @Test func `how to read the colours is said for the theme that is drawn`() throws {
        let scene = try draw(Diary.trace("trip", .en)) { $0.step = "attention.dot" }
        func words(_ theme: Theme) -> String { scene.shown(in: theme).words.joined(separator: " ") }
        #expect(words(.light).contains("orange") && !words(.print).contains("orange"))
        #expect(words(.print) != words(.dark))
        let colored = try draw(Diary.trace("trip", .en)) { options in
            (options.step, options.themes, options.width) = ("attention.dot", [.light, .dark], 280)
        }
        let all = try draw(Diary.trace("trip", .en)) { options in (options.step, options.width) = ("attention.dot", 280) }
        #expect(colored.size.height < all.size.height, "print's words are longer, and take room only where they are wanted")
    }

    @Test func `a selection of keys further away than a picture can hold is drawn as its numbers`() throws {
        func title(_ key: Double) throws -> String {
            try draw(trace([0, -1, 1, key], [.t, .k], [2, 2], id: "selected")) { $0.step = "selected" }.words.joined(separator: " ")
        }
        #expect(try title(3).contains("Filled: kept."))
        #expect(try !title(40_000_000).contains("Filled: kept."))
    }

    @Test func `figures are found by name, with near names for a slip`() throws {
        #expect(try Figures.named("matrix").name == "matrix")
        #expect(throws: FigureError("matrx: there is no figure of this name; did you mean matrix?")) { try Figures.named("matrx") }
        #expect(Set(Figures.all.map(\.name)).count == Figures.all.count)
    }

    @Test func `random attention is causal, seeded and sums to one`() throws {
        let (a, b) = (try RandomAttention.trace(tokens: 20), try RandomAttention.trace(tokens: 20))
        let weights = try a.step("attention.weights").output
        #expect(try b.step("attention.weights").output == weights)
        #expect(try RandomAttention.trace(tokens: 20, seed: 2).step("attention.weights").output != weights)
        for t in 0..<20 {
            #expect(abs((0..<20).reduce(0) { $0 + weights[t, $1] } - 1) < 1e-12)
            #expect((t + 1..<20).allSatisfy { weights[t, $0] == 0 })
        }
        #expect(throws: EngineError(.value, "random 0", "expected 1 to 8192 tokens")) { try RandomAttention.trace(tokens: 0) }
        #expect(throws: EngineError(.value, "random 9000", "expected 1 to 8192 tokens")) { try RandomAttention.trace(tokens: 9_000) }
    }
}
