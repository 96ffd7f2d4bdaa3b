// The figure `timeline`: what each engine and unit of a chip does, tick by tick, while one block of a tile program runs: without tiles, with tiles one
// after another, and with two and three stages, on one scale of time. A block without tiles that would run off the picture is broken off, and its
// length is said. Only a chip whose file gives speeds has ticks.

import TileMachine
import Traces

extension Figure {
    /// Engines and units against time.
    public static let timeline = Figure(
        name: "timeline",
        summary: Bilingual(en: "What engines and units do, tick by tick: naive, tiled, pipelined", zh: "各引擎与单元逐刻在做什么：朴素、分块、流水"),
        needs: .tiles
    ) { data, options, text throws(FigureError) in
        let (tiles, frame) = (try data.tiles("timeline"), try PictureFrame(options, text))
        guard tiles.chip.hasSpeeds else {
            throw FigureError("timeline: \(tiles.chip.id) has no speeds for its paths and units, so there are no ticks; the chip paper has")
        }
        return try computing { () throws(EngineError) in
            var figure = try TimelineFigure(tiles, data.provenance, options, frame)
            return figure.scene()
        }
    }
}

/// One way to run a program, and what one block of it does.
struct TimelineWay {
    /// Stages of the loop; nil: without tiles.
    let stages: Int?
    let schedule: Schedule

    /// Ticks of the block.
    var ticks: Int { schedule.entries.reduce(0) { max($0, $1.ready) } }

    /// Ticks in which the matrix unit computes.
    var busy: Int { schedule.entries.reduce(0) { $0 + (schedule.isProduct($1) ? $1.end - $1.start : 0) } }

    var name: Bilingual {
        switch stages {
        case nil: Bilingual(en: "Without tiles: every factor is fetched when it is used", zh: "不分块：每个乘数用到时才取")
        case 1: Bilingual(en: "Tiles, 1 stage: each tile has one place", zh: "分块，1 级：每个小块只有一个位置")
        case let stages?:
            Bilingual(en: "Tiles, \(stages) stages: \(stages) places, so loads run ahead", zh: "分块，\(stages) 级流水：\(stages) 个位置，可以提前搬")
        }
    }
}

