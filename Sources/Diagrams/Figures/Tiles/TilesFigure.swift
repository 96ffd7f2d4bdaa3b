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
        let (tiles, frame) = (try data.tiles("tiles"), try PictureFrame(options, text))
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
    private let provenance: Provenance
    private let options: FigureOptions
    var frame: PictureFrame
    /// The middle of each memory's shelf, for the lanes.
    private var middles: [String: Double] = [:]

    init(_ data: TileData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        (schedule, block) = try data.tellingBlock()
        moment = try TileMoment(schedule, entry: options.moment ?? schedule.tellingEntry)
        trace = try TileRun(schedule.program, data.task.noise(), keeping: .block(block)).trace
        current = try TilesFigure.marks(schedule, block, moment, trace)
    }

    /// The cells of matrices whose tiles are near or under way, by matrix, with whether they are on their way.
    private let current: [(matrix: String, cells: [Int], isMoving: Bool)]

    private static func marks(_ schedule: Schedule, _ block: Int, _ moment: TileMoment, _ trace: Trace) throws(EngineError) -> [(
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
                    else { return 0 }
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

    private var lanesLeft = 0.0
    var isNarrow: Bool { frame.width < 700 }
    /// Where the proportions are fixed everything stands closer, and words stand beside tiles.
    private var isLow: Bool { options.preset.proportion != nil }
    private var countsHeight: Double { frame.type.body + frame.type.label * (0.9 + 1.75 * Double(paths.count)) }

    private func footHeight(_ source: String) -> Double {
        let style = frame.style(frame.type.small, .muted)
        let lines = LineBreaker.lines(source, width: frame.contentWidth) { frame.width($0, style) }.count
        return frame.type.small * (0.7 + 1.5 * Double(lines)) + max(16, frame.type.margin * 0.55)
    }
    private var laneStep: Double { isNarrow ? 19 : 30 }
    /// Paths along which this block moves anything.
    private var paths: [Int] {
        schedule.chip.paths.indices.filter { path in schedule.entries.contains { $0.kind == .move(path: path) } }
    }
    private var laneWidth: Double { laneStep * Double(paths.count) + (isNarrow ? 8 : 14) }
    /// Where shelves end.
    private var shelfRight: Double { lanesLeft - (isNarrow ? 6 : 12) }
    private var left: Double { frame.type.margin }
    var mono: TextStyle { TextStyle(size: frame.type.small, color: .ink, face: .mono) }
    private var inset: Double { isNarrow || isLow ? 8 : 14 }

    // MARK: Far memory

    private mutating func far() {
        let top = frame.y
        frame.y += inset
        let use = schedule.uses.first { $0.memory == Chip.far }
        title(
            Chip.far, TilesWords.far(use?.room)[frame.language])
        let program = schedule.program
        let scale = TilesFigure.scale(program.inputs.filter { $0.element == .value }.compactMap { input($0.name) })
        let shapes = program.parameters.map { grid($0) }
        let gap = isNarrow ? 14.0 : 44
        let room = shelfRight - left - 2 * inset
        let wide = shapes.reduce(0) { $0 + $1.columns }
        let tall = shapes.map { $0.rows }.max() ?? 1
        let limit = isNarrow ? 110.0 : options.preset == .slide ? 40 : isLow ? 68 : 150
        let cell = min((room - gap * Double(shapes.count - 1)) / Double(wide), limit / Double(tall))
        var x = left + inset
        var baseline = frame.y + frame.type.label * (isLow ? 1.5 : 2)
        var bottom = baseline
        for (buffer, shape) in zip(program.parameters, shapes) {
            let name = "\(buffer.name)  \(shape.rows) × \(shape.columns)"
            let style = frame.style(frame.type.label, .tile(buffer.name, in: program), .semibold)
            let width = max(cell * Double(shape.columns), frame.width(name, style))
            if x > left + inset, x + width > shelfRight - inset {
                (x, baseline) = (left + inset, bottom + frame.type.label * 1.8)
            }
            let area = Rect(x, baseline + frame.type.label * 0.5, cell * Double(shape.columns), cell * Double(shape.rows))
            frame.add(name, style, at: Point(x, baseline))
            matrix(buffer, shape, area, scale)
            bottom = max(bottom, area.maxY)
            x += width + gap
        }
        frame.y = bottom + inset
        close(Chip.far, top)
    }

    /// A matrix as rows and columns: its first axis down, all others along.
    private func grid(_ buffer: Buffer) -> (rows: Int, columns: Int) {
        let lengths = schedule.program.lengths(of: buffer)
        return lengths.count == 1 ? (1, lengths[0]) : (lengths[0], lengths.dropFirst().reduce(1, *))
    }

    private func input(_ name: String) -> Tensor? { try? trace.step(StepID("input.\(name)")).output }

    private mutating func matrix(_ buffer: Buffer, _ shape: (rows: Int, columns: Int), _ area: Rect, _ scale: MatrixScale) {
        if buffer != schedule.program.output, buffer.element == .value, let tensor = input(buffer.name) {
            let raster = MatrixRaster(
                RasterCells(values: tensor.values[...], rows: shape.rows, columns: shape.columns, reach: nil),
                toRows: min(shape.rows, Int(area.height)), toColumns: min(shape.columns, Int(area.width)), by: .max)
            frame.items.append(.image(raster.image(scale, over: Size(area.width, area.height)), in: area))
        }
        frame.items.append(.rect(area, stroke: Stroke(.muted, width: 0.75)))
        let paint = Paint.tile(buffer.name, in: schedule.program)
        for mark in current where mark.matrix == buffer.name {
            guard let box = box(mark.cells, shape, area) else { continue }
            frame.items.append(.rect(box, stroke: Stroke(.paper, width: 4)))
            frame.items.append(.rect(box, stroke: Stroke(paint, width: 2, dash: mark.isMoving ? [4, 2.5] : [])))
        }
        if buffer == schedule.program.output { result(buffer, shape, area, paint) }
    }

    /// Where this block's result will stand.
    private mutating func result(_ buffer: Buffer, _ shape: (rows: Int, columns: Int), _ area: Rect, _ paint: Paint) {
        guard
            let store = schedule.entries.lastIndex(where: {
                if case .move(let path) = $0.kind { schedule.chip.paths[path].to == Chip.far } else { false }
            }), let found = try? schedule.cells(of: store, block: block, positions: { _, _ in 0 }), found.matrix == buffer.name,
            let box = box(found.cells, shape, area)
        else { return }
        frame.items.append(.rect(box, stroke: Stroke(paint, width: 2, dash: [1.5, 2.5])))
    }

    private func box(_ cells: [Int], _ shape: (rows: Int, columns: Int), _ area: Rect) -> Rect? {
        guard let first = cells.first else { return nil }
        let (rows, columns) = (cells.map { $0 / shape.columns }, cells.map { $0 % shape.columns })
        let cell = Size(area.width / Double(shape.columns), area.height / Double(shape.rows))
        let (top, bottom) = (rows.min() ?? first, rows.max() ?? first)
        let (low, high) = (columns.min() ?? 0, columns.max() ?? 0)
        return Rect(
            area.x + Double(low) * cell.width, area.y + Double(top) * cell.height, Double(high - low + 1) * cell.width,
            Double(bottom - top + 1) * cell.height)
    }

    /// One scale of colours for several tensors.
    static func scale(_ tensors: [Tensor]) -> MatrixScale {
        let values = tensors.flatMap { $0.values }.filter { $0.isFinite }
        return MatrixScale(signed: values.reduce(0) { max($0, abs($1)) })
    }

    // MARK: Shelves

    private mutating func title(_ name: String, _ note: String) {
        frame.y += frame.type.panel
        let style = frame.style(frame.type.body, .ink, .semibold)
        frame.add(name, style, at: Point(left + inset, frame.y))
        let small = frame.labelStyle
        let x = left + inset + frame.width(name, style) + 10
        let room = shelfRight - inset - x
        if frame.width(note, small) <= room { return frame.add(note, small, at: Point(x, frame.y)) }
        for line in LineBreaker.lines(note, width: shelfRight - left - 2 * inset, measure: { frame.width($0, small) }) {
            frame.y += frame.type.label * 1.35
            frame.add(line, small, at: Point(left + inset, frame.y))
        }
    }

    private mutating func close(_ memory: String, _ top: Double) {
        let area = Rect(left, top, shelfRight - left, frame.y - top)
        frame.items.append(.rect(area, radius: 6, stroke: Stroke(.muted, width: 1.2)))
        middles[memory] = area.midY
        frame.y += isNarrow ? 10 : isLow ? 7 : frame.type.body
    }

    /// Points a byte: the largest near memory whose room is known fills the shelf.
    private var pointsPerByte: Double {
        let near = schedule.uses.filter { $0.memory != Chip.far }
        let most = near.map { max($0.room ?? 0, $0.bytes) }.max() ?? 1
        return (shelfRight - left - 2 * inset) / Double(max(most, 1))
    }

    private struct Card {
        let holding: TileMoment.Holding?
        let tile: Buffer
        let place: Int
        /// How many places the tile has in this memory.
        let places: Int
        let segment: Rect
    }

    private mutating func shelf(_ memory: Chip.Memory) {
        guard let use = schedule.uses.first(where: { $0.memory == memory.name }) else { return }
        let top = frame.y
        frame.y += inset
        title(memory.name, TilesWords.shelf(use)[frame.language])
        frame.y += frame.type.label * 0.6
        let scale = pointsPerByte
        let bar = Rect(left + inset, frame.y, scale * Double(use.room ?? use.bytes), isNarrow ? 10 : 12)
        frame.items.append(
            .rect(bar, radius: 2, stroke: Stroke(.muted, width: 1, dash: use.room == nil ? [4, 3] : [])))
        var x = bar.x
        var cards: [Card] = []
        for (name, places, bytes) in use.tiles {
            guard let tile = schedule.program.tiles.first(where: { $0.name == name }) else { continue }
            for place in 0..<places {
                let segment = Rect(x, bar.y, scale * Double(bytes / places), bar.height)
                x += segment.width
                let holding = moment.holdings.first { $0.memory == memory.name && $0.tile == name && $0.place == place }
                let paint = Paint.tile(name, in: schedule.program)
                let isFilled = holding.map { !isReplaced($0) } ?? false
                let inner =
                    segment.width > 3 ? Rect(segment.x + 0.75, segment.y + 0.75, segment.width - 1.5, segment.height - 1.5) : segment
                frame.items.append(
                    .rect(
                        inner,
                        fill: holding == nil
                            ? .solid(.rule)
                            : isFilled ? .solid(paint) : .hatch(lines: paint, background: .paper, spacing: 3.2, width: 1.2)))
                cards.append(Card(holding: holding, tile: tile, place: place, places: places, segment: segment))
            }
        }
        frame.y += bar.height + 6
        draw(cards)
        frame.y += inset * 0.7
        close(memory.name, top)
    }

    /// The tiles, under their places on the bar where these are wide enough, else in rows.
    private mutating func draw(_ cards: [Card]) {
        let style = mono
        let widths = cards.map { card in
            let words = max(frame.width(card.tile.name, style), isNarrow ? 52 : isLow ? 108 : 66)
            return isLow ? side(card.tile) + 6 + words : max(side(card.tile), words)
        }
        let gap = isNarrow ? 8.0 : 14
        let isUnder = zip(cards, widths).allSatisfy { $0.segment.width >= $1 + 6 }
        var x = left + inset
        var top = frame.y
        var tallest = 0.0
        for (card, width) in zip(cards, widths) {
            if !isUnder, x > left + inset, x + width > shelfRight - inset {
                x = left + inset
                top += tallest + 8
                tallest = 0
            }
            let at = isUnder ? card.segment.x : x
            tallest = max(tallest, draw(card, at: Point(at, top)))
            x += width + gap
        }
        frame.y = top + tallest
    }

    private var unitCell: Double {
        let longest = schedule.program.tiles.flatMap { schedule.program.lengths(of: $0) }.max() ?? 1
        let most = isNarrow ? 64.0 : options.preset == .slide ? 46 : isLow ? 56 : 96
        return most / Double(longest)
    }

    private func side(_ tile: Buffer) -> Double {
        let lengths = schedule.program.lengths(of: tile)
        return unitCell * Double(lengths.count > 1 ? lengths.dropFirst().reduce(1, *) : 1)
    }

    /// A tile with its values, its name, and what it holds; returns its height.
    private mutating func draw(_ card: Card, at point: Point) -> Double {
        let lengths = schedule.program.lengths(of: card.tile)
        let (rows, columns) = (lengths.first ?? 1, lengths.count > 1 ? lengths.dropFirst().reduce(1, *) : 1)
        let area = Rect(point.x, point.y, unitCell * Double(columns), unitCell * Double(rows))
        let paint = Paint.tile(card.tile.name, in: schedule.program)
        let isArriving = card.holding.map { isReplaced($0) } ?? false
        if let holding = card.holding, let entry = isArriving ? holding.arriving : holding.entry {
            values(entry, area, isPale: isArriving)
        }
        frame.items.append(
            .rect(area, stroke: Stroke(card.holding == nil ? .rule : paint, width: 1.6, dash: isArriving ? [4, 2.5] : [])))
        let x = isLow ? area.maxX + 6 : point.x
        var y = (isLow ? area.y : area.maxY) + frame.type.small * 1.15
        var style = mono
        style.color = card.holding == nil ? .muted : paint
        frame.add(card.tile.name, style, at: Point(x, y))
        for line in TilesWords.state(card.holding, places: card.places, place: card.place, schedule, isShort: isLow) {
            y += frame.type.small * 1.25
            frame.add(line[frame.language], frame.style(frame.type.small, .muted), at: Point(x, y))
        }
        return max(y, area.maxY) - point.y
    }

    /// Whether a place waits for something that a path brings: what it held is given up. A unit that computes adds to what is there.
    private func isReplaced(_ holding: TileMoment.Holding) -> Bool {
        guard let arriving = holding.arriving else { return false }
        if case .move = schedule.entries[arriving].kind { return true }
        return holding.entry == nil
    }

    /// The numbers that an entry brought, in the corner of the place that they fill; pale while they are on their way.
    private mutating func values(_ entry: Int, _ area: Rect, isPale: Bool) {
        guard let id = schedule.step(of: entry, block: block), let step = try? trace.step(id) else { return }
        let lengths = step.output.shape.lengths
        let (rows, columns) = (lengths.first ?? 1, lengths.count > 1 ? lengths.dropFirst().reduce(1, *) : 1)
        guard rows * columns > 0 else { return }
        let scale = TilesFigure.scale([step.output])
        let raster = MatrixRaster(
            RasterCells(values: step.output.values[...], rows: rows, columns: columns, reach: nil), toRows: min(rows, 64),
            toColumns: min(columns, 64), by: .max)
        let part = Rect(area.x, area.y, unitCell * Double(columns), unitCell * Double(rows))
        var image = raster.image(scale, over: Size(part.width, part.height))
        if isPale { image.palette = image.palette.map { $0.pale } }
        frame.items.append(.image(image, in: part))
    }

    // MARK: Units and lanes

    private mutating func units() {
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
            let x = left + inset + frame.width(unit.name, name) + 12
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
            frame.add(unit.name, style, at: Point(left + inset, y))
            for (i, line) in lines.enumerated() {
                frame.add(line, own, at: fits ? Point(x, y) : Point(left + inset, y + Double(i + 1) * frame.type.label * 1.35))
            }
            frame.y = box.maxY + 8
        }
    }

    /// The paths at the right of the shelves: from the middle of one to that of another, thick where something moves.
    private mutating func lanes() {
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
            let length = frame.width(way.engine, style)
            if length < abs(b - a) - 4 {
                frame.items.append(
                    .text(
                        TextRun(way.engine, style, at: Point(x + 4 + frame.type.small * 0.25, (a + b) / 2), anchor: .middle, rotation: 90)))
            }
        }
    }

    // MARK: Bytes

    private mutating func counts() {
        let style = frame.style(frame.type.label, .ink)
        let heading = frame.style(frame.type.body, .ink, .semibold)
        frame.y += frame.type.body
        frame.add(TilesWords.soFar(moment.tick)[frame.language], heading, at: Point(left, frame.y))
        frame.y += frame.type.label * 0.4
        let right = frame.width - frame.type.margin
        let names = paths.map { "\(schedule.chip.paths[$0].from) → \(schedule.chip.paths[$0].to)" }
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
