// The figure `tiles`: one moment of one block of a tile program on a chip. Far memory at the top with its matrices, cut as the program cuts them and
// not to scale; under it the near memories as shelves, all to one scale, with the tiles that lie in them and their values; then the units at work.
// Lanes at the right are the paths between memories, each named by its engine; those that move something are thick. Bytes so far stand below. Left
// out: other blocks, and the time to issue an instruction.

import TileMachine
import Traces

extension Figure {
    /// One moment of a tile program.
    public static let tiles = Figure(
        name: "tiles",
        summary: Bilingual(en: "One moment of a tile program: what lies where, what moves, what computes", zh: "分块程序的一刻：什么放在哪里，什么在搬，什么在算"),
        needs: .tiles, takes: [.moment]
    ) { data, options, text throws(FigureError) in
        let (tiles, frame) = (try data.tiles("tiles"), try PictureFrame(options.inArticleType, text))
        return try computing { () throws(EngineError) in
            var figure = try TilesFigure(tiles, data.provenance, options, frame)
            return figure.scene()
        }
    }
}

struct TilesFigure {
    let data: TileData
    let schedule: Schedule
    /// The block that is shown.
    let block: Int
    let moment: TileMoment
    /// The values of the block's tiles.
    let trace: Trace
    let provenance: Provenance
    let options: FigureOptions
    var frame: PictureFrame
    /// The middle of each memory's shelf, for the lanes.
    var middles: [String: Double] = [:]

    init(_ data: TileData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        (schedule, block) = try data.tellingBlock()
        moment = try TileMoment(schedule, entry: options.moment ?? schedule.tellingEntry)
        trace = try TileRun(schedule.program, data.task.noise(), keeping: .block(block)).trace
        current = try TilesFigure.marks(schedule, block, moment, trace)
    }

    /// The cells of matrices whose tiles are near or under way, by matrix, with whether they are on their way.
    let current: [(matrix: String, cells: [Int], isMoving: Bool)]

    static func marks(_ schedule: Schedule, _ block: Int, _ moment: TileMoment, _ trace: Trace) throws(EngineError) -> [(
        matrix: String, cells: [Int], isMoving: Bool
    )] {
        var marks: [(matrix: String, cells: [Int], isMoving: Bool)] = []
        var seen: Set<[Int]> = []
        for holding in moment.holdings {
            for number in [holding.entry, holding.arriving].compactMap({ $0 }) {
                let entry = schedule.entries[number]
                guard schedule.isLoad(entry), seen.insert([entry.statement, entry.round]).inserted else { continue }
                let positions = { (tile: String, place: Int) -> Int in
                    guard let made = schedule.entries[..<number].lastIndex(where: { $0.tile == tile }),
                        let id = schedule.step(of: made, block: block),
                        let step = try? trace.step(id)
                    else { preconditionFailure("a gather begins when its positions are there") }
                    return Int(step.output.values[place])
                }
                guard let found = try schedule.cells(of: number, block: block, positions: positions) else { continue }
                marks.append((found.matrix, found.cells, number == holding.arriving))
            }
        }
        return marks
    }

    mutating func scene() -> Scene {
        let words = TilesWords(data: data, schedule: schedule, block: block, moment: moment, provenance: provenance)
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 0.8
        let body = frame.items.count
        if !isLow {
            frame.legend(TilesWords.legend.map { stroke, text in .box(nil, stroke, text[frame.language]) })
            frame.y += frame.type.body * 0.9
        }
        lanesLeft = frame.width - frame.type.margin - laneWidth
        far()
        for memory in schedule.chip.memories.dropFirst() where schedule.uses.contains(where: { $0.memory == memory.name }) { shelf(memory) }
        units()
        lanes()
        frame.y += isLow ? 0 : frame.type.body * 0.6
        if !isLow || frame.y + countsHeight + footHeight(text.source[frame.language]) <= frame.width * (options.preset.proportion ?? 1) {
            counts()
        }
        frame.y += frame.type.small * 0.7
        return frame.scene("tiles", body: body, options, text, provenance)
    }

