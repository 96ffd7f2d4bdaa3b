// The Float32 kernels against the engine's own expressions in Double at small sizes, the selection against a full sort, and the guards.

import AttentionKernels
import Mechanisms
import Records
import Testing
import Traces

@Suite struct KernelTests {
    static func dimensions(topK: Int = 9) throws -> DecodeDimensions {
        try DecodeDimensions(heads: 6, latent: 10, rope: 3, indexHeads: 4, indexWidth: 7, topK: topK, softmaxScale: 0.4)
    }

    private func leaf(_ name: String, _ axes: [Axis], _ lengths: [Int], _ values: [Float], _ recorder: inout Recorder) throws -> Expression
    {
        try recorder.input(StepID(name), name, Tensor(axes, lengths, values.map { Double($0) }), title: Bilingual(same: name))
    }

    /// Weighted latents [heads, latent] over `positions`, by the engine.
    private func engine(_ d: DecodeDimensions, query: [Float], cache: [Float], positions: [Int]) throws -> [Double] {
        var recorder = Recorder()
        let rows = positions.flatMap { cache[$0 * d.key..<($0 + 1) * d.key] }
        let q = try leaf("q", [.h, .d], [d.heads, d.key], query, &recorder)
        let k = try leaf("k", [.s, .d], [positions.count, d.key], rows, &recorder)
        let weights = try softmax(dot(q, k) * Constant(Double(d.softmaxScale)), over: .s)
        return try sum(weights * k.slicing(.d, 0..<d.latent), over: .s).tensor.transposed(to: [.h, .d]).values
    }

