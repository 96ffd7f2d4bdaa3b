// Closed forms against the published table, against counted traces, and against sums done one query at a time.

import Mechanisms
import Records
import Testing
import Traces

enum Published {
    static func latent(indexer: Bool) throws -> ModelDimensions {
        try ModelDimensions(
            name: indexer ? "V3.2" : "V3.1", width: 7168, layers: 61, heads: 128,
            attention: .latent(.init(queryRank: 1536, latentRank: 512, nopeDimension: 128, ropeDimension: 64, valueDimension: 128)),
            indexer: indexer ? .init(heads: 64, headDimension: 128, topK: 2048) : nil)
    }
    static func h800(price: Double = 2, bf16: Double = 989.5e12) throws -> Hardware {
        try Hardware(name: "H800", bf16: bf16, fp8: 1979e12, bandwidth: 3.35e12, memory: 80e9, dollarsPerHour: price)
    }
}

@Suite struct CostTests {
    @Test(arguments: [
        (2048, 168, 570, 34, 604), (8192, 671, 2282, 134, 705), (32768, 2684, 9127, 537, 1107), (131_072, 10737, 36507, 2147, 2718),
    ])
    func `MFLOPs of one query are those of the published table`(t: Int, mha: Int, mqa: Int, indexer: Int, dsa: Int) throws {
        let costs = AttentionCosts(try Published.latent(indexer: true))
        func millions(_ work: AttentionWork) throws -> Int { Int((Double(try costs.flops(work, visible: t)) / 1e6).rounded()) }
        #expect(try [millions(.denseMHA), millions(.denseMQA), millions(.indexer), millions(.dsa)] == [mha, mqa, indexer, dsa])
    }

    @Test func `at 128K the counts are exact`() throws {
        let costs = AttentionCosts(try Published.latent(indexer: true))
        #expect(try costs.flops(.denseMHA, visible: 131_072) == 10_737_418_240)
        #expect(try costs.flops(.denseMQA, visible: 131_072) == 36_507_222_016)
        #expect(try costs.flops(.indexer, visible: 131_072) == 2_147_483_648)
        #expect(try costs.flops(.sparse, visible: 131_072) == 570_425_344)
    }

    @Test func `crossovers are solved`() throws {
        let costs = AttentionCosts(try Published.latent(indexer: true))
        #expect(try costs.dsaVersusDenseMHA()?.exact == 8704)
        #expect(try costs.dsaVersusDenseMQA()?.exact == 2176)
        #expect(try costs.maskedMHAVersusSparse()?.position == 6963)
        #expect(try costs.flops(.dsa, visible: 8704) == costs.flops(.denseMHA, visible: 8704))
    }

    @Test func `an indexer that costs more than dense attention never pays`() throws {
        let model = try ModelDimensions(
            name: "x", width: 8, layers: 1, heads: 1,
            attention: .latent(.init(queryRank: 4, latentRank: 4, nopeDimension: 2, ropeDimension: 2, valueDimension: 2)),
            indexer: .init(heads: 64, headDimension: 128, topK: 2))
        #expect(try AttentionCosts(model).dsaVersusDenseMHA() == nil)
    }

    @Test func `projections and parameters are the published ones`() throws {
        let costs = AttentionCosts(try Published.latent(indexer: true))
        #expect(try costs.perToken().projections == 340_656_128)
        #expect(try costs.perToken().expansion == 33_554_432)
        #expect(try costs.perToken().indexer == 27_918_336)
        #expect(try costs.parameters().indexer == 13_959_424)
        #expect(try costs.parameters().indexer * 61 == 851_524_864)
    }

