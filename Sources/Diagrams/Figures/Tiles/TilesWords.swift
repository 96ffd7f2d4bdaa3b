// The words of the figure `tiles`.

import TileMachine
import Traces

struct TilesWords {
    let data: TileData
    let schedule: Schedule
    let block: Int
    let moment: TileMoment
    let provenance: Provenance

    /// What frames and lines mean.
    static let legend: [(Stroke, Bilingual)] = [
        (Stroke(.ink, width: 1.6), Bilingual(en: "lies here", zh: "已经在这里")),
        (Stroke(.ink, width: 1.6, dash: [4, 2.5]), Bilingual(en: "on its way (faint)", zh: "还在路上（淡色）")),
        (Stroke(.value, width: 1.6, dash: [1.5, 2.5]), Bilingual(en: "where this block’s result will go", zh: "这一块的结果将写到这里")),
    ]

    static func far(_ room: Int?) -> Bilingual {
        guard let room else {
            return Bilingual(en: "far memory; how large, no source at hand says; not drawn to scale", zh: "远处的内存；多大没有可核实的出处；不按比例画")
        }
        let bytes = NumberText.grouped(room)
        return Bilingual(en: "far memory, \(bytes) bytes; not drawn to scale", zh: "远处的内存，\(bytes) 字节；不按比例画")
    }

    static func shelf(_ use: Schedule.Use) -> Bilingual {
        let taken = NumberText.grouped(use.bytes)
        guard let room = use.room else {
            return Bilingual(en: "room unknown; \(taken) bytes needed", zh: "容量没有可核实的出处；需要 \(taken) 字节")
        }
        let bytes = NumberText.grouped(room)
        if use.bytes > room {
            let over = NumberText.grouped(use.bytes - room)
            return Bilingual(en: "\(bytes) bytes; needed \(taken), \(over) too many", zh: "\(bytes) 字节；需要 \(taken)，多出 \(over)")
        }
        return Bilingual(en: "\(bytes) bytes; this program needs \(taken)", zh: "\(bytes) 字节；本程序要用 \(taken)")
    }

    /// What stands under a tile.
    static func state(
        _ holding: TileMoment.Holding?, places: Int, place: Int, _ schedule: Schedule, isShort: Bool = false
    ) -> [Bilingual] {
        func round(_ entry: Int) -> Bilingual? {
            let entry = schedule.entries[entry]
            return schedule.isInLoop(entry) ? Bilingual(en: "round \(entry.round)", zh: "第 \(entry.round) 轮") : nil
        }
        /// Place and round, on one line where there is little room.
        func named(_ entry: Int?) -> [Bilingual] {
            let parts =
                (places > 1 ? [Bilingual(en: "place \(place)", zh: "位置 \(place)")] : []) + (entry.flatMap(round).map { [$0] } ?? [])
            return isShort && parts.count > 1 ? [Words.list(parts)] : parts
        }
        guard let holding else { return named(nil) + [Bilingual(en: "still empty", zh: "还空着")] }
        guard let arriving = holding.arriving else { return named(holding.entry) }
        let isMove = if case .move = schedule.entries[arriving].kind { true } else { false }
        return named(arriving)
            + [isMove ? Bilingual(en: "on its way", zh: "在路上") : Bilingual(en: "being computed", zh: "正在算")]
    }

    /// What a unit does.
    static func unit(_ working: Int?, next: Int?, _ schedule: Schedule, now: Int?) -> Bilingual {
        guard let working else { return Bilingual(en: "has nothing to do at this moment", zh: "此刻没有事做") }
        let entry = schedule.entries[working]
        let title = schedule.title(of: entry)
        let round =
            schedule.isInLoop(entry)
            ? Bilingual(en: ", round \(entry.round)", zh: "，第 \(entry.round) 轮") : Bilingual(same: "")
        let ticks =
            now == nil
            ? Bilingual(same: "")
            : Bilingual(
                en:
                    ": \(NumberText.grouped(entry.flops)) FLOPs, ticks \(NumberText.grouped(entry.start)) to \(NumberText.grouped(entry.end))",
                zh: "：\(NumberText.grouped(entry.flops)) 次运算，刻度 \(NumberText.grouped(entry.start)) 到 \(NumberText.grouped(entry.end))")
        return Bilingual(en: title.en + round.en + ticks.en, zh: title.zh + round.zh + ticks.zh)
    }

