// Masks of sparse patterns, cell by cell against pictures written by hand: # computed, . visible but not computed, blank the future.

import Mechanisms
import Testing
import Traces

@Suite struct AttentionPatternsTests {
    /// A mask as rows of text; past the diagonal nothing may be visible.
    private func picture(_ mask: Mask) -> [String] {
        (0..<mask.rows).map { row in
            #expect(mask.visibleKeys(of: row).allSatisfy { $0 <= row }, "row \(row) sees the future")
            return String((0...row).map { mask[row, $0] ? "#" : "." })
        }
    }

    @Test func `a sliding window keeps the last W keys, the query's own among them`() throws {
        #expect(try picture(AttentionPatterns.slidingWindow(5, window: 3)) == ["#", "##", "###", ".###", "..###"])
        #expect(try picture(AttentionPatterns.slidingWindow(3, window: 1)) == ["#", ".#", "..#"])
    }

    @Test func `sinks and window keep the first and the last keys`() throws {
        #expect(
            try picture(AttentionPatterns.sinksAndWindow(6, sinks: 1, recent: 2)) == ["#", "##", "###", "#.##", "#..##", "#...##"])
    }

    @Test func `Longformer's global tokens see all earlier keys and are seen by all later queries`() throws {
        // Window 2: one key back. Token 3 is global: its row is full, its column is full below.
        #expect(
            try picture(AttentionPatterns.longformer(6, window: 2, global: [3])) == ["#", "##", ".##", "####", "...##", "...###"])
        #expect(try picture(AttentionPatterns.longformer(3, window: 0, global: [])) == ["#", ".#", "..#"])
    }

    @Test func `BigBird keeps its global block, its own and the one before, and random earlier blocks`() throws {
        // Blocks of 2; one global block; the window of 3 blocks keeps the one before and the own in causal form.
        #expect(
            try picture(AttentionPatterns.bigBird(8, block: 2, global: 1, window: 3, random: 0, seed: 1)) == [
                "#", "##", "###", "####", "#####", "######", "##..###", "##..####",
            ])
        // With one random block nothing is left to choose but block 1 in the last rows: all is kept, whatever the seed.
        #expect(
            try picture(AttentionPatterns.bigBird(8, block: 2, global: 1, window: 3, random: 1, seed: 9))
                == picture(.causal(rows: 8, columns: 8)))
        let (a, b) = (
            try AttentionPatterns.bigBird(64, block: 4, global: 1, window: 3, random: 2, seed: 5),
            try AttentionPatterns.bigBird(64, block: 4, global: 1, window: 3, random: 2, seed: 5)
        )
        #expect(a == b, "the same seed gives the same blocks")
        #expect(try a != AttentionPatterns.bigBird(64, block: 4, global: 1, window: 3, random: 2, seed: 6))
        // Row 63: global, two of the window, two random: five blocks of 4.
        #expect(a.visibleKeys(of: 63).count == 20)
    }

    @Test func `MoBA takes the query's own block and the best earlier ones`() throws {
        // Blocks of 2, own and one more. Rows 4 and 5 prefer block 1, rows 6 and 7 tie: the lower block wins.
        let gates = Tensor(
            [.t, "b"], [8, 4],
            [0, 0, 0, 9, 0, 0, 0, 9, 1, 0, 0, 9, 1, 0, 0, 9, 0, 5, 0, 9, 5, 0, 0, 9, 3, 3, 3, 9, 3, 3, 4, 9])
        #expect(
            try picture(AttentionPatterns.moba(gates: gates, block: 2, topK: 2)) == [
                "#", "##", "###", "####", "..###", "##..##", "##....#", "....####",
            ])
        #expect(try picture(AttentionPatterns.moba(gates: gates, block: 2, topK: 1)).last == "......##")
    }

    @Test func `a compressed key is visible once its block ends at or before the query`() throws {
        // Blocks of 4, 2 apart, in 8 tokens: keys 0…3, 2…5, 4…7.
        let mask = try AttentionPatterns.compressed(8, length: 4, stride: 2)
        #expect(mask.columns == 3)
        #expect((0..<8).map { mask.visibleKeys(of: $0).count } == [0, 0, 0, 1, 1, 2, 2, 3])
    }

    @Test func `NSA's selection forces the first and last blocks in and ranks the rest`() throws {
        // Blocks of 1: one initial, two local, four in all: one more by importance.
        var values = [Double](repeating: 0, count: 36)
        values[5 * 6 + 2] = 0.7
        values[5 * 6 + 1] = 0.2
        values[4 * 6 + 2] = 0.1
        let importance = Tensor([.t, "b"], [6, 6], values)
        #expect(
            try picture(AttentionPatterns.selectedBlocks(importance: importance, block: 1, count: 4, initial: 1, local: 2)) == [
                "#", "##", "###", "####", "#.###", "#.#.##",
            ])
    }

    @Test func `importance of a block collects the compressed keys that overlap it`() throws {
        // Compressed keys of 4 tokens, 2 apart: 0…3, 2…5, 4…7; selection blocks of 4: 0…3 and 4…7. By Eq. 9 with the shift m - n: block 0 sums keys
        // 0 (m0n0), 1 (m1n0), 0 (m1n1); block 1 sums keys 2 (m0n0), 1 (m0n1), 2 (m1n1), and key 3 does not exist.
        let weights = Tensor([.t, "b"], [8, 3], (0..<8).flatMap { _ in [0.5, 0.3, 0.2] })
        let importance = try AttentionPatterns.importance(compressedWeights: weights, length: 4, stride: 2, block: 4)
        #expect(importance.shape.lengths == [8, 2])
        #expect(abs(importance[0, 0] - 1.3) < 1e-15 && abs(importance[0, 1] - 0.7) < 1e-15)
    }

    @Test func `block means are means, and the last block may be short`() {
        let keys = Tensor([.t, .c], [3, 2], [1, 2, 3, 4, 5, 6])
        #expect(AttentionPatterns.blockMeans(keys, block: 2).values == [2, 3, 5, 6])
        #expect(AttentionPatterns.blockMeans(keys, block: 2, stride: 1, count: 2).values == [2, 3, 4, 5])
    }

    @Test func `every pattern of the demonstration is causal, and budgets hold`() throws {
        let all = try PatternDemonstration.all()
        #expect(all.map(\.kind) == PatternDemonstration.Kind.allCases)
        let (n, size) = (PatternDemonstration.tokens, PatternDemonstration.Size.self)
        for pattern in all where pattern.kind != .nsaCompressed {
            #expect(pattern.cells.rows == n && pattern.cells.columns == n)
            for row in 0..<n { #expect(pattern.cells.visibleKeys(of: row).allSatisfy { $0 <= row }) }
        }
        let dsa = try #require(all.last)
        #expect((0..<n).allSatisfy { dsa.cells.visibleKeys(of: $0).count == min($0 + 1, size.topK) })
        #expect(dsa.cells.visibleCount == 8 * 9 / 2 + 24 * 8 && dsa.selectorScores == 32 * 33 / 2)
        let moba = try #require(all.first { $0.kind == .moba })
        #expect(moba.selectorScores == 4 * (1 + 2 + 3 + 4 + 5 + 6 + 7))
        #expect((0..<n).allSatisfy { Set(moba.cells.visibleKeys(of: $0).map { $0 / 4 }).count == min($0 / 4 + 1, size.mobaBlocks) })
        #expect(try PatternDemonstration.all().map(\.cells) == all.map(\.cells), "seeded")
    }

    @Test func `sizes that make no sense are refused by name`() throws {
        func refuses(_ subject: String, _ least: Int, _ most: String, _ found: Int, _ body: () throws -> Mask) {
            #expect(throws: EngineError(.value, subject, "expected \(least) to \(most), found \(found)"), performing: body)
        }
        refuses("window", 1, "1,048,576", 0) { try AttentionPatterns.slidingWindow(8, window: 0) }
        refuses("tokens", 1, "65,536", 0) { try AttentionPatterns.slidingWindow(0, window: 1) }
        refuses("global token", 0, "7", 8) { try AttentionPatterns.longformer(8, window: 2, global: [8]) }
        refuses("sinks", 0, "1,048,576", -1) { try AttentionPatterns.sinksAndWindow(8, sinks: -1, recent: 1) }
        refuses("block", 1, "1,048,576", 0) { try AttentionPatterns.bigBird(8, block: 0, global: 1, window: 3, random: 1, seed: 1) }
        refuses("stride", 1, "1,048,576", 0) { try AttentionPatterns.compressed(8, length: 4, stride: 0) }
        let gates = Tensor([.t, "b"], [8, 3], [Double](repeating: 0, count: 24))
        #expect(throws: EngineError(.shape, "block scores", "expected 8 queries by 4 blocks, found [t: 8, b: 3]")) {
            try AttentionPatterns.moba(gates: gates, block: 2, topK: 2)
        }
        refuses("count", 1, "1,048,576", 0) {
            try AttentionPatterns.selectedBlocks(importance: gates, block: 4, count: 0, initial: 0, local: 1)
        }
        #expect(throws: EngineError(.value, "block and length", "expected multiples of the stride 2, found 4, 3")) {
            try AttentionPatterns.importance(compressedWeights: gates, length: 3, stride: 2, block: 4)
        }
    }
}
