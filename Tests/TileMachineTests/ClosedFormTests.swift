// Bytes, instructions and arithmetic of every program against closed forms that know nothing of statements: sums over blocks, written out from the
// issue's and the report's formulas, over a grid of sizes and tiles that mostly do not divide them.

import Testing
import TileMachine
import Traces

private func tiles(_ length: Int, _ tile: Int) -> Int { (length + tile - 1) / tile }

/// What a program should move and do.
private struct Expected: Equatable {
    var read: Int
    var written: Int
    var instructions: Int
    var flops: Int

    init(read: Int, written: Int, instructions: Int, flops: Int) {
        (self.read, self.written, self.instructions, self.flops) = (read, written, instructions, flops)
    }

    init(_ schedule: Schedule) {
        self.init(read: schedule.read, written: schedule.written, instructions: schedule.instructions, flops: schedule.flops)
    }
}

private let paper = Result { try Chip.named("paper") }

private let cuts = [(1, 1, 1), (2, 3, 4), (4, 4, 4), (5, 7, 3), (16, 8, 32)]

@Test(arguments: [(1, 1, 1), (7, 5, 3), (16, 16, 16), (13, 9, 22)], [1, 2, 3])
func `a matrix product moves MK tiles(N) + KN tiles(M) values, and without tiles 2K for each of its cells`(
    size: (Int, Int, Int), stages: Int
) throws {
    let (m, n, k) = size
    for (bm, bn, bk) in cuts {
        let program = try Matmul(m: m, n: n, k: k).program(.of(bm, bn, bk, stages: stages))
        let blocks = tiles(m, bm) * tiles(n, bn)
        for width in [2, 4, 8] {
            let schedule = try Schedule(program, on: paper.get(), width: width)
            #expect(
                Expected(schedule)
                    == Expected(
                        read: (m * k * tiles(n, bn) + k * n * tiles(m, bm)) * width, written: m * n * width,
                        instructions: blocks * (2 + 3 * tiles(k, bk)), flops: 2 * m * n * k))
        }
        let naive = try Schedule(program.naive, on: paper.get())
        #expect(
            Expected(naive)
                == Expected(
                    read: m * n * 2 * k * 8, written: m * n * 8, instructions: blocks * (2 + tiles(k, bk)), flops: 2 * m * n * k))
    }
}

/// Pairs of a place of the output and a cell of the filter that meet inside the image, along one axis.
private func meetings(_ length: Int, kernel: Int, stride: Int, padding: Int) -> Int {
    let places = (length + 2 * padding - kernel) / stride + 1
    return (0..<places).reduce(0) { sum, o in sum + (0..<kernel).count { (0..<length).contains(o * stride + $0 - padding) } }
}

@Test(arguments: [(1, 5, 4, 1, 1, 1, 1, 0), (2, 7, 6, 3, 5, 3, 2, 1), (1, 8, 8, 2, 4, 5, 1, 2), (3, 4, 9, 2, 3, 2, 3, 1)])
func `a convolution moves each cell of the image that a filter covers, and nothing outside of it`(
    size: (Int, Int, Int, Int, Int, Int, Int, Int)
) throws {
    let (images, height, width, channels, filters, kernel, stride, padding) = size
    let task = try Convolution(
        images: images, height: height, width: width, channels: channels, filters: filters, kernel: kernel, stride: stride,
        padding: padding)
    let meeting =
        meetings(height, kernel: kernel, stride: stride, padding: padding)
        * meetings(width, kernel: kernel, stride: stride, padding: padding)
    let (places, cells) = (images * task.outputHeight * task.outputWidth, kernel * kernel * channels)
    for (bm, bn, bk) in cuts {
        let program = try task.program(.of(bm, bn, bk, stages: 2))
        let blocks = tiles(places, bm) * tiles(filters, bn)
        #expect(
            try Expected(Schedule(program, on: paper.get()))
                == Expected(
                    read: (images * channels * meeting * tiles(filters, bn) + cells * filters * tiles(places, bm)) * 8,
                    written: places * filters * 8, instructions: blocks * (2 + 3 * tiles(cells, bk)),
                    flops: 2 * places * filters * cells))
        #expect(
            try Schedule(program.naive, on: paper.get()).read
                == (images * channels * meeting * filters + places * filters * cells) * 8)
    }
}