    @Test func `caches take the published bytes`() throws {
        let costs = AttentionCosts(try Published.latent(indexer: true))
        let dense = AttentionCosts(try Published.latent(indexer: false))
        #expect(costs.cachePerToken == dense.cachePerToken.adding(index: 132))
        #expect(dense.cachePerToken.bf16 == 1152 && dense.cachePerToken.fp8 == 656)
        #expect(try (Double(dense.cache(length: 131_072, format: .bf16)) / 0x1p30 * 100).rounded() == 858)
        #expect(try (Double(costs.cache(length: 131_072, format: .fp8)) / 0x1p30 * 100).rounded() == 587)
        #expect(try dense.decodeReads(visible: 131_072, format: .bf16) == 150_994_944)
        #expect(try costs.decodeReads(visible: 131_072, format: .fp8) == 17_301_504 + 1_343_488)
        #expect(try dense.conversations(ofLength: 131_072, in: 80_000_000_000, format: .bf16) == 8)
        #expect(throws: EngineError(.value, "length", "expected 1 or more tokens, and memory of 0 or more bytes, found 0 tokens, 1 bytes"))
        { try dense.conversations(ofLength: 0, in: 1, format: .bf16) }
    }

    @Test(arguments: AttentionWork.allCases.filter { $0 != .windowMHA }) func `a sequence costs the sum of its queries`(work: AttentionWork)
        throws
    {
        let model = try ModelDimensions(
            name: "x", width: 8, layers: 1, heads: 3,
            attention: .latent(.init(queryRank: 4, latentRank: 5, nopeDimension: 2, ropeDimension: 4, valueDimension: 3)),
            indexer: .init(heads: 2, headDimension: 4, topK: 7))
        let costs = AttentionCosts(model)
        var total: ExactCount = 0
        for t in 1...23 {
            total += try costs.flops(work, visible: t)
            #expect(try costs.sequenceFlops(work, length: t) == total)
        }
    }

    /// Grouped attention of 3 layers, of which some have a window.
    private func windowed(_ keys: Int, layers: Int) throws -> AttentionCosts {
        AttentionCosts(
            try ModelDimensions(
                name: "x", width: 6, layers: 3, heads: 4,
                attention: .grouped(.init(keyValueHeads: 2, headDimension: 2, window: .init(keys: keys, layers: layers)))))
    }

    @Test(arguments: [1, 2, 5, 23, 40]) func `a window is counted pair by pair as its mask has them`(window: Int) throws {
        let (mixed, all) = (try windowed(window, layers: 2), try windowed(window, layers: 3))
        let perPair: ExactCount = 2 * 4 * (2 + 2)
        for length in [1, 4, 23, 31] {
            let (mask, whole) = (Mask.causal(rows: length, columns: length, window: window), Mask.causal(rows: length, columns: length))
            let (short, full) = (ExactCount(mask.visibleCount) * perPair, ExactCount(whole.visibleCount) * perPair)
            #expect(try mixed.sequenceFlops(.windowMHA, length: length) == short && mixed.sequenceFlops(.denseMHA, length: length) == full)
            // Where every layer has the window, that is what its dense attention is.
            #expect(try all.sequenceFlops(.windowMHA, length: length) == short && all.sequenceFlops(.denseMHA, length: length) == short)
            let last = ExactCount(mask.visibleKeys(of: length - 1).count)
            #expect(try mixed.flops(.windowMHA, visible: length) == last * perPair)
            #expect(try all.decodeReads(visible: length, format: .bf16) == last * 16)
            #expect(try mixed.decodeReads(visible: length, format: .bf16) == ExactCount(length) * 16)
            #expect(try mixed.cache(length: length, format: .fp8) == (2 * last + ExactCount(length)) * 8)
            #expect(try mixed.cacheWork(.windowMHA, visible: length, format: .fp8).bytes == last * 8)
            for past in 0..<length {
                let (rows, model) = (length - past, mixed.model)
                let pairs = Mask.causal(rows: rows, columns: length, offset: past, window: window).visibleCount
                #expect(try PassCosts(model, length: rows, past: past).visiblePairs(withinWindow: true) == ExactCount(pairs))
            }
        }
    }

