// The figures that lay two things beside each other, as text: a triangle and its double, a token and the next, a run and its variant, a token read and
// a token written, one way of choosing and another. Expected numbers are counted by hand or taken from the traces cell by cell.

import Diagrams
import Mechanisms
import Records
import Testing
import Traces

@Suite struct PairFigureTests {
    private func draw(_ figure: Figure, _ data: FigureData? = nil, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try figure.draw(data ?? Diary.questions(options.language), options, fixedText)
    }

    private func data(_ traces: Trace...) -> FigureData {
        FigureData(traces: traces.enumerated().map { ("run \($0)", $1) }, provenance: Provenance(name: "test"))
    }

    private func message(_ figure: Figure, _ data: FigureData, _ change: (inout FigureOptions) -> Void = { _ in }) -> String {
        let error = #expect(throws: FigureError.self) { try draw(figure, data, change) }
        return error?.description ?? ""
    }

    /// A causal score matrix of `count` tokens: row times ten, plus column.
    private func causal(_ count: Int, hole: (Int, Int)? = nil) -> Trace {
        func value(_ t: Int, _ s: Int) -> Double {
            if s > t { return -.infinity }
            if let hole, hole == (t, s) { return -.infinity }
            return Double(10 * t + s)
        }
        var values: [Double] = []
        for t in 0..<count { values += (0..<count).map { value(t, $0) } }
        return trace(values, [.t, .s], [count, count], id: "attention.scores", tokens: (0..<count).map { "w\($0)" })
    }

    /// Three tokens read at once, then one written.
    private var decoding: Trace {
        func steps(_ pass: String, _ rows: Int, _ columns: Int) -> [Step] {
            ["scores", "weights"].map { name in
                var values: [Double] = []
                for t in 0..<rows {
                    for s in 0..<columns { values.append(s <= t + columns - rows ? 1 : name == "scores" ? -.infinity : 0) }
                }
                return Step(
                    id: StepID("\(pass).dense.\(name)"), title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "test",
                    inputs: [],
                    symbol: "A", output: Tensor(Shape([.t, .s], [rows, columns]), values))
            }
        }
        return Trace(tokens: [], steps: steps("prefill", 3, 3) + steps("decode.0", 1, 4))
    }

    // MARK: triangles

