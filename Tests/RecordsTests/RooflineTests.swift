// FLOPs and bytes of one query on the cache, and what an H800 makes of them, against numbers worked out by hand from the published dimensions:
// 278,528 FLOPs and 1,152 bytes (656 in FP8) a key for latent attention, 16,384 FLOPs and 132 bytes for the indexer.

import Records
import Testing
import Traces

@Suite struct RooflineTests {
    private static let length = 131_072

    private func costs(indexer: Bool = true) throws -> AttentionCosts { AttentionCosts(try Published.latent(indexer: indexer)) }

    @Test(
        arguments: [
            (.denseMQA, .bf16, 36_507_222_016, 150_994_944, 241.778), (.denseMQA, .fp8, 36_507_222_016, 85_983_232, 424.585),
            (.sparse, .bf16, 570_425_344, 2_359_296, 241.778), (.sparse, .fp8, 570_425_344, 1_343_488, 424.585),
            (.indexer, .bf16, 2_147_483_648, 17_301_504, 124.121), (.indexer, .fp8, 2_147_483_648, 17_301_504, 124.121),
        ] as [(AttentionWork, AttentionCosts.CacheFormat, ExactCount, ExactCount, Double)])
    func `one query at 128K does and reads what the published dimensions say`(
        work: AttentionWork, format: AttentionCosts.CacheFormat, flops: ExactCount, bytes: ExactCount, intensity: Double
    ) throws {
        let cache = try costs().cacheWork(work, visible: Self.length, format: format)
        #expect(cache.flops == flops && cache.bytes == bytes)
        #expect(abs(cache.intensity - intensity) < 0.001)
    }

    @Test(arguments: AttentionCosts.CacheFormat.allCases, [1, 2047, 2048, 2049, 131_072])
    func `what is read agrees with what decoding reads`(format: AttentionCosts.CacheFormat, visible: Int) throws {
        let (dense, sparse) = (try costs(indexer: false), try costs())
        #expect(
            try dense.cacheWork(.denseMQA, visible: visible, format: format).bytes == dense.decodeReads(visible: visible, format: format))
        #expect(try sparse.cacheWork(.dsa, visible: visible, format: format).bytes == sparse.decodeReads(visible: visible, format: format))
    }

    @Test func `up to top-k a sparse query reads every key, and then no more`() throws {
        func bytes(_ visible: Int) throws -> ExactCount { try costs().cacheWork(.sparse, visible: visible, format: .bf16).bytes }
        #expect(try bytes(100) == 115_200)
        #expect(try bytes(2048) == 2_359_296 && bytes(1 << 20) == 2_359_296)
    }

    @Test func `grouped attention reads its keys and values`() throws {
        let model = try ModelDimensions(
            name: "g", width: 64, layers: 1, heads: 8, attention: .grouped(.init(keyValueHeads: 2, headDimension: 16)))
        let cache = try AttentionCosts(model).cacheWork(.denseMHA, visible: 10, format: .bf16)
        // Two products of 8 heads of 16 features; a key and a value of 2 heads of 16 at 2 bytes.
        #expect(cache.flops == 10 * 2 * 8 * 32 && cache.bytes == 10 * 2 * 2 * 16 * 2)
    }

    @Test func `an H800's ridges and roofs are its peaks over its bandwidth`() throws {
        let chip = try Published.h800()
        #expect(abs(chip.ridge(.bf16) - 295.373) < 0.001 && abs(chip.ridge(.fp8) - 590.746) < 0.001)
        // 124.121 FLOPs a byte at 3.35 TB/s are 415.8 TFLOPs a second, a fifth of the FP8 peak.
        #expect(abs(chip.attainable(.fp8, intensity: 16_384.0 / 132) / 415.806e12 - 1) < 1e-5)
        #expect(chip.attainable(.bf16, intensity: 424.585) == 989.5e12)
        #expect(chip.attainable(.fp8, intensity: 424.585) < chip.peak(.fp8))
        for precision in Hardware.Precision.allCases {
            #expect(abs(chip.attainable(precision, intensity: chip.ridge(precision)) / chip.peak(precision) - 1) < 1e-12)
        }
    }

    @Test func `work that reads no cache as it is stored is refused`() throws {
        let stored = "V3.2: denseMHA: its keys and values are not cached as it reads them"
        #expect(throws: EngineError.self) { try costs().cacheWork(.denseMHA, visible: 1, format: .bf16) }
        #expect { try costs().cacheWork(.denseMHA, visible: 1, format: .bf16) } throws: { "\($0)" == stored }
        #expect(throws: EngineError.self) { try costs().cacheWork(.maskedMHA, visible: 1, format: .bf16) }
        #expect(throws: EngineError.self) { try costs(indexer: false).cacheWork(.indexer, visible: 1, format: .bf16) }
        #expect { try costs().cacheWork(.sparse, visible: 0, format: .bf16) } throws: {
            "\($0)" == "visible keys: expected 1 or more, found 0"
        }
    }
}
