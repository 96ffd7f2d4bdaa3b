// What a matrix picture says and marks: findings, roles' colours, selected, dropped and future cells, names of heads, the height of tables.

import Diagrams
import Mechanisms
import Testing
import Traces

/// Three tokens of a sparse pass as a file would hold it: no masks but those that its scores show.
private func sparseTrace() -> Trace {
    func step(_ id: StepID, _ axes: [Axis], _ lengths: [Int], _ values: [Double], inputs: [StepID] = []) -> Step {
        Step(
            id: id, title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "test", inputs: inputs, symbol: "A",
            output: Tensor(Shape(axes, lengths), values))
    }
    let hidden = -Double.infinity
    return Trace(
        tokens: ["a", "b", "c"],
        steps: [
            step("prefill.indexer.score", [.t, .s], [3, 3], [1, 9, 2, 3, 4, 9, 2, 1, 5]),
            step("prefill.selected", [.t, .k], [3, 2], [0, -1, 0, 1, 0, 2], inputs: ["prefill.indexer.score"]),
            step("prefill.dense.scores", [.t, .s], [3, 3], [1, hidden, hidden, 1, 1, hidden, 0, 0, 0.7]),
            step("prefill.dense.weights", [.t, .s], [3, 3], [1, 0, 0, 0.5, 0.5, 0, 0.25, 0.25, 0.5]),
            step("prefill.attention.scores", [.t, .s], [3, 3], [1, hidden, hidden, 1, 1, hidden, 0, hidden, 1.1]),
            step("prefill.attention.weights", [.t, .s], [3, 3], [1, 0, 0, 0.5, 0.5, 0, 0.25, 0, 0.75]),
        ])
}

extension Scene {
    fileprivate var hatchedCells: Int {
        rects.count { rect in if case .hatch? = rect.fill, rect.stroke == nil { true } else { false } }
    }
}

@Suite struct MatrixStoryTests {
    @Test func `keys that are visible but not selected are hatched, the future is blank`() throws {
        let scene = try draw(sparseTrace()) { $0.step = "prefill.attention.weights" }
        #expect(scene.hatchedCells == 1)
        #expect(scene.words.contains("hatched: visible, not selected") && scene.words.contains("blank: masked"))
        #expect(scene.hotSpots.first { $0.index == [2, 1] }?.label.text(.en) == "query c, key b: visible, not selected")
        #expect(scene.hotSpots.first { $0.index == [0, 2] }?.label.text(.en) == "query a, key c: masked")
        #expect(try draw(sparseTrace()) { $0.step = "prefill.dense.weights" }.hatchedCells == 0)
    }

    @Test func `the dense attention beside a sparse one is called dense, in titles and alt texts of both languages`() throws {
        let whole = sparseTrace()
        // Heads on an axis of their own, as a case has them.
        let trace = Trace(
            tokens: whole.tokens,
            steps: whole.steps.map { step in
                guard step.id.role == .weights || step.id.role == .scores else { return step }
                let one = step.output
                return Step(
                    id: step.id, title: Bilingual(en: "Attention weights", zh: "注意力权重"), formula: step.formula, source: step.source,
                    inputs: step.inputs, symbol: step.symbol, output: Tensor([.h, .t, .s], [1, 3, 3], one.values))
            })
        for figure in [Figure.matrix, .arcs, .heads] {
            let dense = try draw(trace, figure) { $0.step = "prefill.dense.weights" }
            let sparse = try draw(trace, figure) { $0.step = "prefill.attention.weights" }
            #expect(dense.title.en.lowercased().contains("dense attention") && dense.title.zh.contains("稠密注意力"), "\(dense.title)")
            #expect(dense.alt.en.lowercased().contains("dense attention") && dense.alt.zh.contains("稠密注意力"), "\(dense.alt)")
            #expect(!(sparse.title.en + sparse.alt.en).lowercased().contains("dense"), "\(sparse.title)")
        }
        let matrix = try draw(trace) { $0.step = "prefill.dense.weights" }
        #expect(matrix.title.en == "Dense attention: “c” rests 50% of its attention on itself")
        #expect(matrix.words.contains { $0.hasPrefix("Dense attention weights.") })
        // Nothing is called dense where nothing else stands beside it.
        let alone = Trace(tokens: trace.tokens, steps: trace.steps.filter { $0.id.branch == .dense })
        #expect(try draw(alone) { $0.step = "prefill.dense.weights" }.title.en == "“c” rests 50% of its attention on itself")
    }

    @Test func `a selection is a yes or no over keys, not a colour over positions`() throws {
        let scene = try draw(sparseTrace()) { $0.step = "selected" }
        #expect(scene.title.en == "“c” keeps 2 of 3 keys" && scene.title.zh == "“c”从 3 个键里选中 2 个")
        #expect(scene.hatchedCells == 1)
        #expect(scene.hotSpots.first { $0.label.text(.en) == "query c, key c: selected" }?.index == [2, 1])
    }