    @Test func `twice the tokens are two triangles and a square, counted`() throws {
        let scene = try draw(.triangles, data(causal(8))) { $0.step = "attention.scores" }
        // 4·5/2 = 10 in each triangle, 4·4 = 16 in the square.
        #expect(scene.title.en == "Twice the tokens: the old triangle twice, and a square that is new")
        #expect(scene.words.contains("old, twice: 4 × 5 / 2 = 10") && scene.words.contains("new: 4 × 4 = 16"))
        #expect(scene.words.contains("10 + 16 + 10 = 36") && scene.words.contains("8 tokens: 3.6 times as many pairs"))
        let (old, new) = (
            scene.rects.count { $0.fill == .solid(.bar) && $0.rect.width == $0.rect.height && $0.rect.width > 20 },
            scene.rects.count { $0.fill == .solid(.highlight) && $0.rect.width == $0.rect.height && $0.rect.width > 20 }
        )
        #expect(old == 20 && new == 16, "a cell for every pair")
        #expect(
            scene.hotSpots.count == 36 && scene.hotSpots.contains { $0.index == [7, 3] && $0.label.text(.en) == "query w7, key w3: 73" })
    }

    @Test func `an odd number of tokens makes a rectangle, and says so`() throws {
        let scene = try draw(.triangles, data(causal(7))) { $0.step = "attention.scores" }
        #expect(scene.title.en.contains("rectangle") && !scene.title.en.contains("square"))
        #expect(scene.words.contains("3 × 4 / 2 = 6") && scene.words.contains("4 × 5 / 2 = 10") && scene.words.contains("new: 4 × 3 = 12"))
        #expect(scene.alt.zh.contains("4 × 3 的长方形，共 12 格"))
    }

    @Test func `more tokens than cells can be told apart are drawn as shapes with the same counts`() throws {
        let scene = try draw(.triangles, data(LargeTrace.selective(100)))
        #expect(scene.hotSpots.isEmpty && scene.words.contains("2,500") && scene.words.contains("1,275 + 2,500 + 1,275 = 5,050"))
    }

    @Test func `what is no causal triangle is refused by name`() throws {
        #expect(
            message(.triangles, data(causal(6, hole: (4, 2)))) { $0.step = "attention.scores" }
                == "triangles: attention.scores: expected every query to see all keys up to its own, found otherwise at [4, 2]")
        #expect(message(.triangles, try Diary.questions(.en)) { $0.step = "sparse.weights" }.contains("found otherwise at"))
        #expect(message(.triangles, try Diary.questions(.en)) { $0.step = "indexer.k" }.contains("expected as many queries as keys"))
    }

    // MARK: next-token

    @Test func `the next token computes a row and reads every earlier key`() throws {
        let trace = try Diary.selective("trip", .en)
        let scene = try draw(.nextToken, data(trace))
        #expect(scene.title.en == "The next token makes one key and one value; 17 of each are read again")
        #expect(scene.words.contains("New: a query, a key, a value. Read from the cache: 16 keys, 16 values. Computed: 17 scores."))
        #expect(scene.words.contains("New: a query, a key, a value. Read from the cache: 17 keys, 17 values. Computed: 18 scores."))
        #expect(scene.words.contains("Token 16, “where”") && scene.words.contains("Token 17, “?”"))
        let letters = ["q", "k", "v"].map { letter in scene.words.count { $0 == letter } }
        #expect(letters == [2, 2, 2], "each token makes one of each")
        #expect(scene.rects.count { $0.fill == .solid(Paint.key.mixed(0.16)) && $0.rect.width > 20 } == 16 + 17, "cached keys are pale")
        #expect(scene.hotSpots.map { $0.index.suffix(2) }.count { $0.first == 17 } == 18 && scene.hotSpots.count == 17 + 18)
        let scores = try trace.step("attention.scores").output
        let cell = try #require(scene.hotSpots.first { $0.index.suffix(2) == [17, 4] })
        let mean = (scores[0, 17, 4] + scores[1, 17, 4]) / 2
        #expect(cell.label.text(.en) == "query ?, key Dali: " + NumberText.significant(mean, digits: 4))
    }

    @Test func `a query can be named, and a decoded token follows the pass before it`() throws {
        let scene = try draw(.nextToken) { $0.query = 5 }
        #expect(scene.words.contains("Token 4, “Dali”") && scene.title.en.contains("5 of each"))
        #expect(
            message(.nextToken, try Diary.questions(.en)) { $0.query = 0 } == "next-token: query 0: expected one with a token before it")
        #expect(message(.nextToken, try Diary.questions(.en)) { $0.query = 18 } == "next-token: query 18: expected 0 to 17 of the axis t")
        let decoded = try draw(.nextToken, data(decoding)) { $0.phase = "decode.0" }
        #expect(decoded.words.joined(separator: " ").contains("prefill.dense.scores, decode.0.dense.scores"))
        #expect(decoded.title.en.contains("3 of each") && decoded.hotSpots.count == 3 + 4)
    }

    // MARK: difference

    private func variants(_ switches: [Switch]) throws -> FigureData {
        data(try Diary.selective("trip", .en), try Diary.selective("trip", .en, with: switches))
    }

    @Test func `without ReLU one row of the diary keeps another key, told by signs`() throws {
        let scene = try draw(.difference, variants([.noReLU])) { $0.step = "selected" }
        #expect(
            scene.title.en == "Index heads may vote against a key: 1 of 18 queries keeps other keys"
                && scene.title.zh == "索引头能投反对票：18 个查询里，有 1 个留下的键变了")
        // The row of the question mark loses the verb and gets the decoy back.
        #expect(scene.alt.en.contains("Framed, “?”: loses “flew”; gains “Shanghai”."))
        #expect(scene.words.contains("−1 +1") && scene.words.contains { $0.contains("−: only without no-relu; +: only with no-relu.") })
        let signs = scene.flat.count { if case .path(_, nil, let stroke?) = $0 { stroke.width > 1.5 } else { false } }
        #expect(signs == 4, "a minus and a plus, in the matrix and in the row beside it")
        #expect(scene.hotSpots.count { $0.label.reading.en == "only without no-relu" } == 1)
    }

    @Test func `differences of numbers are the second less the first, cell by cell`() throws {
        let data = try variants([.noReLU])
        let scene = try draw(.difference, data) { ($0.step, $0.head) = ("sparse.weights", .one(0)) }
        let (a, b) = (try data.traces[0].trace.step("sparse.weights").output, try data.traces[1].trace.step("sparse.weights").output)
        var largest = (0, 0, 0.0)
        for t in 0..<18 {
            for s in 0..<18 where abs(b[0, t, s] - a[0, t, s]) > abs(largest.2) { largest = (t, s, b[0, t, s] - a[0, t, s]) }
        }
        let tokens = Diary.trip_en
        let value = (largest.2 < 0 ? "−" : "+") + NumberText.significant(abs(largest.2), digits: 3)
        let place = "query “\(tokens[largest.0])”, key “\(tokens[largest.1])”"
        #expect(scene.title.en == "Index heads may vote against a key: 1 of 18 rows differs, most at \(place): \(value)")
        // Beside the matrix stands the row in both runs: what one of them leaves out is said.
        #expect(scene.words.contains("“\(tokens[largest.0])” in both runs") && scene.words.contains("left out"))
        let first = a[0, largest.0, largest.1]
        #expect(b[0, largest.0, largest.1] == 0 && scene.words.contains(NumberText.significant(first, digits: 3)))
        for spot in scene.hotSpots where spot.label.reading.en.contains("difference") {
            let (t, s) = (spot.index[1], spot.index[2])
            #expect(spot.label.reading.en.hasSuffix("a difference of " + NumberText.significant(b[0, t, s] - a[0, t, s], digits: 4)))
        }
        #expect(scene.words.contains("+: only with no-relu"), "keys of one run alone have a sign")
    }

    @Test func `two equal runs differ nowhere`() throws {
        let scene = try draw(.difference, variants([]))
        #expect(scene.title.en == "No difference in any cell" && scene.title.zh == "没有一格不同")
        #expect(!scene.rects.contains { $0.stroke?.color == .query }, "no row to frame")
        #expect(scene.words.contains { $0.contains("run 1 minus run 0") })
    }

    @Test func `the future is blank, before the mask as after it`() throws {
        let scene = try draw(.difference, variants([.noReLU])) { $0.step = "indexer.score" }
        #expect(scene.hotSpots.allSatisfy { $0.index[1] <= $0.index[0] } && scene.hotSpots.count == 18 * 19 / 2)
    }

    @Test func `runs that do not fit together are refused by name`() throws {
        let diary = try Diary.selective("trip", .en)
        #expect(
            message(.difference, data(diary, causal(6))) { $0.step = "attention.scores" }
                == "difference: attention.scores: expected [h: 2, t: 18, s: 18] in both runs, found [t: 6, s: 6]")
        #expect(
            message(.difference, data(diary, causal(18))) { $0.step = "sparse.weights" }
                == "difference: sparse.weights: expected in both runs, found in the first alone")
        let large = LargeTrace.selective(65)
        #expect(
            message(.difference, data(large, large)).contains("takes up to 64 rows and columns, found 65 by 65: try matrix with each run"))
        #expect(
            message(.difference, data(diary, diary)) { $0.query = 18 }.contains("difference: query 18: expected rows of tokens, 0 to 17"))
    }
}