    private func close(_ found: some Collection<Float>, _ expected: [Double]) -> Bool {
        let largest = expected.map { abs($0) }.max() ?? 1
        return found.count == expected.count && zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 1e-4 * largest }
    }

    @Test(arguments: [1, 5, 9, 10, 130, 1024, 2049]) func `decode agrees with the engine`(length: Int) throws {
        let d = try Self.dimensions()
        let kernel = try DecodeKernel(d, capacity: 2049)
        let input = DecodeInput.seeded(d, length: length)
        #expect(
            close(
                try kernel.dense(input, length: length),
                try engine(d, query: input.query.array, cache: input.cache.array, positions: Array(0..<length))))
        let sparse = try kernel.sparse(input, length: length)
        #expect(sparse.selected.count == min(length, 9))
        #expect(
            close(
                sparse.output, try engine(d, query: input.query.array, cache: input.cache.array, positions: sparse.selected.map { Int($0) })
            ))

        var recorder = Recorder()
        let q = try leaf("q", [.j, .d], [4, 7], input.indexQuery.array, &recorder)
        let k = try leaf("k", [.s, .d], [length, 7], input.indexKeys.array, &recorder)
        let products = try dot(q, k).tensor  // [j, s]
        let expected = (0..<length).map { s in (0..<4).reduce(0.0) { $0 + Double(input.indexWeights[$1]) * max(products[$1, s], 0) } }
        #expect(close(try kernel.scores(input, length: length), expected))
    }

    @Test func `decode with every key selected is dense decode`() throws {
        let d = try Self.dimensions(topK: 700)
        let kernel = try DecodeKernel(d, capacity: 700)
        let input = DecodeInput.seeded(d, length: 700)
        #expect(close(try kernel.sparse(input, length: 700).output, try kernel.dense(input, length: 700).map { Double($0) }))
    }

    @Test(arguments: [1, 31, 300]) func `prefill is decode at every position`(length: Int) throws {
        let d = try Self.dimensions()
        let input = PrefillInput.seeded(d, length: length)
        let prefill = PrefillKernel(d)
        let (dense, sparse) = (try prefill.dense(input, length: length), try prefill.sparse(input, length: length))
        for t in Set([0, length / 2, length - 1]) {
            let range = t * d.heads * d.latent..<(t + 1) * d.heads * d.latent
            let query = Array(input.query.array[t * d.heads * d.key..<(t + 1) * d.heads * d.key])
            #expect(close(dense[range], try engine(d, query: query, cache: input.cache.array, positions: Array(0...t))))
            #expect(
                close(
                    sparse.output[range],
                    try engine(d, query: query, cache: input.cache.array, positions: sparse.selected[t].map { Int($0) })))
            #expect(sparse.selected[t].count == min(t + 1, 9) && sparse.selected[t].allSatisfy { $0 <= t })
        }
    }

    @Test func `very large and very small scores stay finite`() throws {
        let d = try DecodeDimensions(heads: 1, latent: 1, rope: 1, indexHeads: 1, indexWidth: 1, topK: 2, softmaxScale: 1)
        let kernel = try DecodeKernel(d, capacity: 3)
        let one = FloatBuffer([1])
        let input = DecodeInput(
            query: FloatBuffer([0, 1]), cache: FloatBuffer([5, -1e30, 7, 300, 9, 299]), indexQuery: one, indexKeys: FloatBuffer([1, 2, 3]),
            indexWeights: one)
        #expect(close(try kernel.dense(input, length: 3), [(7 + 9 * 0.36787944117144233) / 1.3678794411714423]))
    }

    @Test(arguments: [0, 1, 7, 100, 4000, 5000]) func `top-k is a stable sort's first k`(k: Int) throws {
        let seeded = FloatBuffer.seeded(7, count: 4000).array
        for scores in [
            seeded, seeded.map { ($0 * 3).rounded() }, seeded.map { _ in 0 }, seeded.map { $0 < 0 ? -0.0 : 0 },
            seeded.map { -abs($0) * 1e-38 }, seeded.map { $0 < 0 ? -.infinity : $0 },
        ] {
            let expected = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(k).sorted().map { Int32($0) }
            #expect(try scores.withUnsafeBufferPointer { buffer throws(EngineError) in try TopK.positions(of: buffer, k: k) } == expected)
        }
    }

    @Test func `NaN and unfit inputs are refused by name`() throws {
        #expect { try [1, .nan].withUnsafeBufferPointer { try TopK.positions(of: $0, k: 1) } } throws: {
            "\($0)" == "index score 1: expected a number, found NaN"
        }
        #expect(throws: EngineError(.value, "top-k", "expected 0 or more, found -1")) {
            try [1].withUnsafeBufferPointer { try TopK.positions(of: $0, k: -1) }
        }
        let d = try Self.dimensions()
        let kernel = try DecodeKernel(d, capacity: 20)
        let input = DecodeInput.seeded(d, length: 20)
        input.cache[13 * 5] = .nan
        #expect(throws: EngineError(.value, "output[0,0]", "expected a finite number, found nan")) { try kernel.dense(input, length: 20) }
        let clean = DecodeInput.seeded(d, length: 20)
        clean.indexKeys[3] = .nan
        let dirty = DecodeInput(
            query: clean.query, cache: clean.cache, indexQuery: clean.indexQuery, indexKeys: clean.indexKeys,
            indexWeights: clean.indexWeights)
        #expect(throws: EngineError(.value, "index score 0", "expected a number, found NaN")) { try kernel.sparse(dirty, length: 20) }
        #expect(throws: EngineError(.value, "length", "expected 1 to 20, found 21")) { try kernel.dense(input, length: 21) }
        #expect(throws: EngineError(.shape, "cache", "expected 52 values or more, found 39")) {
            try kernel.dense(.seeded(d, length: 3), length: 4)
        }
        #expect(throws: EngineError(.shape, "query", "expected 73728 values, found 78")) {
            try DecodeKernel(.deepSeekV32, capacity: 1).dense(.seeded(d, length: 1), length: 1)
        }
        #expect(throws: EngineError(.value, "length", "expected 1 to 2147483647, found 0")) { try DecodeKernel(d, capacity: 0) }
        #expect(throws: EngineError(.value, "heads", "expected 1 to 1048576, found 0")) {
            try DecodeDimensions(heads: 0, latent: 1, rope: 1, indexHeads: 1, indexWidth: 1, topK: 1, softmaxScale: 1)
        }
        #expect(throws: EngineError(.value, "softmax scale", "expected a number above 0, found nan")) {
            try DecodeDimensions(heads: 1, latent: 1, rope: 1, indexHeads: 1, indexWidth: 1, topK: 1, softmaxScale: .nan)
        }
        let prefill = PrefillInput.seeded(d, length: 20)
        prefill.indexKeys[3] = .nan
        #expect(throws: EngineError(.value, "index scores of query 0", "expected numbers, found NaN")) {
            try PrefillKernel(d).sparse(prefill, length: 20)
        }
        prefill.cache[3] = .nan
        #expect(throws: EngineError(.value, "output[60]", "expected a finite number, found nan")) {
            try PrefillKernel(d).dense(prefill, length: 20)
        }
        #expect(throws: EngineError(.shape, "query", "expected 1638 values or more, found 1560")) {
            try PrefillKernel(d).dense(prefill, length: 21)
        }
        #expect(throws: EngineError(.value, "length", "expected 1 to 16777216, found 0")) { try PrefillKernel(d).dense(prefill, length: 0) }
    }

    @Test func `a processor younger than the BLAS gets kernels that use its vector units`() {
        let young: Set<String> = ["avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"]
        #expect(BLAS.betterCore(than: "Prescott", features: young) == "SkylakeX")
        #expect(BLAS.betterCore(than: "Prescott", features: ["avx2", "fma", "avx512f"]) == "Haswell")
        #expect(BLAS.betterCore(than: "Prescott", features: ["sse2"]) == nil)
        #expect(BLAS.betterCore(than: "Zen", features: young) == nil)
        #expect(BLAS.betterCore(than: BLAS.description.core, features: Machine.features) == nil, "the choice has been made")
    }

    @Test func `seeded numbers are those of SplitMix64`() {
        // The finaliser of SplitMix64 at counters 2^40 and 2^40 + 1, computed with Python's whole numbers.
        let found = FloatBuffer.seeded(1, count: 2).array
        #expect(found == Self.splitMix)
    }

    static let splitMix: [Float] = [0.8203736543655396, -0.8030064105987549]
}

