// The words of the figure `traffic`.

import TileMachine
import Traces

struct TrafficWords {
    let data: TileData
    let counts: TrafficCounts
    /// Whether the two chips alone are drawn.
    let isShort: Bool

    private func grouped(_ number: Int) -> String { NumberText.grouped(number) }
    private func ratio(_ a: Int, _ b: Int) -> String { NumberText.significant(Double(a) / Double(max(b, 1)), digits: 2) }

    // MARK: One program

    var tableTitle: Bilingual {
        Bilingual(
            en: "A larger tile is fetched less often; pipelining moves the same bytes", zh: "小块越大，取得越少；流水搬的字节不变")
    }
    var tableLine: Bilingual {
        Bilingual(
            en: "Bytes along each path of \(data.chip.name.en): \(data.description.en).",
            zh: "\(data.chip.name.zh)各条通路上的字节：\(data.description.zh)。")
    }

    func name(_ way: TrafficCounts.Way) -> Bilingual {
        guard let shape = way.shape else { return Bilingual(en: "no tiles", zh: "不分块") }
        let tile = shape.text(data.task)
        if way.stages > 1 { return Bilingual(en: "\(tile), \(way.stages) stages", zh: "\(tile)，\(way.stages) 级流水") }
        return Bilingual(same: tile)
    }

    /// What does not fit.
    func note(_ way: TrafficCounts.Way) -> Bilingual? {
        guard let overflow = way.schedule.overflow else { return nil }
        let (bytes, memory) = (grouped(overflow.bytes), Words.spaced(data.chip.called(overflow.memory)))
        return Bilingual(en: "does not fit: \(memory.en) lacks \(bytes) bytes", zh: "放不下：\(memory.zh)还差 \(bytes) 字节")
    }

    // MARK: Two chips

    func differs(_ from: String, _ to: String) -> Bool {
        let bytes = counts.pair.map { moved(from, to, $0) }
        return Set(bytes).count > 1
    }

    private func moved(_ from: String, _ to: String, _ schedule: Schedule) -> Int {
        zip(schedule.chip.paths, schedule.bytes).reduce(0) { $0 + ($1.0.from == from && $1.0.to == to ? $1.1 : 0) }
    }

    /// Bytes of products' results that reach the vector unit's memory without far memory.
    private func direct(_ schedule: Schedule) -> Int {
        guard let matrix = schedule.chip.units.first(where: { $0.kind == .matrix }),
            let vector = schedule.chip.units.first(where: { $0.kind == .vector })
        else { return 0 }
        return moved(matrix.result, vector.operands[0][0], schedule)
    }

    private var mapProgram: Bilingual {
        guard let program = counts.pair.first?.program else { return Bilingual(same: "") }
        let queries = program.lengths(of: program.output).first ?? 0
        return Bilingual(en: "causal attention over \(queries) tokens", zh: "\(queries) 个词元的因果注意力")
    }

    private var crosses: Bool { counts.pair.count == 2 && direct(counts.pair[0]) == 0 && direct(counts.pair[1]) > 0 }

    var mapTitle: Bilingual {
        crosses
            ? Bilingual(
                en: "One program, two chips: where do a product’s results go?", zh: "同一个程序，两种芯片：乘出来的结果往哪里走？")
            : Bilingual(en: "One program, two chips", zh: "同一个程序，两种芯片")
    }
    var mapLine: Bilingual {
        Bilingual(
            en: "Bytes of \(mapProgram.en), arrows as thick as their bytes; what differs between the chips is highlighted.",
            zh: "\(mapProgram.zh)所搬的字节，箭头粗细与字节成正比；两种芯片不同之处用高亮标出。")
    }
    func mapName(_ schedule: Schedule) -> Bilingual {
        let far = grouped(schedule.farBytes)
        return Bilingual(
            en: "\(schedule.chip.name.en): \(far) bytes to and from far memory", zh: "\(schedule.chip.name.zh)：进出远处内存 \(far) 字节")
    }

    // MARK: Dense and sparse

    static let dense = Bilingual(en: "dense", zh: "稠密")
    static let sparse = Bilingual(en: "indexer + sparse", zh: "索引器 + 稀疏")

    private var newToken: TrafficCounts.Situation { counts.situations[0] }
    private var prompt: TrafficCounts.Situation { counts.situations[1] }

    var situationTitle: Bilingual {
        prompt.sparse > prompt.dense.bytes && newToken.sparse < newToken.dense.bytes
            ? Bilingual(
                en: "Picking tokens saves bytes for one new token; over a whole prompt tiles of dense attention share theirs",
                zh: "每次只来一个新词元时，挑着取更省；一次读完整段时，稠密的小块能共用")
            : Bilingual(en: "Dense attention against an indexer with sparse attention", zh: "稠密注意力对索引器加稀疏注意力")
    }
    var situationLine: Bilingual {
        let (keys, kept) = (grouped(counts.keys), grouped(counts.topK))
        return Bilingual(
            en:
                "Bytes to and from far memory at \(keys) keys, one head, the top \(kept) kept; each pair of bars has a scale of its own. A tile of keys serves all queries of its block; gathered keys serve one query. Heads that share their keys, as V3.2-Exp’s do, would share a gather too.",
            zh: "共 \(keys) 个键、一个头、留前 \(kept) 名时进出远处内存的字节；每对横条各用一个比例。一块键供同块的所有查询使用，挑出来的键只供一个查询。像 V3.2-Exp 那样各头共用键时，挑一次也能共用。")
    }
    func situation(_ situation: TrafficCounts.Situation) -> Bilingual {
        let factor =
            situation.sparse < situation.dense.bytes
            ? Bilingual(
                en: "sparse moves 1/\(ratio(situation.dense.bytes, situation.sparse)) of the bytes",
                zh: "稀疏只搬 1/\(ratio(situation.dense.bytes, situation.sparse))")
            : Bilingual(
                en: "sparse moves \(ratio(situation.sparse, situation.dense.bytes)) times the bytes",
                zh: "稀疏要搬 \(ratio(situation.sparse, situation.dense.bytes)) 倍")
        return situation.queries == 1
            ? Bilingual(en: "One new token (decoding): \(factor.en)", zh: "一个新词元（解码）：\(factor.zh)")
            : Bilingual(
                en: "A whole prompt, \(grouped(situation.queries)) queries: \(factor.en)",
                zh: "整段提示，\(grouped(situation.queries)) 个查询：\(factor.zh)")
    }
    func detail(_ situation: TrafficCounts.Situation) -> Bilingual {
        let (a, b) = (grouped(situation.parts[0].bytes), grouped(situation.parts[1].bytes))
        return Bilingual(en: "striped: indexer \(a); plain: gathered attention \(b)", zh: "条纹：索引器 \(a)；实色：按位置取的注意力 \(b)")
    }