/// The same of figures that draw records and closed forms.
@Suite struct RecordedPairTests {
    private func draw(_ name: String, _ numbers: FigureNumbers? = nil) throws -> Scene {
        let figure = try Figures.named(name)
        var data = FigureData(traces: [], provenance: Provenance(name: "test.csv"))
        data.numbers = try numbers ?? Published.numbers(figure.needs)
        return try figure.draw(data, FigureOptions(), fixedText)
    }

    @Test func `rows-touched says what a token reads in a prompt and alone, and what it leaves unread`() throws {
        let scene = try draw("rows-touched")
        // By hand: weights (1536·7168 + 1536·24576 + 7168·576 + 16384·7168 + 512·32768 + 2048)·2 bytes, and 131,072 rows of 1,152 bytes.
        let weights = (1536 * 7168 + 1536 * 24576 + 7168 * 576 + 16384 * 7168 + 512 * 32768 + 2048) * 2
        let alone = Double(weights + 131_072 * 1152)
        #expect(scene.title.en.hasSuffix("a token written, \(NumberText.significant(alone / 1e6, digits: 3)) MB"))
        #expect(scene.title.en.contains("takes \(NumberText.significant(alone / 131_072 / 1e3, digits: 3)) kB"))
        #expect(scene.words.contains("2,048 of 131,072 rows, 2.36 MB") && scene.words.contains("all 131,072 rows, 17.3 MB"))
        let hatched = scene.rects.filter { if case .hatch = $0.fill { $0.rect.width > 100 } else { false } }
        let read = scene.rects.filter { $0.fill == .solid(.value) && $0.rect.width > 100 }
        let share = try #require(hatched.first).rect.width / #require(read.first).rect.width
        #expect(hatched.count == 1 && abs(share - (1 - 2048 / 131_072.0)) < 1e-9, "hatched: the rows that are left unread")
    }

