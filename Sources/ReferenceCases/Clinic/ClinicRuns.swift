// The clinic's cases, one for each symptom: what is planted in it, which kernel is wrong, and what is measured.

import Traces

private let theta = 10_000.0

extension ClinicRun {
    private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded()))%" }

    /// Pairs of features turn, but the wrong features make a pair: neighbours instead of halves.
    static func wrongPairs(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let vectors = ClinicVectors(queries: 40, keys: 40, heads: 4, dimension: 32, &noise)
        let frequencies = try RotaryFrequencies.plain(dimension: 16, theta: theta)
        let k = 8
        let run = try ClinicRun(
            vectors.turned(0..<16, .half, frequencies).indexer(topK: k),
            .inputs(vectors.turned(0..<16, .interleaved, frequencies).indexer(topK: k)), seed: seed)
        let (below, above) = (run.differing.filter { run.visible($0) <= k }, run.differing.filter { run.visible($0) > k })
        return run.finding(
            "Of the \(k) rows that see no more than top-k keys, \(below.count) differ; of the \(run.right.count - k) that see more, \(above.count) do, with \(run.wrongKeys) wrong keys in all.",
            "看得见的键不超过 top-k 的有 \(k) 行，变了 \(below.count) 行；超过的有 \(run.right.count - k) 行，变了 \(above.count) 行，一共选错 \(run.wrongKeys) 个键。",
            [("differingUpToTopK", Double(below.count)), ("differingAboveTopK", Double(above.count))],
            shown: [3, 7, 8, 9, 12, 16, 20, 24, 28, 32, 36, 39])
    }

    /// The features that carry content turn, and those that should turn do not: what is alike is found only nearby.
    static func wrongHalf(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        var vectors = ClinicVectors(queries: 4, keys: 256, heads: 4, dimension: 64, &noise)
        // All keys have much content in common, as those of trained models do.
        let content = noise.vector(32)
        for s in vectors.k.indices { for d in 0..<32 { vectors.k[s][32 + d] = content[d] + 0.5 * vectors.k[s][32 + d] } }
        for t in vectors.q.indices {
            for j in vectors.q[t].indices { for d in 0..<32 { vectors.q[t][j][32 + d] = content[d] + 0.3 * vectors.q[t][j][32 + d] } }
        }
        let frequencies = try RotaryFrequencies.plain(dimension: 32, theta: theta)
        let k = 32
        let run = try ClinicRun(
            vectors.turned(0..<32, .half, frequencies).indexer(topK: k),
            .inputs(vectors.turned(32..<64, .half, frequencies).indexer(topK: k)), seed: seed)
        let (ours, theirs) = (
            share(run.right) { $1 > run.visible($0) - 1 - k }, share(run.wrong) { $1 > run.visible($0) - 1 - k }
        )
        return run.finding(
            "Of the kept keys, \(percent(ours)) are among the last \(k) that the query sees; with the mistake \(percent(theirs)) are.",
            "留下的键里，\(percent(ours)) 属于查询看得见的最后 \(k) 个；犯了这个错，变成 \(percent(theirs))。",
            [("amongLastRight", ours), ("amongLastWrong", theirs)])
    }

    /// Slow pairs turn as fast as before the context was lengthened: what they agreed on over a distance, they no longer do.
    static func withoutYaRN(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let rope = 64
        var vectors = ClinicVectors(queries: 2, keys: 8192, heads: 2, dimension: 128, &noise)
        // Query and needle agree in the three slowest pairs.
        let slow = (rope / 2 - 3..<rope / 2).flatMap { [$0, $0 + rope / 2] }
        let needle = slow.map { _ in noise.next() < 0 ? -1.1 : 1.1 }
        let distances = [512, 1024, 2048, 4096, 5120, 6144, 7168, 8000]
        func plant(in vector: inout [Double], quieting factor: Double) {
            for d in vector.indices { vector[d] *= factor }
            for (d, value) in zip(slow, needle) { vector[d] = value }
        }
        for t in vectors.q.indices { for j in vectors.q[t].indices { plant(in: &vectors.q[t][j], quieting: 0.3) } }
        let last = vectors.k.count - 1
        for distance in distances { plant(in: &vectors.k[last - distance], quieting: 0.2) }
        let yarn = RotaryFrequencies.YaRN(factor: 40, betaFast: 32, betaSlow: 1, originalLength: 4096)
        let (long, short) = (
            try RotaryFrequencies.yarn(dimension: rope, theta: theta, yarn), try RotaryFrequencies.plain(dimension: rope, theta: theta)
        )
        let run = try ClinicRun(
            vectors.turned(0..<rope, .half, long).indexer(topK: 64),
            .inputs(vectors.turned(0..<rope, .half, short).indexer(topK: 64)), seed: seed)
        let row = run.right.count - 1
        let (found, lost) = (
            distances.filter { run.wrong[row].contains(last - $0) }, distances.filter { !run.wrong[row].contains(last - $0) }
        )
        let ours = distances.count { run.right[row].contains(last - $0) }
        func list(_ distances: [Int], _ separator: String) -> String { distances.map(String.init).joined(separator: separator) }
        return run.finding(
            "The last query has needles at eight distances and keeps \(ours) of them. Without YaRN it keeps those \(list(found, ", ")) tokens away, and loses those \(list(lost, ", ")) away.",
            "最后一个查询在八个距离上各有一根针，留住了 \(ours) 根。没有 YaRN，相距 \(list(found, "、")) 的还在，相距 \(list(lost, "、")) 的丢了。",
            [
                ("needles", Double(distances.count)), ("needlesKeptRight", Double(ours)), ("needlesKeptWrong", Double(found.count)),
                ("farthestKeptWrong", Double(found.max() ?? 0)), ("nearestLostWrong", Double(lost.min() ?? 0)),
            ])
    }

    /// Queries are mixed and keys are not: their products say nothing.
    static func oneSidedHadamard(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        var vectors = ClinicVectors(queries: 8, keys: 256, heads: 4, dimension: 32, &noise)
        let needles = vectors.q.indices.map { 17 + 29 * $0 }
        for (t, place) in needles.enumerated() { vectors.k[place] = zip(vectors.k[place], vectors.wish(of: t)).map { $0 + 1.5 * $1 } }
        let k = 16
        let run = try ClinicRun(vectors.indexer(topK: k), .mistake(.hadamardQueryOnly), seed: seed)
        let (ours, theirs) = (
            needles.indices.count { run.right[$0].contains(needles[$0]) }, needles.indices.count { run.wrong[$0].contains(needles[$0]) }
        )
        let common = run.kept - run.wrongKeys
        let chance = Int((run.right.indices.reduce(0) { $0 + Double(k * k) / Double(run.visible($1)) }).rounded())
        return run.finding(
            "Each of \(needles.count) queries has a key made for it: \(ours) keep it, and \(theirs) with the mistake. Both selections share \(common) of \(run.kept) keys; drawn by lot they would share about \(chance).",
            "\(needles.count) 个查询各有一个为它安排的键：留住的有 \(ours) 个查询；犯了这个错，只有 \(theirs) 个。两边选的键有 \(common) 个相同（共 \(run.kept) 个）；就算抽签，也会有 \(chance) 个左右相同。",
            [
                ("needles", Double(needles.count)), ("needlesKeptRight", Double(ours)), ("needlesKeptWrong", Double(theirs)),
                ("keysInCommon", Double(common)), ("keysInCommonByLot", Double(chance)),
            ])
    }

    /// All scales are read as 0: all scores are 0, and the order of the positions decides.
    static func zeroScales(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let vectors = ClinicVectors(queries: 6, keys: 128, heads: 4, dimension: 32, &noise)
        let k = 16
        let run = try ClinicRun(
            vectors.indexer(topK: k), .inputs(vectors.indexer(topK: k, scales: [Double](repeating: 0, count: 128))), seed: seed)
        let (ours, theirs) = (share(run.right) { $1 < k }, share(run.wrong) { $1 < k })
        return run.finding(
            "Of the kept keys, \(percent(ours)) are among the first \(k) of the text; with the mistake \(percent(theirs)) are, whatever the query.",
            "留下的键里，\(percent(ours)) 属于全文最前面的 \(k) 个；犯了这个错，不管什么查询，都是 \(percent(theirs))。",
            [("amongFirstRight", ours), ("amongFirstWrong", theirs)])
    }

    /// A block of the cache holds its codes and then its scales, and is read as if each key's scale followed its codes.
    static func misreadBlocks(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let (block, dimension, count) = (16, 32, 128)
        var vectors = ClinicVectors(queries: 6, keys: count, heads: 4, dimension: dimension, &noise)
        var (scales, codes): ([Double], [UInt8]) = ([], [])
        for s in 0..<count {
            let scale = ScaleFormat.powerOfTwo.scale(largestMagnitude: vectors.k[s].reduce(0) { max($0, abs($1)) })
            let own = vectors.k[s].map { Float8.encode($0 / scale) }
            vectors.k[s] = own.map(Float8.decode)
            scales.append(scale)
            codes += own
        }
        let bytes = KeyCache.packed(codes: codes, scales: scales, size: block)
        var misread = vectors
        var wrongScales: [Double] = []
        for s in 0..<count {
            let start = s / block * block * (dimension + 4) + s % block * (dimension + 4)
            misread.k[s] = bytes[start..<start + dimension].map(Float8.decode)
            let pattern = bytes[start + dimension..<start + dimension + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            wrongScales.append(Double(Float(bitPattern: pattern)))
        }
        let k = 12
        let run = try ClinicRun(
            vectors.indexer(topK: k, scales: scales), .inputs(misread.indexer(topK: k, scales: wrongScales)), seed: seed)
        func alike(_ selections: [[Int]]) -> Double {
            let pairs = selections.indices.flatMap { i in (0..<i).map { (i, $0) } }
            return pairs.reduce(0) { $0 + Double(Set(selections[$1.0]).intersection(selections[$1.1]).count) } / Double(pairs.count * k)
        }
        let (ours, theirs) = (alike(run.right), alike(run.wrong))
        let (largest, read) = (scales.max() ?? 0, wrongScales.map(abs).max() ?? 0)
        let numbers = [NumberText.significant(largest, digits: 2), NumberText.significant(read, digits: 2)]
        let negative = wrongScales.count { $0 < 0 }
        return run.finding(
            "Any two queries have on average \(percent(ours)) of their keys in common; with the mistake \(percent(theirs)). Of the \(count) scales as they are read, \(negative) are negative, and the largest magnitude is \(numbers[1]) instead of \(numbers[0]).",
            "任意两个查询选的键平均有 \(percent(ours)) 相同；犯了这个错，有 \(percent(theirs)) 相同。读出来的 \(count) 个缩放因子里，有 \(negative) 个是负数，绝对值最大的是 \(numbers[1])，本该是 \(numbers[0])。",
            [
                ("inCommonRight", ours), ("inCommonWrong", theirs), ("negativeScales", Double(negative)), ("largestScaleRight", largest),
                ("largestScaleWrong", read),
            ])
    }

    /// Of each block of the cache its first key is read for all of them.
    static func firstOfBlock(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let block = 16
        let vectors = ClinicVectors(queries: 6, keys: 256, heads: 4, dimension: 32, &noise)
        var misread = vectors
        for s in misread.k.indices { misread.k[s] = vectors.k[s / block * block] }
        let run = try ClinicRun(vectors.indexer(topK: 64), .inputs(misread.indexer(topK: 64)), seed: seed)
        func whole(_ selections: [[Int]]) -> Double {
            share(selections) { row, key in
                let start = key / block * block
                return Set(start..<min(start + block, run.visible(row))).isSubset(of: selections[row])
            }
        }
        let (ours, theirs) = (whole(run.right), whole(run.wrong))
        return run.finding(
            "Kept keys whose whole block of \(block) is kept: \(percent(ours)), and \(percent(theirs)) with the mistake.",
            "连同所在的整块 \(block) 个键一起留下的，占 \(percent(ours))；犯了这个错，占 \(percent(theirs))。",
            [("inWholeBlocksRight", ours), ("inWholeBlocksWrong", theirs)])
    }

    /// Six queries of which each wants the keys about its own boundary, two before it and two beyond.
    private static func aboutBoundaries(_ mistake: IndexerMistake, _ seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        var vectors = ClinicVectors(queries: 6, keys: 128, heads: 4, dimension: 32, &noise)
        for t in vectors.q.indices {
            let boundary = 128 - 6 + t
            for s in boundary - 1...min(boundary + 2, 127) { vectors.k[s] = zip(vectors.k[s], vectors.wish(of: t)).map { $0 + $1 } }
        }
        return try ClinicRun(vectors.indexer(topK: 16), .mistake(mistake), seed: seed)
    }

    /// The boundary stands two keys short: the tokens that have just been written are never seen.
    static func boundaryShort(seed: UInt64) throws(EngineError) -> ClinicRun {
        let run = try aboutBoundaries(.offset(-2), seed)
        func newest(_ selections: [[Int]]) -> Int {
            selections.indices.reduce(0) { sum, row in sum + selections[row].count { $0 >= run.visible(row) - 2 } }
        }
        let (ours, theirs, all) = (newest(run.right), newest(run.wrong), 2 * run.right.count)
        return run.finding(
            "Of the newest two keys of each query, \(ours) of \(all) are kept; with the mistake \(theirs).",
            "每个查询看得见的最新两个键，共 \(all) 个，留住了 \(ours) 个；犯了这个错，留住 \(theirs) 个。",
            [("newest", Double(all)), ("newestKeptRight", Double(ours)), ("newestKeptWrong", Double(theirs))])
    }

    /// The boundary stands one key too far.
    static func boundaryFar(seed: UInt64) throws(EngineError) -> ClinicRun {
        let run = try aboutBoundaries(.offset(1), seed)
        func ahead(_ selections: [[Int]]) -> Int {
            selections.indices.count { row in selections[row].contains { $0 >= run.visible(row) } }
        }
        let (ours, rows) = (ahead(run.right), ahead(run.wrong))
        return run.finding(
            "Queries that keep a key beyond their own position: \(ours), and \(rows) of \(run.right.count) with the mistake. The last query has nothing beyond it, and shows nothing.",
            "留下了自己位置之后的键的查询：本来 \(ours) 个，犯了这个错有 \(rows) 个（共 \(run.right.count) 个）。最后一个查询后面没有键，看不出来。",
            [("seeingAheadRight", Double(ours)), ("seeingAheadWrong", Double(rows))])
    }

    /// Products below 0 are not cut off: heads that care nothing for a key vote it down.
    static func withoutReLU(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        var vectors = ClinicVectors(queries: 6, keys: 128, heads: 4, dimension: 32, &noise)
        let wanted = vectors.q.indices.map { 11 + 19 * $0 }
        for (t, place) in wanted.enumerated() {
            for d in 0..<32 {
                vectors.k[place][d] += 1.5 * vectors.q[t][0][d] - (1..<4).reduce(0) { $0 + 0.6 * vectors.q[t][$1][d] }
            }
        }
        let run = try ClinicRun(vectors.indexer(topK: 16), .mistake(.noReLU), seed: seed)
        let (ours, theirs) = (
            wanted.indices.count { run.right[$0].contains(wanted[$0]) }, wanted.indices.count { run.wrong[$0].contains(wanted[$0]) }
        )
        return run.finding(
            "Each query has a key that one head wants and three are against: \(ours) of \(wanted.count) are kept, and \(theirs) with the mistake. In all \(run.wrongKeys) of \(run.kept) keys are wrong.",
            "每个查询都有一个键，一个头想要，三个头反对：\(wanted.count) 个里留住了 \(ours) 个；犯了这个错，留住 \(theirs) 个。一共选错 \(run.wrongKeys) 个键（共 \(run.kept) 个）。",
            [("wanted", Double(wanted.count)), ("wantedKeptRight", Double(ours)), ("wantedKeptWrong", Double(theirs))])
    }

    /// Scores are rounded to bf16 before the top-k, and of those that have become equal others win.
    static func roundedScores(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let vectors = ClinicVectors(queries: 4, keys: 2048, heads: 4, dimension: 32, &noise)
        let k = 256
        let indexer = try vectors.indexer(topK: k)
        let run = try ClinicRun(
            indexer,
            .selection { scores in
                let rounded = scores.map { $0.map(\.roundedToBFloat16) }
                return Answer(
                    scores: rounded,
                    selected: rounded.indices.map { row in
                        let visible = 2048 - 4 + row + 1
                        // Of equal scores the higher position.
                        let order = (0..<visible).sorted { (rounded[row][$0], $0) > (rounded[row][$1], $1) }
                        return order.prefix(k).sorted()
                    })
            }, seed: seed)
        let tied = run.wrong.indices.map { row in
            let cut = run.wrong[row].map { run.wrongScores[row][$0] }.min() ?? 0
            return (0..<run.visible(row)).count { run.wrongScores[row][$0] == cut }
        }
        return run.finding(
            "Rounded to bf16, \(tied.map(String.init).joined(separator: ", ")) keys have the score at the cut of the four rows; which of them are kept is left to chance: \(run.wrongKeys) of \(run.kept) keys differ.",
            "舍入成 bf16 以后，四行里得分正好等于入选线的键各有 \(tied.map(String.init).joined(separator: "、")) 个，留下哪几个全凭运气：\(run.kept) 个键里有 \(run.wrongKeys) 个不同。",
            [("mostTiedAtCut", Double(tied.max() ?? 0)), ("differingKeys", Double(run.wrongKeys))])
    }

    /// Queries come in chunks, and each chunk counts its rows from 0.
    static func chunksFromZero(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        let (length, chunk, k) = (64, 16, 8)
        let vectors = ClinicVectors(queries: length, keys: length, heads: 4, dimension: 32, &noise)
        let run = try ClinicRun(
            vectors.indexer(topK: k),
            .selection { scores in
                Answer(
                    scores: scores,
                    selected: scores.indices.map { row in
                        let order = (0...row % chunk).sorted { (scores[row][$1], $0) < (scores[row][$0], $1) }
                        return order.prefix(k).sorted()
                    })
            }, seed: seed)
        let first = run.differing.count { $0 < chunk }
        let later = run.differing.count - first
        let last = run.wrong.flatMap { $0 }.max() ?? 0
        return run.finding(
            "Of the \(chunk) rows of the first chunk, \(first) differ; of the \(length - chunk) after them \(later) do. With the mistake, no row keeps a key after key \(last).",
            "第一段的 \(chunk) 行，变了 \(first) 行；后面的 \(length - chunk) 行，变了 \(later) 行。犯了这个错，\(length) 行里没有一行留下 \(last) 号以后的键。",
            [("differingInFirstChunk", Double(first)), ("differingLater", Double(later)), ("lastKeyKeptWrong", Double(last))],
            shown: [3, 7, 11, 15, 16, 19, 24, 31, 32, 40, 48, 56, 63])
    }

    /// The key's norm divides by the root mean square, and does not take the mean away first.
    static func wrongNorm(seed: UInt64) throws(EngineError) -> ClinicRun {
        var noise = ClinicNoise(seed: seed)
        var vectors = ClinicVectors(queries: 24, keys: 24, heads: 4, dimension: 32, &noise)
        for s in vectors.k.indices {
            let mean = 0.6 * noise.next()
            for d in 0..<32 { vectors.k[s][d] += mean }
        }
        func normed(_ takesMean: Bool) throws(EngineError) -> ClinicVectors {
            var all = vectors
            var recorder = Recorder()
            func input(_ id: StepID, _ tensor: Tensor) throws(EngineError) -> Expression {
                try recorder.input(id, "x", tensor, title: Bilingual(same: "x"))
            }
            let x = try input("input.x", Tensor([.s, .d], [24, 32], vectors.k.flatMap { $0 }))
            let one = try input("input.one", Tensor([.d], [32], [Double](repeating: 1, count: 32)))
            let zero = try input("input.zero", Tensor([.d], [32], [Double](repeating: 0, count: 32)))
            let values =
                try takesMean
                ? layerNorm(x, one, zero, epsilon: 1e-6).tensor.values : rmsNorm(x, one, epsilon: 1e-6, over: .d).tensor.values
            all.k = vectors.k.indices.map { Array(values[$0 * 32..<($0 + 1) * 32]) }
            return try all.turned(0..<16, .half, RotaryFrequencies.plain(dimension: 16, theta: theta))
        }
        let run = try ClinicRun(normed(true).indexer(topK: 6), .inputs(normed(false).indexer(topK: 6)), seed: seed)
        let right = Answer(run.indexer).scores[0][0]
        let error = abs(run.wrongScores[0][0] / right - 1)
        return run.finding(
            "The score of the first query and the first key, which no position turns, is off by \(percent(error)); \(run.differing.count) of \(run.right.count) rows differ.",
            "第一个查询对第一个键的得分，位置还没有转动任何东西，就偏了 \(percent(error))；\(run.right.count) 行里有 \(run.differing.count) 行变了。",
            [("firstScoreError", error), ("differingRows", Double(run.differing.count))],
            shown: [0, 3, 5, 6, 8, 10, 12, 15, 18, 21, 23])
    }
}