@Suite struct OnlineSoftmaxStateTests {
    @Test(arguments: [1, 2, 3, 7]) func `after every block the state is what the engine records`(block: Int) throws {
        let (keys, width) = (7, 2)
        let scores: [Float] = [-3, 0.5, 2, -1, 4, 4, 1.25]
        let values = (0..<keys * width).map { Float($0 * 5 % 9) / 4 - 1 }
        var recorder = Recorder()
        let S = try recorder.input(
            "input.S", "S", Tensor([.h, .t, .s], [1, 1, keys], scores.map { Double($0) }), title: Bilingual(same: "S"))
        let v = try recorder.input(
            "input.v", "v", Tensor([.s, .h, .d], [keys, 1, width], values.map { Double($0) }), title: Bilingual(same: "v"))
        _ = try OnlineSoftmax(blockSize: block).record(S, values: v, on: &recorder)

        let state = OnlineSoftmaxState(rows: 1, width: width)
        for (b, start) in stride(from: 0, to: keys, by: block).enumerated() {
            var line = Array(scores[start..<min(start + block, keys)])
            line.withUnsafeMutableBufferPointer { state.absorb($0.baseAddress!, keys: $0.count, stride: $0.count, scale: 1) }
            for (i, weight) in line.enumerated() {
                for d in 0..<width { state.output[d] += weight * values[(start + i) * width + d] }
            }
            func recorded(_ role: Role, _ index: [Int]) throws -> Double { try recorder.trace.value(StepID([.block(b)], role), index) }
            #expect(Double(state.maximum[0]) == (try recorded(.runningMaximum, [0, 0])))
            #expect(abs(Double(state.total[0]) - (try recorded(.runningSum, [0, 0]))) < 1e-6)
            for d in 0..<width { #expect(abs(Double(state.output[d]) - (try recorded(.output, [0, 0, d]))) < 1e-6) }
        }
    }
}

@Suite struct MeasurementTests {
    private func options(_ phase: MeasurementOptions.Phase) throws -> MeasurementOptions {
        var options = MeasurementOptions(phase, quick: true)
        options.dimensions = try KernelTests.dimensions()
        options.lengths = [8, 16, 64]
        options.secondsLimit = nil
        return options
    }

