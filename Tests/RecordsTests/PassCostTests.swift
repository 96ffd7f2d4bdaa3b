// Closed forms against counted traces, as whole numbers: every part of dense and sparse attention, masked and gathered, prefill and decode.

import EngineTesting
import Mechanisms
import Records
import Testing
import Traces

@Suite struct PassCostTests {
    private func dimensions(_ small: SmallSparse, _ sparse: SparseAttention) throws -> ModelDimensions {
        let d = sparse.attention.dimensions
        return try ModelDimensions(
            name: "small", width: d.model, layers: 1, heads: d.heads,
            attention: .latent(
                .init(
                    queryRank: d.queryLatent, latentRank: d.keyValueLatent, nopeDimension: d.nope, ropeDimension: d.rope,
                    valueDimension: d.value)),
            indexer: .init(heads: small.indexHeads, headDimension: small.indexDimension, topK: small.topK))
    }

    /// Counted cost of the steps whose id satisfies the condition.
    private func counted(_ trace: Trace, _ isMeant: (String) -> Bool) -> PassCosts.Count {
        let cost = trace.steps.filter { isMeant($0.id.text) }.reduce(Cost()) { $0 + $1.cost }
        return .init(flops: ExactCount(cost.flops), contraction: ExactCount(cost.contractionFlops))
    }

    /// Sizes that differ from each other, so that none can stand for another.
    private static let grid: [SmallSparse] = {
        var wide = SmallSparse()
        (wide.heads, wide.indexHeads, wide.indexDimension, wide.rope, wide.nope, wide.value, wide.topK) = (5, 4, 16, 6, 2, 9, 3)
        var exact = SmallSparse()
        (exact.float8, exact.topK, exact.heads) = (nil, 1, 1)
        var all = SmallSparse()
        all.topK = 50
        return [SmallSparse(), wide, exact, all]
    }()

    @Test(arguments: 0..<4, [[1], [9], [4, 1, 1], [3, 5]])
    func `closed forms equal the counted trace of sparse attention, every operation of it`(size: Int, chunks: [Int]) throws {
        let small = Self.grid[size]
        let sparse = try small.make()
        let model = try dimensions(small, sparse)
        let x = small.tokens(chunks.reduce(0, +))
        for form in LatentAttention.Form.allCases {
            let trace = try small.run(sparse, x, chunks: chunks, form: form, paths: [.masked, .gathered])
            for (i, length) in chunks.enumerated() {
                let pass = try PassCosts(model, length: length, past: chunks[..<i].reduce(0, +))
                func attend(_ pairs: ExactCount) throws -> PassCosts.Count {
                    form == .expanded ? try pass.expanded(pairs: pairs) : try pass.absorbed(pairs: pairs)
                }
                let parts = [
                    try pass.latentProjections(float8Block: small.float8 == nil ? nil : 4), try pass.indexer(float8: small.float8 != nil),
                    try pass.absorption(), try attend(pass.visiblePairs()), try attend(pass.selectedPairs()), try pass.gathered(),
                    form == .expanded ? try pass.expansion() : .init(flops: 0, contraction: 0),
                ]
                let predicted = parts.reduce(.init(flops: 0, contraction: 0), +)
                #expect(counted(trace) { $0.hasPrefix("p\(i).") } == predicted, "\(form), chunk \(i)")
                #expect(counted(trace) { $0.hasPrefix("p\(i).indexer.") } == parts[1])
                #expect(counted(trace) { $0.hasPrefix("p\(i).gathered.") } == parts[5])
            }
        }
    }