    static func soFar(_ tick: Int?) -> Bilingual {
        guard let tick else { return Bilingual(en: "Bytes that this block has moved so far", zh: "这一块至今搬了多少字节") }
        return Bilingual(
            en: "Bytes that this block has moved by tick \(NumberText.grouped(tick))", zh: "到刻度 \(NumberText.grouped(tick)) 为止，这一块搬了多少字节")
    }

    static func bytes(_ done: Int, of total: Int, whole: Int, isShort: Bool) -> Bilingual {
        let (a, b, c) = (NumberText.grouped(done), NumberText.grouped(total), NumberText.grouped(whole))
        if isShort { return Bilingual(en: "\(a) of \(b)", zh: "\(a) / \(b)") }
        return Bilingual(en: "\(a) of \(b) in this block; \(c) in the whole program", zh: "\(a)，本块共 \(b)；整个程序共 \(c)")
    }

    // MARK: Sentences

    private var product: Schedule.Entry? { moment.active.map { schedule.entries[$0] }.first { schedule.isProduct($0) } }
    private var loads: [Schedule.Entry] { moment.active.map { schedule.entries[$0] }.filter { schedule.isLoad($0) } }
    private var at: Bilingual {
        moment.tick.map { Bilingual(en: "tick \(NumberText.grouped($0))", zh: "刻度 \(NumberText.grouped($0))") }
            ?? Bilingual(en: "step \(moment.entry)", zh: "第 \(moment.entry) 步")
    }

    private var title: Bilingual {
        let chip = data.chip
        if moment.tick == nil {
            return Bilingual(en: "\(chip.name.en): \(activeNames[0].en)", zh: "\(chip.name.zh)：\(activeNames[0].zh)")
        }
        let rounds = Set(loads.map { $0.round }).sorted()
        if let product, loads.count > 1, let first = rounds.first, first > product.round {
            let (one, all) = (rounds.count == 1, rounds.map(String.init))
            return Bilingual(
                en:
                    "While round \(product.round) is multiplied, tiles of round\(one ? "" : "s") \(all.joined(separator: " and ")) are already on their way",
                zh: "第 \(product.round) 轮还在相乘，第 \(all.joined(separator: "、")) 轮的小块已经在路上")
        }
        if let product, let load = loads.first(where: { $0.round > product.round }) {
            return Bilingual(
                en: "While round \(product.round) is multiplied, \(load.tile) of round \(load.round) is already on its way",
                zh: "第 \(product.round) 轮还在相乘，第 \(load.round) 轮的 \(load.tile) 已经在路上")
        }
        if let product, let load = loads.first {
            return Bilingual(
                en: "\(product.tile) is multiplied while \(load.tile) is still on its way",
                zh: "\(product.tile) 正在相乘，\(load.tile) 还在路上")
        }
        if let product {
            return Bilingual(
                en: "Round \(product.round) is multiplied, and nothing is on its way from far memory",
                zh: "第 \(product.round) 轮正在相乘，远处没有东西在路上")
        }
        if let load = loads.first {
            return Bilingual(
                en: "The matrix unit waits: \(load.tile) of round \(load.round) is still on its way",
                zh: "矩阵单元在等：第 \(load.round) 轮的 \(load.tile) 还在路上")
        }
        return Bilingual(
            en: "\(data.task.name.rawValue) on \(chip.name.en), \(at.en)", zh: "\(chip.name.zh)上的 \(data.task.name.rawValue)，\(at.zh)")
    }