    @Test func `loss-curves draws every run, chance once, and dense attention as a level`() throws {
        let scene = try draw("loss-curves")
        #expect(scene.title.en == "4 keys well chosen hurt less than 8 by chance" && scene.title.zh == "挑得好的 4 个键，胜过抽签的 8 个")
        #expect(scene.words.joined(separator: " ").contains("(oracle) the loss rises by 20%; with 8 (chance), by 200%"))
        #expect(scene.alt.en.contains("oracle 4: 1.800, 8: 1.600; recency 4: 2.000, 8: 1.750; chance 4: 5.250, 8: 4.500"))
        #expect(scene.words.count { $0 == "dense, all keys: 1.500" } == 2, "in both charts")
        #expect(scene.words.count { $0 == "recency" } == 2 && scene.words.count { $0 == "chance" } == 1)
        let squares = scene.rects.count { $0.rect.width == 8 && $0.fill == .solid(.muted) }
        #expect(squares == 2, "chance has a mark of its own")
    }

    @Test func `loss-curves takes the model's name and every chooser from the data`() throws {
        let runs = [
            ("dense", 178, 2.0), ("oracle", 4, 3.0), ("oracle", 8, 2.2), ("oracle/2", 4, 3.2), ("oracle/2", 8, 2.4), ("oracle/4", 4, 3.8),
            ("oracle/4", 8, 2.5), ("window+sinks", 4, 3.9), ("window+sinks", 8, 2.6), ("recent", 4, 6.0), ("recent", 8, 2.7),
        ].map { SelectionLoss(chooser: $0.0, keys: $0.1, meanLoss: $0.2, massKeptFirst: 1, massKeptLast: 1, model: "Large") }
        let scene = try draw("loss-curves", .losses(runs))
        // With four keys the oracle does no better than recency with eight.
        #expect(scene.title.en == "What a model loses by the number of keys that it keeps")
        let words = scene.words.joined(separator: " ").replacing("\u{A0}", with: " ")
        #expect(words.contains("Recorded by this project: Large over 178 tokens") && scene.alt.en.contains("the mean loss of Large"))
        for name in ["oracle, shared by 2 layers,", "oracle, shared by 4 layers,", "window and sinks", "recency"] {
            #expect(scene.alt.en.replacing("\u{A0}", with: " ").contains("\(name) 4: "), "\(name)")
        }
        #expect(words.contains("Window and sinks: the first 4 keys, of 4 the first 2") && !words.contains("Chance draws"))
        let other = SelectionLoss(chooser: "recent", keys: 16, meanLoss: 1, massKeptFirst: 1, massKeptLast: 1, model: "Small")
        let error = #expect(throws: FigureError.self) { try draw("loss-curves", .losses(runs + [other])) }
        #expect(error?.description == "loss-curves: expected runs of one model, found Large and Small")
    }