@Test(arguments: [(1, 1, 1, 1), (11, 13, 3, 5), (16, 8, 2, 4), (5, 20, 4, 3)])
func `the indexer moves its queries once for each tile of keys, and its keys once for each tile of queries`(
    size: (Int, Int, Int, Int)
) throws {
    let (queries, keys, heads, dimension) = size
    for (bq, bk, _) in cuts {
        let program = try IndexerScores(queries: queries, keys: keys, heads: heads, dimension: dimension).program(.of(bq, bk, stages: 2))
        let blocks = tiles(queries, bq) * tiles(keys, bk)
        #expect(
            try Expected(Schedule(program, on: paper.get()))
                == Expected(
                    read: (queries * heads * (dimension + 1) * tiles(keys, bk) + keys * dimension * tiles(queries, bq)) * 8,
                    written: queries * keys * 8, instructions: blocks * (3 + 5 * heads),
                    flops: queries * keys * heads * (2 * dimension + 2)))
        #expect(
            try Schedule(program.naive, on: paper.get()).read == queries * keys * heads * (2 * dimension + 1) * 8)
    }
}

@Test(arguments: [(1, 1, 1, 1, 1), (11, 17, 3, 5, 7), (16, 16, 2, 4, 4), (5, 20, 1, 3, 2)])
func `causal attention loads whole tiles of keys up to the last that a tile of queries sees`(size: (Int, Int, Int, Int, Int)) throws {
    let (queries, keys, heads, d, e) = size
    for (bm, bn, _) in cuts {
        let program = try AttentionTiles(queries: queries, keys: keys, heads: heads, dimension: d, valueDimension: e)
            .program(.of(bm, bn, stages: 2))
        var expected = Expected(read: queries * heads * d * 8, written: queries * heads * e * 8, instructions: 0, flops: 0)
        for block in 0..<tiles(queries, bm) {
            let rows = min(bm, queries - block * bm)
            let seen = min(keys - queries + (block + 1) * bm, keys)
            let rounds = tiles(seen, bn)
            let loaded = min(rounds * bn, keys)
            expected.read += heads * loaded * (d + e) * 8
            expected.instructions += heads * (6 + 14 * rounds)
            // Scores and their scale, exponentials and their sum, values; then for each row and tile the running sums, and at the end the division.
            expected.flops += heads * rows * (loaded * (2 * d + 1 + 2 + 1 + 2 * e) + rounds * (2 + 2 + 2 * e) + e)
        }
        #expect(try Expected(Schedule(program, on: paper.get())) == expected)
    }
}

@Test(arguments: [(1, 1, 1, 1, 1, 1), (9, 14, 5, 6, 4, 7), (12, 12, 8, 4, 4, 3), (3, 20, 2, 3, 5, 40)])
func `sparse attention moves the rows that are selected, once for each tile of heads`(size: (Int, Int, Int, Int, Int, Int)) throws {
    let (queries, keys, heads, d, e, topK) = size
    for (bh, bk, _) in cuts {
        let program = try SparseAttentionTiles(
            queries: queries, keys: keys, heads: heads, dimension: d, valueDimension: e, topK: topK
        ).program(.of(bh, bk, stages: 2))
        let kept = (0..<queries).map { min(keys - queries + $0 + 1, topK) }
        let all = kept.reduce(0, +)
        for width in [2, 8] {
            let schedule = try Schedule(program, on: paper.get(), width: width)
            #expect(
                schedule.read
                    == (queries * heads * d + all * (d + e) * tiles(heads, bh)) * width + all * tiles(heads, bh) * 4)
            #expect(schedule.written == queries * heads * e * width)
        }
        #expect(
            try Schedule(program, on: paper.get()).instructions
                == kept.reduce(0) { $0 + tiles(heads, bh) * (6 + 15 * tiles($1, bk)) })
    }
}

@Test func `counts by executing are those that the recorded steps have`() throws {
    for (task, choice) in try oddTasks() {
        let program = task.program(choice)
        let run = try TileRun(program, task.noise())
        let schedule = try Schedule(program, on: .named("paper"))
        #expect(run.instructions == schedule.instructions)
        // The engine counts additions to an accumulator apart, one for each cell of it.
        let steps = run.trace.steps.filter { $0.id.text.contains(".") && !$0.id.text.hasPrefix("input.") }
        let products = steps.filter { $0.id.text.hasSuffix(".gemm") }
        let added = products.reduce(0) { $0 + $1.output.shape.count }
        #expect(steps.reduce(0) { $0 + $1.cost.flops } - added == schedule.flops, "\(program.name)")
    }
}