    @Test(arguments: MeasurementOptions.Phase.allCases) func `a measurement has a row a length, agrees with Double, and is valid JSON`(
        phase: MeasurementOptions.Phase
    ) throws {
        var calls = 0
        let report = try Measurement.run(options(phase), progress: { _ in calls += 1 })
        #expect(report.rows.map(\.length) == [8, 16, 64] && report.isComplete && calls == 3 * 4 * 2 + 3)
        for row in report.rows {
            let agreement = try #require(row.agreement)
            #expect(agreement.dense < 1e-4 && agreement.sparse < 1e-4 && agreement.unresolvedDifferences == 0)
            #expect(row.dense.least <= row.dense.median && row.dense.median <= row.dense.most)
        }
        let read = try Array(report.json.text().utf8).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: "measured.json") { reader throws(FileError) in
                try Settings(file: "measured.json", reader: &reader)
            }
        }
        #expect(try read.text("phase") == phase.rawValue && read.fields.count == 7)
        guard case .array(let rows) = read.fields["rows"], case .object(let last) = try #require(rows.last) else {
            Issue.record("rows are no list of objects")
            return
        }
        #expect(rows.count == 3)
        if case .number(let speedup) = last["speedup"] { #expect(speedup == report.rows[2].speedup) } else { Issue.record("no speedup") }
    }

    @Test func `a cancelled measurement keeps the lengths that were timed`() throws {
        var calls = 0
        // Six runs to warm up; then dense and sparse at 8, and dense at 16.
        let report = try Measurement.run(options(.decode), progress: { _ in calls += 1 }, isCancelled: { calls >= 9 })
        #expect(report.rows.map(\.length) == [8] && !report.isComplete)
        #expect(report.denseGrowth == nil && report.rows[0].dense.runs == 1 && report.rows[0].agreement == nil)
        #expect(try Measurement.run(options(.decode), isCancelled: { true }).rows.isEmpty)
    }

    @Test func `a time limit leaves one round at least`() throws {
        var options = try options(.decode)
        options.secondsLimit = 0
        let report = try Measurement.run(options)
        #expect(report.rows.map(\.dense.runs) == [1, 1, 1] && !report.isComplete)
    }

    @Test func `exponents are fitted to long lengths alone, where there are two`() throws {
        var options = try options(.decode)
        options.fitsFrom = 16
        #expect(try Measurement.run(options).fittedRows.map(\.length) == [16, 64])
        options.fitsFrom = 64
        #expect(try Measurement.run(options).fittedRows.map(\.length) == [8, 16, 64])
    }

    @Test func `too little memory is said before anything is allocated`() throws {
        var options = MeasurementOptions(.decode)
        options.lengths = [1 << 24]
        #expect { try Measurement.run(options, availableMemory: 1 << 20) } throws: {
            "\($0)" == "length 16777216: expected at most 1048576 bytes, as many as are free, found a need of \(options.memoryNeeded)"
        }
        #expect(options.memoryNeeded > 4 * (576 + 128) << 24)
    }

    @Test func `unfit options are refused`() throws {
        for lengths in [[], [5, 4], [0], [1 << 40]] {
            var options = try options(.decode)
            options.lengths = lengths
            #expect(throws: EngineError(.value, "lengths", "expected ascending numbers from 1 to 16777216, found \(lengths)")) {
                try Measurement.run(options)
            }
        }
        var options = try options(.decode)
        options.runs = 0
        #expect(throws: EngineError(.value, "runs", "expected 1 to 1000, found 0")) { try Measurement.run(options) }
    }

    @Test func `a power law is fitted exactly, and its scatter reported`() throws {
        let exact = try #require(GrowthFit([(1, 3), (2, 12), (4, 48), (8, 192)]))
        #expect(abs(exact.exponent - 2) < 1e-12 && exact.residual < 1e-12)
        let scattered = try #require(GrowthFit([(1, 1.1), (2, 2 / 1.1), (4, 4 / 1.1), (8, 8.8)]))
        #expect(abs(scattered.exponent - 1) < 1e-12 && abs(scattered.residual - 0.0953101798) < 1e-9)
        #expect(GrowthFit([(1, 1)]) == nil && GrowthFit([(2, 1), (2, 3)]) == nil && GrowthFit([(1, 0), (2, 3)]) == nil)
    }
}
