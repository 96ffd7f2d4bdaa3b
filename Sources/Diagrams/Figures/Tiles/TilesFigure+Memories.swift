// The memories of the figure `tiles`: far memory with its matrices, cut as the program cuts them; near memories as shelves with the tiles that lie in
// them.

import TileMachine
import Traces

extension TilesFigure {
    // MARK: Far memory

    mutating func far() {
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
    func grid(_ buffer: Buffer) -> (rows: Int, columns: Int) {
        let lengths = schedule.program.lengths(of: buffer)
        return lengths.count == 1 ? (1, lengths[0]) : (lengths[0], lengths.dropFirst().reduce(1, *))
    }

    func input(_ name: String) -> Tensor? { try? trace.step(StepID("input.\(name)")).output }

    mutating func matrix(_ buffer: Buffer, _ shape: (rows: Int, columns: Int), _ area: Rect, _ scale: MatrixScale) {
        if buffer != schedule.program.output, buffer.element == .value, let tensor = input(buffer.name) {
            let raster = MatrixRaster(
                RasterCells(values: tensor.values[...], rows: shape.rows, columns: shape.columns, reach: nil),
                toRows: min(shape.rows, Int(area.height)), toColumns: min(shape.columns, Int(area.width)), by: .max)
            frame.items += raster.items(scale, in: area)
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
    mutating func result(_ buffer: Buffer, _ shape: (rows: Int, columns: Int), _ area: Rect, _ paint: Paint) {
        guard
            let store = schedule.entries.lastIndex(where: {
                if case .move(let path) = $0.kind { schedule.chip.paths[path].to == Chip.far } else { false }
            }), let found = try? schedule.cells(of: store, block: block, positions: { _, _ in 0 }), found.matrix == buffer.name,
            let box = box(found.cells, shape, area)
        else { return }
        frame.items.append(.rect(box, stroke: Stroke(paint, width: 2, dash: [1.5, 2.5])))
    }

    func box(_ cells: [Int], _ shape: (rows: Int, columns: Int), _ area: Rect) -> Rect? {
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

    mutating func title(_ name: String, _ note: String) {
        frame.y += frame.type.panel
        let style = frame.style(frame.type.body, .ink, .semibold)
        let name = schedule.chip.called(name)[frame.language]
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

    mutating func close(_ memory: String, _ top: Double) {
        let area = Rect(left, top, shelfRight - left, frame.y - top)
        frame.items.append(.rect(area, radius: 6, stroke: Stroke(.muted, width: 1.2)))
        middles[memory] = area.midY
        frame.y += isNarrow ? 10 : isLow ? 7 : frame.type.body
    }

    /// Points a byte: the largest near memory whose room is known fills the shelf.
    var pointsPerByte: Double {
        let near = schedule.uses.filter { $0.memory != Chip.far }
        let most = near.map { max($0.room ?? 0, $0.bytes) }.max() ?? 1
        return (shelfRight - left - 2 * inset) / Double(max(most, 1))
    }

    struct Card {
        let holding: TileMoment.Holding?
        let tile: Buffer
        let place: Int
        /// How many places the tile has in this memory.
        let places: Int
        let segment: Rect
    }

    mutating func shelf(_ memory: Chip.Memory) {
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
                            : .solid(isFilled ? paint : paint.pale)))
                cards.append(Card(holding: holding, tile: tile, place: place, places: places, segment: segment))
            }
        }
        frame.y += bar.height + 6
        draw(cards)
        frame.y += inset * 0.7
        close(memory.name, top)
    }

    /// The tiles, under their places on the bar where these are wide enough, else in rows.
    mutating func draw(_ cards: [Card]) {
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

    var unitCell: Double {
        let longest = schedule.program.tiles.flatMap { schedule.program.lengths(of: $0) }.max() ?? 1
        let most = isNarrow ? 64.0 : options.preset == .slide ? 46 : isLow ? 56 : 96
        return most / Double(longest)
    }

    func side(_ tile: Buffer) -> Double {
        let lengths = schedule.program.lengths(of: tile)
        return unitCell * Double(lengths.count > 1 ? lengths.dropFirst().reduce(1, *) : 1)
    }

    /// A tile with its values, its name, and what it holds; returns its height.
    mutating func draw(_ card: Card, at point: Point) -> Double {
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
    func isReplaced(_ holding: TileMoment.Holding) -> Bool {
        guard let arriving = holding.arriving else { return false }
        if case .move = schedule.entries[arriving].kind { return true }
        return holding.entry == nil
    }

    /// The numbers that an entry brought, in the corner of the place that they fill; pale while they are on their way.
    mutating func values(_ entry: Int, _ area: Rect, isPale: Bool) {
        guard let id = schedule.step(of: entry, block: block), let step = try? trace.step(id) else { return }
        let lengths = step.output.shape.lengths
        let (rows, columns) = (lengths.first ?? 1, lengths.count > 1 ? lengths.dropFirst().reduce(1, *) : 1)
        guard rows * columns > 0 else { return }
        let scale = TilesFigure.scale([step.output])
        let raster = MatrixRaster(
            RasterCells(values: step.output.values[...], rows: rows, columns: columns, reach: nil), toRows: min(rows, 64),
            toColumns: min(columns, 64), by: .max)
        let part = Rect(area.x, area.y, unitCell * Double(columns), unitCell * Double(rows))
        frame.items += raster.items(scale, in: part, isPale: isPale)
    }
}
