// The words of the figure `timeline`.

import TileMachine
import Traces

struct TimelineWords {
    let data: TileData
    let ways: [TimelineWay]
    let provenance: Provenance

    static func ticks(_ way: TimelineWay) -> Bilingual {
        let (all, share) = (NumberText.grouped(way.ticks), NumberText.percent(Double(way.busy) / Double(way.ticks), decimals: 0))
        return Bilingual(en: "\(all) ticks; multiplies \(share) of them", zh: "\(all) 个刻度，其中 \(share) 在相乘")
    }

    private var naive: TimelineWay { ways[0] }
    private var tiled: TimelineWay { ways[1] }
    private var piped: TimelineWay { ways[2] }
    private var deep: TimelineWay { ways[3] }

    private var deeper: Bilingual {
        let (two, three) = (NumberText.grouped(piped.ticks), NumberText.grouped(deep.ticks))
        return deep.ticks < piped.ticks
            ? Bilingual(en: "A third stage brings it to \(three).", zh: "再加一级，降到 \(three)。")
            : Bilingual(en: "A third stage changes nothing: it stays at \(two).", zh: "再加一级没有变化：仍是 \(two)。")
    }

    var words: FigureWords {
        let (n, one, two) = (NumberText.grouped(naive.ticks), NumberText.grouped(tiled.ticks), NumberText.grouped(piped.ticks))
        let program = data.description
        let faster = NumberText.significant(Double(naive.ticks) / Double(tiled.ticks), digits: 2)
        let list = ways.map { way in
            Bilingual(
                en: "\(way.name.en): \(Self.ticks(way).en)", zh: "\(way.name.zh)：\(Self.ticks(way).zh)")
        }
        let title: Bilingual =
            piped.ticks < tiled.ticks
            ? Bilingual(
                en: "Tiles bring a block from \(n) ticks to \(one), a second stage to \(two)",
                zh: "分块让一块从 \(n) 个刻度降到 \(one) 个，两级流水再降到 \(two) 个")
            : Bilingual(
                en: "Tiles bring a block from \(n) to \(one) ticks; pipelining changes nothing here",
                zh: "分块让一块从 \(n) 降到 \(one) 个刻度；流水在这里没有帮助")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en:
                    "One block of \(data.task.name.rawValue) on \(data.chip.name.en). Each row is an engine or a unit; digits are rounds of the loop. Tiles make it \(faster) times as fast; with two stages loads run ahead of the products. \(deeper.en)",
                zh:
                    "\(data.chip.name.zh)上 \(data.task.name.rawValue) 的一块。每行是一个引擎或单元，数字是循环的轮次。分块快到 \(faster) 倍；两级流水时，搬运跑在相乘的前面。\(deeper.zh)"
            ),
            alt: Bilingual(
                en: "Timelines of engines and units for one block on \(data.chip.name.en). \(list.map { $0.en }.joined(separator: ". ")).",
                zh: "\(data.chip.name.zh)上一块的时间线，逐引擎逐单元。\(list.map { $0.zh }.joined(separator: "；"))。"),
            caption: Bilingual(
                en: "Ticks of one block of \(data.task.name.rawValue): without tiles \(n), with tiles \(one), with two stages \(two).",
                zh: "\(data.task.name.rawValue) 一块所用的刻度：不分块 \(n)，分块 \(one)，两级流水 \(two)。"),
            source: Bilingual(
                en:
                    "\(program.en); \(data.width) bytes a number. Scheduled by this project’s tile machine: an engine does one thing after another, without caches or the time to issue. \(data.chip.source.en)",
                zh: "\(program.zh)；每个数 \(data.width) 字节。由本项目的分块机排出：每个引擎一次只做一件事，不计缓存与发射时间。\(data.chip.source.zh)"))
    }
}