    // MARK: Measures

    var lanesLeft = 0.0
    var isNarrow: Bool { frame.width < 700 }
    /// Where the proportions are fixed everything stands closer, and words stand beside tiles.
    var isLow: Bool { options.preset.proportion != nil }
    var countsHeight: Double { frame.type.body + frame.type.label * (0.9 + 1.75 * Double(paths.count)) }

    func footHeight(_ source: String) -> Double {
        let style = frame.style(frame.type.small, .muted)
        let lines = LineBreaker.lines(source, width: frame.contentWidth) { frame.width($0, style) }.count
        return frame.type.small * (0.7 + 1.5 * Double(lines)) + max(16, frame.type.margin * 0.55)
    }
    var laneStep: Double { isNarrow ? 19 : 30 }
    /// Paths along which this block moves anything.
    var paths: [Int] {
        schedule.chip.paths.indices.filter { path in schedule.entries.contains { $0.kind == .move(path: path) } }
    }
    var laneWidth: Double { laneStep * Double(paths.count) + (isNarrow ? 8 : 14) }
    /// Where shelves end.
    var shelfRight: Double { lanesLeft - (isNarrow ? 6 : 12) }
    var left: Double { frame.type.margin }
    var mono: TextStyle { TextStyle(size: frame.type.small, color: .ink, face: .mono) }
    var inset: Double { isNarrow || isLow ? 8 : 14 }

    // MARK: Units and lanes

    mutating func units() {
        let entries = schedule.entries
        for (number, unit) in schedule.chip.units.enumerated() where entries.contains(where: { $0.kind == .compute(unit: number) }) {
            let working = moment.active.first { entries[$0].kind == .compute(unit: number) }
            let height = frame.type.body * (isLow ? 1.7 : 2)
            let area = Rect(left, frame.y, shelfRight - left, height)
            let next = entries.indices.first { $0 > moment.entry && entries[$0].kind == .compute(unit: number) }
            let says = TilesWords.unit(working, next: next, schedule, now: moment.tick)[frame.language]
            let name = frame.style(frame.type.body, .ink, .semibold)
            let small = TextStyle(
                size: frame.type.label, weight: working == nil ? .regular : .medium, color: working == nil ? .muted : .ink)
            let called = schedule.chip.called(unit.name)[frame.language]
            let x = left + inset + frame.width(called, name) + 12
            let fits = frame.width(says, small) <= shelfRight - inset - x
            let lines = fits ? [says] : LineBreaker.lines(says, width: shelfRight - left - 2 * inset) { frame.width($0, small) }
            let box = fits ? area : Rect(area.x, area.y, area.width, height + Double(lines.count) * frame.type.label * 1.35)
            frame.items.append(
                .rect(
                    box, radius: 6, fill: working == nil ? nil : .solid(Paint.highlight.mixed(0.35)),
                    stroke: Stroke(working == nil ? .rule : .ink, width: working == nil ? 1 : 1.6)))
            var style = name
            if working != nil { style.color = .text(on: Paint.highlight.mixed(0.35)) }
            var own = small
            if working != nil { own.color = .text(on: Paint.highlight.mixed(0.35)) }
            let y = frame.y + height / 2 + frame.type.body * 0.36
            frame.add(called, style, at: Point(left + inset, y))
            for (i, line) in lines.enumerated() {
                frame.add(line, own, at: fits ? Point(x, y) : Point(left + inset, y + Double(i + 1) * frame.type.label * 1.35))
            }
            frame.y = box.maxY + 8
        }
    }

