import EngineTesting
import Mechanisms
import Testing
import Traces

func expectClose(
    _ a: [Double], _ b: [Double], _ tolerance: Double = 1e-12, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(a.count == b.count, comment, sourceLocation: sourceLocation)
    let scale = max(b.filter(\.isFinite).map(abs).max() ?? 1, 1e-300)
    for (x, y) in zip(a, b) where x != y { #expect(abs(x - y) <= tolerance * scale, comment, sourceLocation: sourceLocation) }
}

@Suite struct SparseAttentionTests {
    @Test(arguments: [3, 1], [true, false]) func `absorbed and expanded attention agree`(heads: Int, rounded: Bool) throws {
        var small = SmallSparse(heads: heads)
        small.float8 = rounded ? .powerOfTwo : nil
        let sparse = try small.make()
        let x = small.tokens(9)
        let expanded = try small.run(sparse, x, chunks: [9], form: .expanded)
        let absorbed = try small.run(sparse, x, chunks: [9], form: .absorbed)
        for id in ["p0.output", "p0.attention.weights", "p0.dense.output", "p0.attention.heads"] {
            try expectClose(absorbed.step(id).output.values, expanded.step(id).output.values, 1e-12, Comment(rawValue: id))
        }
        #expect(expanded.contains("p0.attention.k_nope") && !expanded.contains("p0.attention.q_absorbed"))
        #expect(absorbed.contains("p0.attention.q_absorbed") && !absorbed.contains("p0.attention.k_nope"))
    }

    @Test(arguments: [LatentAttention.Form.expanded, .absorbed]) func `decoding token by token equals prefill`(form: LatentAttention.Form)
        throws
    {
        let small = SmallSparse()
        let sparse = try small.make()
        let x = small.tokens(9)
        let whole = try small.run(sparse, x, chunks: [9], form: .expanded)
        let split = try small.run(sparse, x, chunks: [5, 1, 1, 1, 1], form: form)
        for i in 1...4 {
            let row = 4 + i
            try expectClose(split.step("p\(i).output").output.values, whole.step("p0.output").output.slice(.t, at: row).values)
            let chosen = try whole.step("p0.selected").output.slice(.t, at: row).values
            #expect(try split.step("p\(i).selected").output.values == chosen)
            try expectClose(
                split.step("p\(i).indexer.score").output.values,
                Array(whole.step("p0.indexer.score").output.slice(.t, at: row).values.prefix(row + 1)))
        }
    }

    @Test(arguments: [LatentAttention.Form.expanded, .absorbed]) func `without dense attention beside every other step is the same`(
        form: LatentAttention.Form
    ) throws {
        let small = SmallSparse()
        var sparse = try small.make()
        let x = small.tokens(9)
        let beside = try small.run(sparse, x, chunks: [6, 3], form: form)
        sparse.comparesWithDense = false
        let alone = try small.run(sparse, x, chunks: [6, 3], form: form)
        // Weights that dense attention reads too are recorded where it comes first.
        func computed(_ trace: Trace) -> [StepID] { trace.steps.filter { !$0.inputs.isEmpty && $0.id.branch != .dense }.map(\.id) }
        #expect(computed(alone) == computed(beside) && !computed(alone).isEmpty)
        #expect(Set(alone.steps.map(\.id)) == Set(beside.steps.map(\.id).filter { $0.branch != .dense }))
        for step in alone.steps { #expect(try step.output == beside.step(step.id).output, "\(step.id)") }
        let (said, known) = (try alone.step("p1.selected").facts, try beside.step("p1.selected").facts)
        #expect(Set(said.keys) == ["cut", "rowsDecidedByTie"])
        #expect(Set(known.keys) == ["cut", "rowsDecidedByTie", "massKept", "recall", "recallAllRows"])
        #expect(said["cut"] == known["cut"] && said["rowsDecidedByTie"] == known["rowsDecidedByTie"])
    }

    @Test func `the oracle refuses to choose where no dense attention runs`() throws {
        let small = SmallSparse()
        var sparse = try small.make()
        sparse.rule = .oracle
        sparse.comparesWithDense = false
        let refusal = EngineError(
            .value, "the rule oracle", expected: "dense attention's weights to rank by", found: "no dense attention")
        #expect(throws: refusal) { try small.run(sparse, small.tokens(9), chunks: [9], form: .expanded) }
    }

    @Test(arguments: [2, 4, 20]) func `the gathered path equals the masked one, and pays for the selected pairs alone`(topK: Int) throws {
        var small = SmallSparse()
        small.topK = topK
        let sparse = try small.make()
        let trace = try small.run(sparse, small.tokens(9), chunks: [9], form: .absorbed, paths: [.masked, .gathered])
        try expectClose(trace.step("p0.gathered.output").output.values, trace.step("p0.output").output.values)
        let pairs = (1...9).reduce(0) { $0 + min($1, topK) }
        for id in ["attention", "gathered"] {
            #expect(try trace.step("p0.\(id).dot_latent").cost.contractionFlops == 2 * small.heads * pairs * 8)
        }
        let ranks = min(topK, 9)
        #expect(try trace.step("p0.gathered.dot_latent").cost.flops == 2 * small.heads * 9 * ranks * 8)
        #expect(try trace.step("p0.attention.dot_latent").cost.flops == 2 * small.heads * 81 * 8)
    }

    @Test func `with k of all visible keys, sparse attention is dense attention`() throws {
        var small = SmallSparse()
        small.topK = 9
        let trace = try small.run(small.make(), small.tokens(9), chunks: [9], form: .expanded)
        #expect(try trace.step("p0.output").output == trace.step("p0.dense.output").output)
        guard case .numbers(let mass)? = try trace.step("p0.selected").facts["massKept"] else {
            throw EngineError(.value, "massKept", "absent")
        }
        for share in mass { #expect(abs(share - 1) < 1e-14) }
        #expect(try trace.step("p0.selected").facts["recallAllRows"] == .number(1))
    }

    @Test func `without positions and ties, permuting cached tokens permutes the selection`() throws {
        var small = SmallSparse()
        small.layout = nil
        small.float8 = nil
        let sparse = try small.make()
        let x = small.tokens(9)
        let order = [5, 2, 7, 0, 3, 6, 1, 4]
        let permuted = Tensor(x.shape.axes, x.shape.lengths, (order + [8]).flatMap { Array(x.values[$0 * 10..<($0 + 1) * 10]) })
        let before = try small.run(sparse, x, chunks: [8, 1], form: .absorbed).step("p1.selected").output.values
        let after = try small.run(sparse, permuted, chunks: [8, 1], form: .absorbed).step("p1.selected").output.values
        #expect(Set(after.map { $0 == 8 ? 8 : Double(order[Int($0)]) }) == Set(before))
    }

    @Test(
        arguments: [
            (SmallSparse(), []), (SmallSparse(heads: 1, indexHeads: 3, indexDimension: 16, rope: 6), []),
            (SmallSparse(float8: .float32), [.hadamardQueryOnly, .noReLU, .noHeadWeights, .maskAfterSoftmax]),
        ] as [(SmallSparse, [Switch])])
    func `every cell of every step explains itself with the value that was recorded`(small: SmallSparse, switches: [Switch]) throws {
        let trace = try small.run(
            small.make().switching(switches), small.tokens(6), chunks: [5, 1], form: .absorbed, paths: [.masked, .gathered])
        for step in trace.steps {
            for offset in stride(from: 0, to: step.output.shape.count, by: 1 + step.output.shape.count / 50) {
                let index = step.output.shape.index(ofOffset: offset)
                #expect(step.recomputed(index) == step.output[index], "\(step.id)\(index)")
                #expect(try !step.explain(index).lines(.zh).isEmpty)
            }
        }
    }

    @Test func `one token attends to itself`() throws {
        let small = SmallSparse()
        let trace = try small.run(small.make(), small.tokens(1), chunks: [1], form: .expanded)
        #expect(try trace.step("p0.selected").output.values == [0])
        #expect(try trace.step("p0.attention.weights").output.values == [1, 1, 1])
    }

    @Test func `a score explains its heads, cuts, weights and scale; an FP8 value its bits`() throws {
        let small = SmallSparse()
        let trace = try small.run(small.make(), small.tokens(6), chunks: [6], form: .expanded)
        let score = try trace.step("p0.indexer.score").explain([5, 2])
        #expect(score.symbolic == "σ^k[2]·(Σ_j w^I[5,j]·max(0, a[5,j,2]))")
        #expect(score.numeric?.contains("max(0, ") == true)
        let dots = try (0..<2).map { try trace.value("p0.indexer.dot", [5, $0, 2]) }
        let cut = dots.count { $0 < 0 }
        #expect(score.notes.contains { $0.en.hasPrefix(cut == 0 ? "ReLU cuts none" : "ReLU cuts \(cut) of 2 dot products to 0: j = ") })
        let rounded = try trace.step("p0.indexer.q").explain([5, 0, 3])
        let code = Float8.encode(rounded.value)
        #expect(rounded.notes.contains { $0.en.contains("code \(code) = \(Float8.bits(code))") })
    }

    @Test func `oracle, recent, random and window rules choose what they say`() throws {
        let small = SmallSparse()
        let sparse = try small.make()
        func selection(_ rule: SelectionRule) throws -> [Double] {
            try small.run(sparse.switching([.select(rule)]), small.tokens(9), chunks: [9], form: .expanded).step("p0.selected").output
                .slice(.t, at: 8).values
        }
        #expect(try selection(.recent) == [5, 6, 7, 8])
        #expect(try selection(.windowAndSinks) == [0, 1, 7, 8])
        #expect(try selection(.random) == selection(.random))
        let oracle = try small.run(sparse.switching([.select(.oracle)]), small.tokens(9), chunks: [9], form: .expanded)
        #expect(try oracle.step("p0.selected").facts["recallAllRows"] == .number(1))
    }

    @Test(arguments: [
        "indexer-rope-interleaved", "hadamard-query-only", "no-relu", "no-head-weights", "no-fp8", "mask-after-softmax", "top-k=2",
    ])
    func `each switch changes the output`(name: String) throws {
        let small = SmallSparse()
        let sparse = try small.make()
        let change = try Switch(parsing: name)
        #expect(change.description == name)
        let right = try small.run(sparse, small.tokens(9), chunks: [9], form: .expanded).step("p0.output").output.values
        let other = try small.run(sparse.switching([change]), small.tokens(9), chunks: [9], form: .expanded)
        let wrong = try other.step("p0.output").output.values
        let scores = try other.step("p0.indexer.score").output.values
        let rightScores = try small.run(sparse, small.tokens(9), chunks: [9], form: .expanded).step("p0.indexer.score").output.values
        #expect(zip(right, wrong).contains { abs($0 - $1) > 1e-6 } || zip(scores, rightScores).contains { abs($0 - $1) > 1e-6 })
    }

    @Test func `the indexer's rotary layout is reversed from either side, and the switch that changes nothing names the other`()
        throws
    {
        var small = SmallSparse()
        let half = try small.make()
        small.layout = .interleaved
        let interleaved = try small.make()
        func scores(_ sparse: SparseAttention) throws -> Tensor {
            try small.run(sparse, small.tokens(9), chunks: [9], form: .expanded).step("p0.indexer.score").output
        }
        #expect(try scores(interleaved.switching([.indexerRopeHalf])) == scores(half))
        #expect(try scores(half.switching([.indexerRopeInterleaved])) == scores(interleaved))
        for (sparse, idle, layout, other) in [
            (half, Switch.indexerRopeHalf, "interleaved", "indexer-rope-interleaved"),
            (interleaved, .indexerRopeInterleaved, "half", "indexer-rope-half"),
        ] {
            let part = "rotary embedding of the \(layout) layout in its indexer"
            let problem = "expected an attention with \(part), found the other one, which \(other) reverses"
            #expect(throws: EngineError(.value, "switch \(idle)", problem)) { try sparse.switching([idle]) }
        }
    }

    @Test(arguments: ["no-such", "select=indexer", "select=best"]) func `an unknown switch is an error that lists them`(name: String) {
        let known = "indexer-rope-interleaved, indexer-rope-half, hadamard-query-only, no-relu, no-head-weights, no-fp8, mask-after-softmax"
        let rules = "top-k=N, select=random|recent|oracle|window+sinks, temperature=T, heads=0,1,…"
        #expect(throws: EngineError(.value, "switch \(name)", "expected one of \(known), \(rules), found \(name)")) {
            try Switch(parsing: name)
        }
    }

    @Test(arguments: ["0", "x"]) func `top-k of no keys or of no number is an error`(k: String) {
        #expect(throws: EngineError(.value, "top-k=\(k)", "expected top-k=N with N of at least 1, found \(k)")) {
            try Switch(parsing: "top-k=\(k)")
        }
    }

    @Test func `switches with nothing to change are errors`() throws {
        var small = SmallSparse()
        small.float8 = nil
        small.layout = nil
        small.hadamard = false
        let sparse = try small.make()
        let cases: [(Switch, [SparseAttention.Path], part: String)] = [
            (.noFloat8, [.masked], "FP8"),
            (.indexerRopeInterleaved, [.masked], "rotary embedding of the half layout in its indexer"),
            (.hadamardQueryOnly, [.masked], "a Hadamard rotation of queries and keys"),
            (.maskAfterSoftmax, [.gathered], "a selection that masks its scores"),
        ]
        for (change, paths, part) in cases {
            #expect(throws: EngineError(.value, "switch \(change)", "expected an attention with \(part), found none here")) {
                try small.run(sparse.switching([change]), small.tokens(3), chunks: [3], form: .expanded, paths: paths)
            }
        }
    }

    @Test func `head dimensions that do not fit are named`() {
        #expect(throws: EngineError(.shape, "indexer rotary embedding", "expected at most 2 features, found 4")) {
            try SmallSparse(indexDimension: 2, rope: 4).make()
        }
        #expect(throws: EngineError(.shape, "rotary embedding", "expected an even, positive number of features, found 5")) {
            try SmallSparse(rope: 5).make()
        }
        #expect(throws: EngineError(.shape, "index_head_dim", "expected a power of two for the Hadamard rotation, found 12")) {
            try SmallSparse(indexDimension: 12).make()
        }
        #expect(throws: EngineError(.shape, "index_topk", "expected at least 1, found 0")) { try SmallSparse(topK: 0).make() }
    }

    @Test func `an empty pass and mismatched weights are errors`() throws {
        let small = SmallSparse()
        #expect(throws: EngineError(.shape, "input.x", "expected [t, 10] with at least one token, found [0, 10]")) {
            try small.run(small.make(), small.tokens(0), chunks: [0], form: .expanded)
        }
        var weights = try small.make().attention.weights
        weights.output = NamedTensor("wo", Tensor([.o, .c], [1, 1], [1]))
        let attention = try small.make().attention
        #expect(throws: EngineError(.shape, "weight.wo", "expected [10, 15], found [1, 1]")) {
            try LatentAttention(
                dimensions: attention.dimensions, weights: weights, softmaxScale: attention.softmaxScale,
                frequencies: attention.frequencies, epsilon: 1e-6)
        }
    }

    @Test func `top-k lets the lower position win ties, counts -0 as 0, and is clamped to what is visible`() throws {
        var recorder = Recorder()
        let scores = try recorder.input(
            "input.s", "I", Tensor([.t, .s], [2, 5], [-0.0, 0, 1, 0, 1, 3, 1, 1, 0, 2]), title: Bilingual(same: "I"))
        let selected = try topK(scores, 3, visible: .causal(rows: 2, columns: 5, offset: 1)).tensor
        #expect(selected.values == [0, 1, -1, 0, 1, 2])
        let all = try topK(scores, 3, visible: .bidirectional(rows: 2, columns: 5)).tensor
        #expect(all.values == [0, 2, 4, 0, 1, 4])
    }
}