    @Test func `index scores of the future are pale and never the finding`() throws {
        let scene = try draw(sparseTrace()) { options in
            options.step = "indexer.score"
            options.query = 1
        }
        #expect(scene.title.en == "“b” scores highest with itself: 4")
        #expect(scene.words.contains("faint: future keys"))
        #expect(scene.words.contains { $0.contains("Before the mask.") })
        #expect(!scene.words.contains("9") && !scene.words.contains("9.00"))
        #expect(scene.rects.contains { $0.fill == nil && $0.stroke?.color == .indexer })
    }

    @Test func `a step is looked up in the phase, and an unknown one is named as typed`() throws {
        #expect(try draw(sparseTrace()) { $0.step = "dense.weights" }.provenance["step"] == "prefill.dense.weights")
        let error = #expect(throws: FigureError.self) { try draw(sparseTrace()) { $0.step = "nonsense" } }
        #expect(error?.description == "nonsense: there is no step of this name; there are prefill.selected")
        #expect(error?.cause?.kind == .unknownStep && error?.cause?.subject == "nonsense")
    }

    @Test func `the title of masked scores says what the mask leaves`() throws {
        let scene = try draw(Diary.trace("trip", .en)) { $0.step = "attention.scores" }
        #expect(scene.title.en == "No token sees the future: 171 of 324 pairs remain")
        #expect(scene.title.zh == "谁也看不到未来：324 对里剩 171 对")
        let titles = try ["attention.dot", "attention.scaled", "attention.scores"].map { id in
            try draw(Diary.trace("trip", .en)) { $0.step = id }.title.en
        }
        #expect(Set(titles).count == 3)
    }

    @Test func `a row of weights that does not add up to one says what is left`() throws {
        let weights = trace([0.15, 0, 0.4, 0.6], [.t, .s], [2, 2], tokens: ["Holiday", "to"])
        let scene = try draw(weights) { $0.query = 0 }
        #expect(scene.title.en == "“Holiday” keeps only 15% of its attention")
        #expect(scene.title.zh == "“Holiday”只剩下 15% 的注意力")
        #expect(!scene.words.contains { $0.contains("adds up to 1") })
    }

    @Test func `queries, keys and values wear their own colours`() throws {
        for (id, color) in [("attention.q", Paint.query), ("attention.k", .key), ("attention.v", .value)] {
            let scene = try draw(Diary.trace("trip", .en)) { $0.step = id }
            #expect(scene.rects.contains { $0.fill == nil && $0.stroke?.color == color }, "\(id)")
        }
        let scene = try draw(Diary.trace("trip", .en)) { $0.step = "attention.v" }
        #expect(scene.words.contains("token (row)"))
        #expect(try draw(Diary.trace("trip", .en)) { $0.step = "attention.output" }.words.contains("token (row)"))
    }

    @Test func `a table of few columns is low`() throws {
        let scene = try draw(Diary.trace("trip", .en)) { $0.step = "attention.k" }
        #expect(scene.size.height <= 640)
    }

    @Test func `a key-value head names the heads that share it`() throws {
        var recorder = Recorder(tokens: ["a", "b"], scopes: [.branch(.attention)])
        func weight(_ name: String, _ rows: Int) -> NamedTensor {
            NamedTensor(name, Tensor(Shape([.o, .c], [rows, 4])) { Double($0[0] + $0[1]) })
        }
        let x = try recorder.input(
            "x", "x", Tensor(Shape([.t, .c], [2, 4])) { Double($0[0] + 1) / Double($0[1] + 1) }, title: Bilingual(same: "x"))
        let attention = try DenseAttention(heads: 4, keyValueHeads: 2, headDimension: 2, valueDimension: 2, isCausal: true, rotary: nil)
        let weights = DenseAttention.Weights(
            query: weight("wq", 8), key: weight("wk", 4), value: weight("wv", 4),
            output: NamedTensor("wo", Tensor(Shape([.c, .o], [4, 8])) { Double($0[0]) }))
        _ = try attention.record(x, weights, on: &recorder)
        let slice = try MatrixSlice(recorder.trace.step("attention.k"), of: recorder.trace, head: .one(2))
        #expect(slice.headName?.en == "key-value head 1 (shared by heads 2 and 3)")
        #expect(slice.headName?.zh == "键值头 1（由头 2 和头 3 共用）")
    }

    @Test func `every axis has a name in both languages`() {
        for axis: Axis in [.l, .e, .r, "b"] {
            let step = Step(
                id: "x", title: Bilingual(same: "x"), formula: Formula(""), source: "", inputs: [], symbol: "x",
                output: Tensor(Shape([.c, axis], [2, 2]), [1, 2, 3, 4]))
            let name = try? MatrixSlice(step, of: Trace(steps: [step]), head: nil).axisName(axis)
            #expect(name?.en.count ?? 0 > 3 && name?.zh != axis.name)
        }
    }
}