    @Test(arguments: [1, 4, 9]) func `products over pairs are those of the published counts`(length: Int) throws {
        let small = SmallSparse()
        let sparse = try small.make()
        let model = try dimensions(small, sparse)
        let costs = AttentionCosts(model)
        let expanded = try small.run(sparse, small.tokens(length), chunks: [length], form: .expanded, paths: [.masked])
        let index = counted(expanded) { $0 == "p0.indexer.dot" }.contraction
        #expect(try index == costs.sequenceFlops(.indexer, length: length))
        let pass = try PassCosts(model, length: length)
        #expect(try pass.visiblePairs() == ExactCount(length * (length + 1) / 2))
        #expect(try pass.selectedPairs() * costs.flopsPerKey(.sparse) == costs.sequenceFlops(.sparse, length: length))
        // The way back and the output belong to the token, not to the pair.
        let tail = 2 * length * small.heads * small.value * (8 + small.width)
        #expect(try pass.gathered().contraction == costs.sequenceFlops(.sparse, length: length) + ExactCount(tail))
        let absorbed = try small.run(sparse, small.tokens(length), chunks: [length], form: .absorbed, paths: [.masked])
        let dense = ["p0.dense.dot_latent", "p0.dense.dot_pe", "p0.dense.latent"]
        #expect(try counted(absorbed, dense.contains).contraction == costs.sequenceFlops(.denseMQA, length: length))
    }

    @Test(arguments: [[1], [6], [3, 2, 1]], [(4, 4), (6, 2), (3, 1)])
    func `closed forms equal the counted trace of grouped attention, every operation of it`(chunks: [Int], heads: (Int, Int)) throws {
        let (c, d) = (7, 4)
        for (rotary, window) in [(DenseAttention.Rotary(layout: .half, theta: 100), nil), (nil, nil), (nil, 2), (nil, 4)] as [(_, Int?)] {
            let attention = try DenseAttention(
                heads: heads.0, keyValueHeads: heads.1, headDimension: d, valueDimension: d, isCausal: true, rotary: rotary, window: window)
            var noise = Noise(seed: 3)
            let weights = DenseAttention.Weights(
                query: .init("q", noise.tensor([.o, .c], [heads.0 * d, c])), key: .init("k", noise.tensor([.o, .c], [heads.1 * d, c])),
                value: .init("v", noise.tensor([.o, .c], [heads.1 * d, c])), output: .init("o", noise.tensor([.o, .c], [c, heads.0 * d])))
            let model = try ModelDimensions(
                name: "x", width: c, layers: 1, heads: heads.0,
                attention: .grouped(
                    .init(keyValueHeads: heads.1, headDimension: d, window: window.map { .init(keys: $0, layers: 1) })))
            var cache: DenseAttention.Cache?
            for (i, length) in chunks.enumerated() {
                var recorder = Recorder()
                let x = try recorder.input("input.x", "x", noise.tensor([.t, .c], [length, c]), title: Bilingual(same: "x"))
                cache = try attention.record(x, weights, cache: cache, on: &recorder).cache
                let pass = try PassCosts(model, length: length, past: chunks[..<i].reduce(0, +))
                #expect(try counted(recorder.trace) { _ in true } == pass.grouped(rotates: rotary != nil, withinWindow: window != nil))
            }
        }
    }

    @Test func `parts that a model lacks, and lengths beyond counting, are errors`() throws {
        let grouped = try ModelDimensions(
            name: "x", width: 8, layers: 1, heads: 2, attention: .grouped(.init(keyValueHeads: 1, headDimension: 4)))
        let pass = try PassCosts(grouped, length: 4)
        #expect { try pass.latentProjections() } throws: {
            "\($0)" == "x: expected a model of latent attention with compressed queries, found another"
        }
        #expect { try pass.indexer(float8: true) } throws: { "\($0)" == "x: expected a model of an indexer, found another" }
        #expect(throws: EngineError(.value, "x: sparse", "the model has no such work of its own")) { try pass.selectedPairs() }
        #expect(throws: EngineError(.value, "V3.2", "expected a model of grouped attention, found another")) {
            try PassCosts(Published.latent(indexer: true), length: 4).grouped(rotates: true)
        }
        #expect(throws: EngineError(.value, "length", "expected 0 or more tokens, found -1")) { try PassCosts(grouped, length: -1) }
        #expect(throws: EngineError(.value, "cached tokens", "expected 0 or more tokens, found -1")) {
            try PassCosts(grouped, length: 1, past: -1)
        }
        #expect { try PassCosts(Published.latent(indexer: true), length: .max, past: .max).absorbed(pairs: 1) } throws: {
            "\($0)" == "flops: expected a count below 2^127, found a larger one"
        }
        #expect(try PassCosts(Published.latent(indexer: true), length: 1 << 40).gathered().flops > ExactCount(1) << 69)
    }
}