struct TimelineFigure {
    private let data: TileData
    private let ways: [TimelineWay]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ data: TileData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        ways = try [nil, 1, 2, 3].map { stages throws(EngineError) in
            TimelineWay(stages: stages, schedule: try data.schedule(stages: stages ?? 1, isNaive: stages == nil))
        }
    }

    private var isNarrow: Bool { frame.width < 700 }
    private var laneHeight: Double { options.preset.proportion != nil ? max(15, frame.type.label * 1.22) : isNarrow ? 17 : 21 }

    /// The ticks at the right end: the longest of the ways with tiles, and a little more.
    private var longest: Double { Double(ways.dropFirst().map { $0.ticks }.max() ?? 1) * 1.02 }

    mutating func scene() -> Scene {
        let text = TimelineWords(data: data, ways: ways, provenance: provenance).words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body
        let body = frame.items.count
        legend()
        frame.y += frame.type.label
        let rows = ways.flatMap { lanes($0) }
        let gutter = (rows.map { frame.width(data.chip.called($0)[frame.language], frame.labelStyle) }.max() ?? 0) + 10
        let area = Rect(frame.type.margin + gutter, 0, frame.contentWidth - gutter, 0)
        let shown = options.preset.proportion == nil ? ways : ways.filter { $0.stages != 3 }
        for way in shown { draw(way, area) }
        axis(area)
        frame.y += frame.type.small
        return frame.scene("timeline", body: body, options, text, provenance)
    }

    private mutating func legend() {
        let program = ways[1].schedule.program
        let loaded = program.tiles.filter { tile in
            ways[1].schedule.entries.contains { $0.tile == tile.name && ways[1].schedule.isLoad($0) }
        }
        var entries = loaded.map { tile in
            LegendEntry.box(
                fill(tile.name, program), Stroke(.tile(tile.name, in: program), width: 1),
                Bilingual(en: "\(letter(tile.name)): \(tile.name) moves", zh: "\(letter(tile.name))：搬 \(tile.name)")[frame.language])
        }
        entries += [
            .box(.solid(.ink), nil, Bilingual(en: "product", zh: "相乘")[frame.language]),
            .box(
                .solid(Self.underWay), nil, Bilingual(en: "under way, not yet there", zh: "在路上，还没到")[frame.language]),
            .box(nil, Stroke(.alarm, width: 1.2, dash: [3, 2.5]), Bilingual(en: "the matrix unit waits", zh: "矩阵单元在等")[frame.language]),
        ]
        if let first = ways.flatMap({ way in way.schedule.entries.filter { isPreparation($0, way) } }).first {
            let start = Bilingual(en: "the sums \(letter(first.tile)) are set to 0", zh: "\(letter(first.tile)) 的各个和先置 0")[frame.language]
            entries.append(.box(nil, Stroke(.tile(first.tile, in: program), width: 1.5), start))
        }
        frame.legend(entries)
    }

    /// Engines, then units, of those that do something.
    private func lanes(_ way: TimelineWay) -> [String] {
        let chip = way.schedule.chip
        var names: [String] = []
        for entry in way.schedule.entries where entry.end > entry.start && name(entry, chip) != "vector unit" {
            let name = name(entry, chip)
            if !names.contains(name) { names.append(name) }
        }
        let order = chip.paths.map { $0.engine } + chip.units.map { $0.name }
        return names.sorted { (order.firstIndex(of: $0) ?? 0) < (order.firstIndex(of: $1) ?? 0) }
    }

    private func name(_ entry: Schedule.Entry, _ chip: Chip) -> String {
        switch entry.kind {
        case .move(let path): chip.paths[path].engine
        case .compute(let unit): chip.units[unit].name
        }
    }

    /// What the matrix unit does besides products: the sums that these add to are given their start.
    private func isPreparation(_ entry: Schedule.Entry, _ way: TimelineWay) -> Bool {
        guard case .compute(let unit) = entry.kind, way.schedule.chip.units[unit].kind == .matrix else { return false }
        return entry.end > entry.start && !way.schedule.isProduct(entry)
    }

    private func letter(_ tile: String) -> String { String(tile.prefix { $0 != "_" }).prefix(1).uppercased() }

    /// The second matrix is striped, because on a grey copy two colours would be one grey.
    private func fill(_ tile: String, _ program: TileProgram) -> Fill {
        let paint = Paint.tile(tile, in: program)
        return paint == .key ? .hatch(lines: .paper, background: paint, spacing: 5, width: 1.5) : .solid(paint)
    }

    private mutating func draw(_ way: TimelineWay, _ area: Rect) {
        let isBroken = Double(way.ticks) > longest
        frame.y += frame.type.body * 1.3
        let style = frame.style(frame.type.body, .ink, .semibold)
        let ticks = TimelineWords.ticks(way)[frame.language]
        let tickStyle = frame.style(frame.type.label, .muted, .medium)
        let right = frame.width - frame.type.margin
        for (i, line) in LineBreaker.lines(
            way.name[frame.language], width: isNarrow ? frame.contentWidth : frame.contentWidth - frame.width(ticks, tickStyle) - 16,
            measure: { frame.width($0, style) }
        ).enumerated() {
            if i > 0 { frame.y += frame.type.body * 1.25 }
            frame.add(line, style, at: Point(frame.type.margin, frame.y))
        }
        if isNarrow {
            frame.y += frame.type.label * 1.5
            frame.add(ticks, tickStyle, at: Point(frame.type.margin, frame.y))
        } else {
            frame.add(ticks, tickStyle, at: Point(right, frame.y), .end)
        }
        frame.y += frame.type.label * 0.6
        for lane in lanes(way) { draw(lane, of: way, area, isBroken: isBroken) }
        frame.y += frame.type.label * 0.4
    }

    private mutating func draw(_ lane: String, of way: TimelineWay, _ area: Rect, isBroken: Bool) {
        let chip = way.schedule.chip
        let (top, height) = (frame.y, laneHeight - 4)
        let middle = top + height / 2
        frame.add(chip.called(lane)[frame.language], frame.labelStyle, at: Point(area.x - 8, middle + frame.type.label * 0.36), .end)
        frame.items.append(.path([.move(Point(area.x, middle)), .line(Point(area.maxX, middle))], stroke: Stroke(.rule)))
        func x(_ tick: Int) -> Double { area.x + min(Double(tick) / longest, 1) * area.width }
        let isMatrix = chip.units.contains { $0.name == lane && $0.kind == .matrix }
        var last = 0
        for entry in way.schedule.entries where name(entry, chip) == lane && Double(entry.start) < longest {
            if isMatrix, entry.start > last { wait(Rect(x(last), top, x(entry.start) - x(last), height)) }
            last = max(last, entry.end)
            if entry.ready > entry.end {
                let tail = Rect(x(entry.end), top + height * 0.25, x(entry.ready) - x(entry.end), height * 0.5)
                frame.items.append(.rect(tail, fill: .solid(Self.underWay)))
            }
            bar(entry, Rect(x(entry.start), top, x(entry.end) - x(entry.start), height), way, isMatrix)
        }
        if isBroken {
            if isMatrix, Double(last) < longest { wait(Rect(x(last), top, area.maxX - x(last), height)) }
            tear(area.maxX, top, height)
        }
        frame.y += laneHeight
    }

    /// What has left and is not there yet. Hatching would say that it was not selected.
    private static let underWay = Paint.muted.mixed(0.3)

    private mutating func wait(_ area: Rect) {
        guard area.width > 3 else { return }
        frame.items.append(.rect(area.insetBy(1), stroke: Stroke(.alarm, width: 1, dash: [3, 2.5])))
    }

    private mutating func bar(_ entry: Schedule.Entry, _ area: Rect, _ way: TimelineWay, _ isMatrix: Bool) {
        guard area.width > 0 else { return }
        let program = ways[1].schedule.program
        let inner = area.width > 4 ? Rect(area.x + 0.5, area.y, area.width - 1, area.height) : area
        let isProduct = isMatrix && !isPreparation(entry, way)
        let paint = isProduct ? Paint.ink : .tile(entry.tile, in: program)
        let radius: Double = area.width > 6 ? 2 : 0
        if isPreparation(entry, way) {
            // An outline: nothing is moved or multiplied.
            frame.items.append(.rect(inner, radius: radius, stroke: Stroke(paint, width: 1.5)))
        } else {
            frame.items.append(.rect(inner, radius: radius, fill: isProduct ? .solid(paint) : fill(entry.tile, program)))
        }
        let isInLoop = way.schedule.isInLoop(entry)
        let label = isMatrix ? (isInLoop ? "\(entry.round)" : "") : "\(letter(entry.tile))\(isInLoop ? "\(entry.round)" : "")"
        let style = TextStyle(size: 11, weight: .semibold, color: .text(on: paint))
        let width = frame.width(label, style)
        guard !label.isEmpty, inner.width >= width + 4, laneHeight >= 15 else { return }
        if paint == .key {
            // A plain field behind the letter, or stripes would run through it.
            frame.items.append(.rect(Rect(inner.midX - width / 2 - 2, inner.y, width + 4, inner.height), fill: .solid(paint)))
        }
        frame.add(label, style, at: Point(inner.midX, inner.midY + 4), .middle)
    }

    /// Where a bar goes on beyond the picture.
    private mutating func tear(_ x: Double, _ top: Double, _ height: Double) {
        let step = height / 4
        var path: [PathElement] = [.move(Point(x - 9, top - 2))]
        for i in 1...4 { path.append(.line(Point(x - (i % 2 == 0 ? 9 : 4), top - 2 + step * Double(i) + (i == 4 ? 4 : 0)))) }
        path += [.line(Point(x + 1, top + height + 2)), .line(Point(x + 1, top - 2)), .close]
        frame.items.append(.path(path, fill: .solid(.paper)))
        frame.items.append(.path(Array(path.prefix(5)), stroke: Stroke(.muted, width: 1)))
    }

    private mutating func axis(_ area: Rect) {
        let scale = AxisScale.linear(to: longest / 1.02, count: isNarrow ? 3 : 8) { NumberText.grouped(Int($0)) }
        frame.y += 6
        frame.items.append(.path([.move(Point(area.x, frame.y)), .line(Point(area.maxX, frame.y))], stroke: Stroke(.muted)))
        let unit = Bilingual(en: "ticks", zh: "刻度")[frame.language]
        for tick in scale.ticks where tick.value <= longest {
            let x = area.x + tick.value / longest * area.width
            frame.items.append(.path([.move(Point(x, frame.y)), .line(Point(x, frame.y + 4))], stroke: Stroke(.muted)))
            let half = frame.width(tick.label, frame.labelStyle) / 2
            frame.add(tick.label, frame.labelStyle, at: Point(min(x, area.maxX - half), frame.y + 5 + frame.type.label), .middle)
        }
        frame.add(unit, frame.labelStyle, at: Point(area.x - 8, frame.y + 5 + frame.type.label), .end)
        frame.y += 5 + frame.type.label * 1.4
    }
}