    @Test(arguments: [1, 3, 8], [(4, 4), (4, 2), (4, 1)])
    func `closed forms equal the counted trace of dense attention`(length: Int, heads: (Int, Int)) throws {
        let (c, d) = (6, 2)
        let attention = try DenseAttention(
            heads: heads.0, keyValueHeads: heads.1, headDimension: d, valueDimension: d, isCausal: true, rotary: nil)
        func weight(_ name: String, _ o: Int, _ i: Int) -> NamedTensor {
            .init(name, Tensor([.o, .c], [o, i], (0..<o * i).map { Double($0 % 5) / 5 }))
        }
        let weights = DenseAttention.Weights(
            query: weight("q", heads.0 * d, c), key: weight("k", heads.1 * d, c), value: weight("v", heads.1 * d, c),
            output: weight("o", c, heads.0 * d))
        var recorder = Recorder()
        let x = try recorder.input(
            "input.x", "x", Tensor([.t, .c], [length, c], (0..<length * c).map { Double($0 % 7) / 7 }), title: Bilingual(same: "x"))
        _ = try attention.record(x, weights, on: &recorder)
        let costs = AttentionCosts(
            try ModelDimensions(
                name: "x", width: c, layers: 1, heads: heads.0, attention: .grouped(.init(keyValueHeads: heads.1, headDimension: d))))
        let predicted = try costs.sequenceFlops(.denseMHA, length: length) + costs.perToken().projections * ExactCount(length)
        #expect(ExactCount(recorder.trace.cost.contractionFlops) == predicted)
    }

    @Test func `a length of 2^40 is counted, and beyond 127 bits is an error`() throws {
        let costs = AttentionCosts(try Published.latent(indexer: true))
        #expect(try costs.sequenceFlops(.denseMQA, length: 1 << 40) == 278_528 * ((ExactCount(1) << 79) + (ExactCount(1) << 39)))
        #expect(try costs.cache(length: 1 << 40, format: .bf16) == (ExactCount(1) << 40) * 61 * (1152 + 132))
        #expect(throws: EngineError(.value, "flops", "expected a count below 2^127, found a larger one")) {
            try costs.sequenceFlops(.denseMQA, length: .max)
        }
        #expect(throws: EngineError(.value, "visible keys", "expected 0 or more tokens, found -1")) {
            try costs.flops(.denseMHA, visible: -1)
        }
    }

    @Test func `work that a model does not do is an error`() throws {
        let dense = AttentionCosts(try Published.latent(indexer: false))
        #expect(dense.works == [.denseMHA, .denseMQA])
        for work in [AttentionWork.indexer, .sparse, .dsa, .maskedMHA, .windowMHA] {
            // What is made of parts names the first that is missing.
            let part = [.sparse, .windowMHA].contains(work) ? work : .indexer
            #expect(throws: EngineError(.value, "V3.1: \(part)", "the model has no such work of its own")) {
                try dense.flops(work, visible: 5)
            }
        }
    }

    @Test func `dimensions that cannot be are refused by name`() throws {
        func grouped(_ width: Int, _ heads: Int, _ shared: Int) throws -> ModelDimensions {
            try ModelDimensions(
                name: "x", width: width, layers: 1, heads: heads, attention: .grouped(.init(keyValueHeads: shared, headDimension: 2)))
        }
        #expect { try grouped(-1, 2, 1) } throws: { "\($0)" == "hidden_size: expected a whole number from 1 to 16777216, found -1" }
        #expect { try grouped(1 << 40, 2, 1) } throws: { "\($0)".hasPrefix("hidden_size") }
        #expect(throws: EngineError(.value, "layers with a window", "expected at most 3, all of them, found 4")) {
            try windowed(5, layers: 4)
        }
        #expect(throws: EngineError(.value, "sliding_window", "expected a whole number from 1 to 16777216, found 0")) {
            try windowed(0, layers: 1)
        }
        #expect { try grouped(4, 4, 3) } throws: { "\($0)" == "num_key_value_heads: expected a divisor of 4 heads, found 3" }
        #expect(
            throws: EngineError(.value, "index_n_heads", "expected latent attention with q_lora_rank for the indexer to read, found none")
        ) {
            try ModelDimensions(
                name: "x", width: 4, layers: 1, heads: 1, attention: .grouped(.init(keyValueHeads: 1, headDimension: 2)),
                indexer: .init(heads: 1, headDimension: 1, topK: 1))
        }
    }
}

extension CacheBytes {
    fileprivate func adding(index: Int) -> [Int] { [bf16, fp8, index] }
    fileprivate static func == (a: CacheBytes, b: [Int]) -> Bool { [a.bf16, a.fp8, a.index] == b }
}