    @Test func `selection-loss circles a pair that keeps the same weight at another price`() throws {
        let runs = [
            ("dense", 100, 2.0, 1.0, 1.0), ("oracle", 8, 2.1, 0.8, 0.7), ("oracle", 16, 2.05, 0.9, 0.8), ("recent", 8, 2.6, 0.7, 0.6),
            ("recent", 16, 2.4, 0.85, 0.72), ("random", 8, 9, 0.1, 0.1), ("random", 16, 8, 0.2, 0.2),
        ].map { SelectionLoss(chooser: $0.0, keys: $0.1, meanLoss: $0.2, massKeptFirst: $0.3, massKeptLast: $0.4, model: "tiny") }
        let scene = try draw("selection-loss", .losses(runs))
        // 16 recent keys hold 85% and 72%, 8 of the oracle's 80% and 70%; the losses rise by 0.4 and 0.1.
        #expect(scene.title.en == "16 keys by recency hold as much weight as 8 by the oracle, and add about 4 times the loss")
        for number in ["70.0%", "72.0%", "+5.0%", "+20.0%"] { #expect(scene.words.contains(number)) }
        let circles = scene.rects.filter { $0.fill == nil && $0.rect.width == 18 && $0.stroke?.color == .ink }
        #expect(circles.count == 4)
        let words = scene.words.joined(separator: " ")
        #expect(
            words.contains("In the first the pair holds 80% and 85%.") && words.contains("Off the chart of losses: chance, +300% to +350%.")
        )
        #expect(scene.words.count { $0 == "chance" } == 1)
    }

    @Test func `timeline-of-ideas has an entry for each idea, with its date, its unit and its source`() throws {
        let scene = try draw("timeline-of-ideas")
        for name in ["NSA", "MoBA", "DeepSeek-V3.2-Exp", "DeepSeek-V4"] {
            #expect(scene.words.contains(name) && scene.words.joined(separator: " ").contains("the publication of \(name)"))
        }
        #expect(scene.words.count { $0 == "February 2025" } == 4)
        #expect(
            scene.title.en
                == "What a query chooses among: from what NSA chooses and what DeepSeek-V3.2-Exp chooses to what DeepSeek-V4 chooses")
        let nodes = scene.rects.filter { $0.rect.width == 12 && $0.fill == .solid(.bar) }.map(\.rect)
        #expect(nodes.count == 4 && Set(nodes.map(\.y)).count == 1)
    }

    @Test(arguments: [
        ([("oracle", 4, 2.0), ("oracle", 8, 1.0)], "expected one dense run, found 0"), ([("dense", 9, 1.0)], "two or more numbers of keys"),
        ([("dense", 9, 1.0), ("oracle", 4, 2.0)], "two or more numbers of keys"),
        ([("dense", 9, 1.0), ("oracle", 4, 2.0), ("oracle", 4, 1.0)], "each once"),
        ([("dense", 9, 1.0), ("oracle", 4, -2.0), ("oracle", 8, 1.0)], "losses above 0"),
        ([("dense", 9, .nan), ("oracle", 4, 2.0), ("oracle", 8, 1.0)], "losses above 0"),
    ]) func `losses that make no curve are refused`(runs: [(String, Int, Double)], message: String) throws {
        let losses = runs.map { SelectionLoss(chooser: $0.0, keys: $0.1, meanLoss: $0.2, massKeptFirst: 1, massKeptLast: 1, model: "tiny") }
        let error = #expect(throws: FigureError.self) { try draw("loss-curves", .losses(losses)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(throws: FigureError.self) { try draw("selection-loss", .losses(losses)) }
    }
}