    private var activeNames: [Bilingual] {
        moment.active.map { number in
            let entry = schedule.entries[number]
            switch entry.kind {
            case .move(let path):
                let way = schedule.chip.paths[path]
                let bytes = NumberText.grouped(entry.bytes)
                let (engine, from, to) = (data.chip.called(way.engine), data.chip.called(way.from), data.chip.called(way.to))
                return Bilingual(
                    en: "\(engine.en) moves \(entry.tile) from \(from.en) to \(to.en), \(bytes) bytes",
                    zh: Words.spaced("\(engine.zh)把 \(entry.tile) 从\(from.zh)搬到\(to.zh)，\(bytes) 字节"))
            case .compute(let unit):
                let name = data.chip.called(schedule.chip.units[unit].name)
                return Bilingual(en: "\(name.en) computes \(entry.tile)", zh: Words.spaced("\(name.zh)计算 \(entry.tile)"))
            }
        }
    }

    private var holdingNames: Bilingual {
        let all = moment.holdings.map { holding in
            let place = schedule.places(of: holding) > 1
            return Bilingual(
                en:
                    "\(holding.tile)\(place ? " at place \(holding.place)" : "") in \(data.chip.called(holding.memory).en)\(holding.arriving != nil ? " (arriving)" : "")",
                zh:
                    "\(Words.spaced("\(data.chip.called(holding.memory).zh)里的")) \(holding.tile)\(place ? "（位置 \(holding.place)）" : "")\(holding.arriving != nil ? "（正在到来）" : "")"
            )
        }
        return Words.list(all)
    }

    var words: FigureWords {
        let (name, chip) = (data.task.name.rawValue, data.chip.name)
        let program = data.description
        let doing = Bilingual(
            en: activeNames.map { $0.en }.joined(separator: "; "), zh: activeNames.map { $0.zh }.joined(separator: "；"))
        let counted = zip(schedule.chip.paths, moment.bytes).filter { $0.1 > 0 }.map { path, bytes in
            let (from, to) = (data.chip.called(path.from), data.chip.called(path.to))
            return Bilingual(
                en: "\(from.en) to \(to.en) \(NumberText.grouped(bytes))",
                zh: Words.spaced("从\(from.zh)到\(to.zh) \(NumberText.grouped(bytes))"))
        }
        let stages = data.choice.stages
        let blocks = schedule.program.blocks
        let which =
            block == 0
            ? Bilingual(en: "the first of \(blocks) blocks", zh: "共 \(blocks) 块中的第一块")
            : Bilingual(en: "the last of \(blocks) blocks", zh: "共 \(blocks) 块中的最后一块")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en:
                    "\(chip.en), \(at.en), \(which.en). Bars show the room of each near memory, all on one scale. At the right the paths between memories: a thick one is moving something now.",
                zh: "\(chip.zh)，\(at.zh)，\(which.zh)。横条是各级近处内存的空间，同一比例。右侧是内存之间的通路：粗的此刻正在搬。"),
            alt: Bilingual(
                en:
                    "\(chip.en) at \(at.en) of \(name). \(doing.en). Near memories hold: \(holdingNames.en). Bytes so far: \(counted.isEmpty ? "0" : Words.list(counted).en).",
                zh:
                    "\(chip.zh)运行 \(name) 到\(at.zh)。\(doing.zh)。近处内存里有：\(holdingNames.zh)。至今搬运字节：\(counted.isEmpty ? "0" : Words.list(counted).zh)。"
            ),
            caption: Bilingual(
                en: "One moment of \(name) in tiles on \(chip.en): what lies where, what moves, what computes.",
                zh: "\(chip.zh)上分块运行 \(name) 的一刻：什么放在哪里，什么在搬，什么在算。"),
            source: Bilingual(
                en:
                    "\(program.en), \(stages) \(stages == 1 ? "stage" : "stages"), \(data.width) bytes a number; seeded noise from −1 (blue) to 1 (orange), each tile on a scale of its own; in grey themes from dark (negative) over middle grey to light. Executed by this project’s tile machine, without caches. \(data.chip.source.en)",
                zh:
                    "\(program.zh)，\(stages) 级流水，每个数 \(data.width) 字节；数值是给定种子的噪声，从 −1（蓝）到 1（橙），各小块各用一个色标；灰度主题里由深（负）经中灰到浅（正）。由本项目的分块机执行，不计缓存。\(data.chip.source.zh)"
            ))
    }
}