    /// The paths at the right of the shelves: from the middle of one to that of another, thick where something moves.
    mutating func lanes() {
        for (lane, path) in paths.enumerated() {
            let way = schedule.chip.paths[path]
            guard let from = middles[way.from], let to = middles[way.to] else { continue }
            let working = moment.active.first { schedule.entries[$0].kind == .move(path: path) }
            let paint = working.map { Paint.tile(schedule.entries[$0].tile, in: schedule.program) } ?? .muted
            let x = lanesLeft + laneStep * (Double(lane) + 0.45)
            // Lanes that meet at one shelf leave it one under the other.
            let spread = (Double(lane) - Double(paths.count - 1) / 2) * 9
            let (a, b) = (from + spread, to + spread)
            let line: [PathElement] = [
                .move(Point(shelfRight, a)), .line(Point(x, a)), .line(Point(x, b)), .line(Point(shelfRight + 7, b)),
            ]
            frame.items.append(.path(line, stroke: Stroke(paint, width: working == nil ? 1 : 3.2)))
            let head = working == nil ? 3.5 : 5.5
            frame.items.append(
                .path(
                    [
                        .move(Point(shelfRight + 0.5, b)), .line(Point(shelfRight + 9, b - head)), .line(Point(shelfRight + 9, b + head)),
                        .close,
                    ],
                    fill: .solid(paint)))
            let style = TextStyle(size: frame.type.small, weight: working == nil ? .regular : .semibold, color: paint)
            let engine = schedule.chip.called(way.engine)[frame.language]
            if engine.allSatisfy(LineBreaker.isIdeographic) {
                // One character under the other, none on its side.
                let step = style.size * 1.15
                guard step * Double(engine.count) < abs(b - a) - 4 else { continue }
                var y = (a + b) / 2 - step * Double(engine.count) / 2 + style.size * 0.9
                for character in engine {
                    frame.add(String(character), style, at: Point(x + 4 + style.size / 2, y), .middle)
                    y += step
                }
            } else if frame.width(engine, style) < abs(b - a) - 4 {
                frame.items.append(
                    .text(
                        TextRun(engine, style, at: Point(x + 4 + frame.type.small * 0.25, (a + b) / 2), anchor: .middle, rotation: 90)))
            }
        }
    }

    // MARK: Bytes

    mutating func counts() {
        let style = frame.style(frame.type.label, .ink)
        let heading = frame.style(frame.type.body, .ink, .semibold)
        frame.y += frame.type.body
        frame.add(TilesWords.soFar(moment.tick)[frame.language], heading, at: Point(left, frame.y))
        frame.y += frame.type.label * 0.4
        let right = frame.width - frame.type.margin
        let names = paths.map { schedule.chip.called(schedule.chip.paths[$0])[frame.language] }
        let nameWidth = names.map { frame.width($0, style) }.max() ?? 0
        let totals = paths.map { path in schedule.entries.reduce(0) { $0 + ($1.kind == .move(path: path) ? $1.bytes : 0) } }
        let texts = zip(paths, totals).map {
            TilesWords.bytes(moment.bytes[$0], of: $1, whole: schedule.bytes[$0], isShort: isNarrow)[frame.language]
        }
        let textWidth = texts.map { frame.width($0, style) }.max() ?? 0
        let most = Double(totals.max() ?? 1)
        let barLeft = isNarrow ? left : left + nameWidth + 12
        let room = (isNarrow ? right : right - textWidth - 14) - barLeft
        for ((path, name), (total, text)) in zip(zip(paths, names), zip(totals, texts)) {
            frame.y += frame.type.label * 1.75
            frame.add(name, style, at: Point(left, frame.y))
            frame.add(text, frame.labelStyle, at: Point(right, frame.y), .end)
            let y = isNarrow ? frame.y + 5 : frame.y - frame.type.label * 0.85
            if isNarrow { frame.y += 11 }
            let height = isNarrow ? 6.0 : frame.type.label * 0.95
            frame.items.append(.rect(Rect(barLeft, y, max(room * Double(total) / most, 1), height), radius: 1.5, fill: .solid(.rule)))
            frame.items.append(
                .rect(Rect(barLeft, y, room * Double(moment.bytes[path]) / most, height), radius: 1.5, fill: .solid(.bar)))
        }
        frame.y += frame.type.label * 0.5
    }
}