    // MARK: All

    private var naive: Int { counts.ways[0].schedule.farBytes }
    private var tiled: Int { counts.ways[2].schedule.farBytes }

    private var title: Bilingual {
        guard crosses else {
            return Bilingual(
                en: "Tiles move \(ratio(naive, tiled)) times fewer bytes to and from far memory",
                zh: "分块以后，进出远处内存的字节只有 1/\(ratio(naive, tiled))")
        }
        let (first, second) = (counts.pair[0], counts.pair[1])
        return Bilingual(
            en: "\(first.chip.name.en) sends every product through far memory; \(second.chip.name.en) does not",
            zh: "\(first.chip.name.zh) 乘出来的结果都要绕道远处内存，\(second.chip.name.zh) 不用")
    }

    var words: FigureWords {
        let ways = counts.ways.map { way in
            Bilingual(en: "\(name(way).en) \(grouped(way.schedule.farBytes))", zh: "\(name(way).zh) \(grouped(way.schedule.farBytes))")
        }
        let maps = counts.pair.map { mapName($0) }
        let both = counts.situations.map { situation in
            Bilingual(
                en:
                    "\(self.situation(situation).en): dense \(grouped(situation.dense.bytes)), indexer \(grouped(situation.parts[0].bytes)), gathered attention \(grouped(situation.parts[1].bytes))",
                zh:
                    "\(self.situation(situation).zh)：稠密 \(grouped(situation.dense.bytes))，索引器 \(grouped(situation.parts[0].bytes))，按位置取的注意力 \(grouped(situation.parts[1].bytes))"
            )
        }
        let saved = counts.pair.count == 2 ? counts.pair[0].farBytes - counts.pair[1].farBytes : 0
        let pairLine =
            crosses
            ? Bilingual(
                en:
                    "What the cube multiplies must reach the vector unit: without a path of its own it is written out and read back, \(grouped(saved)) bytes more. ",
                zh: "cube 乘出来的结果要交给 vector：没有直达的通路，就得先写出去再读回来，多搬 \(grouped(saved)) 字节。") : Bilingual(same: "")
        let tileLine = Bilingual(
            en:
                "Tiles alone cut \(data.task.name.rawValue) on \(data.chip.name.en) from \(grouped(naive)) to \(grouped(tiled)) far bytes.",
            zh: "单靠分块，\(data.chip.name.zh)上的 \(data.task.name.rawValue) 就从 \(grouped(naive)) 个远处字节降到 \(grouped(tiled))。")
        let chips = (isShort ? [] : [data.chip]) + counts.pair.map { $0.chip }.filter { $0.id != data.chip.id || isShort }
        let files = Words.list(chips.map { Bilingual(same: "\($0.id).json") })
        let sources = Bilingual(en: "Chips and their sources: \(files.en).", zh: "芯片及其出处：\(files.zh)。")
        return FigureWords(
            title: title,
            subtitle: isShort ? pairLine : Bilingual(en: pairLine.en + tileLine.en, zh: pairLine.zh + tileLine.zh),
            alt: Bilingual(
                en:
                    "Bytes along paths. Far bytes of \(data.task.name.rawValue) on \(data.chip.name.en): \(ways.map { $0.en }.joined(separator: "; ")). \(maps.map { $0.en }.joined(separator: "; ")). \(both.map { $0.en }.joined(separator: ". ")).",
                zh:
                    "各条通路上的字节。\(data.chip.name.zh)上 \(data.task.name.rawValue) 进出远处内存：\(ways.map { $0.zh }.joined(separator: "；"))。\(maps.map { $0.zh }.joined(separator: "；"))。\(both.map { $0.zh }.joined(separator: "。"))。"
            ),
            caption: Bilingual(
                en: "Bytes along each path: tiles against none, two chips, dense against sparse. Counted by executing every instruction.",
                zh: "每条通路的字节：分块与不分块、两种芯片、稠密与稀疏。逐条执行指令数出。"),
            source: Bilingual(
                en:
                    "Counted by executing each program on this project’s tile machine, \(data.width) bytes a number: requests from near to far, without caches; choosing the top k itself is not counted. \(sources.en)",
                zh:
                    "由本项目的分块机逐条执行数出，每个数 \(data.width) 字节：近处向远处要的字节，不计缓存；挑前 k 名本身未计。\(sources.zh)"
            ))
    }
}
