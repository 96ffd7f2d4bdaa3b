// Where the heads stand: side by side, with the names of tokens where there is room for them.

import Traces

extension HeadsFigure {
    /// The grid below the words at the top, as long as they may be.
    func fittedGrid() throws(FigureError) -> Grid {
        var below = self
        below.frame.head(title[options.language], subtitle(block: slices[0].columns)[options.language])
        below.frame.y += frame.type.body * 1.5
        return try below.grid()
    }

    struct Grid {
        let columns: Int
        let side: Double
        let gap: Double
        let gutter: Double
        let pitch: Double
        /// Whether tokens are named.
        let isNamed: Bool
        /// Whether layers and heads are told by numbers at the sides, instead of a name above each.
        var isNumbered = false
        /// Whether layers run along the page instead of down it.
        var isAlong = false
        /// The width of the order of keys at the right of each head; 0 where it has no room.
        var sideWidth = 0.0
    }

    var headingStyle: TextStyle { frame.style(frame.type.label, .ink, .semibold) }
    var small: TextStyle { frame.style(frame.type.small, .muted) }
    /// Many heads or layers on one slide go without the words below them.
    var isCompact: Bool { options.preset.proportion != nil && (slices.count > 12 || layers.count > 3) }
    /// Whether names of layers and heads are letters with numbers: on narrow pages.
    var isAbbreviated: Bool { isModel && !isCompact && frame.width < 900 }
    /// The side of the smallest matrix in which a diagonal is told from a column.
    private static let leastSide = 12.0
    var captionHeight: Double { frame.type.label * (isCompact ? 0.7 : 2.5) }
    var headingHeight: Double { frame.type.label * 1.9 }

    private func grid() throws(FigureError) -> Grid {
        let gap = max(16, frame.type.margin * 0.5)
        let height = options.preset.proportion.map {
            frame.width * $0 - frame.y - frame.type.small * 5.5 - max(16, frame.type.margin * 0.55)
        }
        let named = namedGrid(gap, height)
        if let named { return named }
        if let height, isModel, isCompact { return try numberedGrid(height) }
        var best: (columns: Int, side: Double) = (1, 0)
        for columns in candidates(gap) {
            let rows = Double((slices.count + columns - 1) / columns)
            var side = min(
                (frame.contentWidth - gap * Double(columns - 1)) / Double(columns), slices.count > 4 ? 250 : slices.count > 2 ? 420 : 520)
            if let height { side = min(side, height / rows - headingHeight - captionHeight) }
            // A picture of about golden proportions, unless the use fixes its height.
            if height == nil { side = min(side, max(120, (frame.contentWidth * 0.72) / rows)) }
            if side >= best.side { best = (columns, side) }
        }
        if isCompact { try checkRoom(best.side) }
        let side = max(best.side, isCompact ? 0 : 24).rounded(.down)
        let spread = (frame.contentWidth - side * Double(best.columns)) / Double(max(best.columns - 1, 1))
        return Grid(
            columns: best.columns, side: side, gap: best.columns > 1 ? min(spread, isModel ? max(side, gap) : gap * 2.2) : gap, gutter: 0,
            pitch: headingHeight + side + captionHeight, isNamed: false)
    }

    /// Heads in a row: all of a layer of a model, or a part of them that leaves each at least 48 points; any number otherwise.
    private func candidates(_ gap: Double) -> [Int] {
        let count = layers[0].heads.count
        if isModel {
            let fitting = (1...count).last { count % $0 == 0 && (frame.contentWidth - gap * Double($0 - 1)) / Double($0) >= 48 }
            if let fitting { return [fitting] }
        }
        // A few heads stand in one row where that leaves each large enough to read.
        let few = Double(slices.count)
        if options.preset.proportion == nil, few <= 4, (frame.contentWidth - gap * (few - 1)) / few >= 220 { return [slices.count] }
        return Array(1...max(1, min(slices.count, isCompact ? slices.count : 12)))
    }

    private func checkRoom(_ side: Double) throws(FigureError) {
        guard side < Self.leastSide else { return }
        let heads = Words.counted(layers[0].heads.count, "head")
        throw FigureError(
            "heads: \(isModel ? "\(layers.count) layers of \(heads)" : heads): expected room for \(Int(Self.leastSide)) points or more a side, found \(Int(max(side, 0))): name one layer or its step, or a preset of no fixed height"
        )
    }

    /// Many heads of a model on one slide: layers run along it or down it, whichever leaves the matrices larger, and numbers at the sides tell them.
    private func numberedGrid(_ height: Double) throws(FigureError) -> Grid {
        let numbers = frame.type.label * 1.6 + frame.widest(layers.map(number) + [layers[0].heads.count - 1], labelStyle) + 10
        let room = Size(frame.contentWidth - numbers, height - frame.type.label * 1.4)
        let (layers, heads) = (layers.count, layers[0].heads.count)
        func pitch(_ columns: Int, _ rows: Int) -> Double { min(room.width / Double(columns), room.height / Double(rows)) }
        let isAlong = pitch(layers, heads) > pitch(heads, layers)
        let columns = isAlong ? layers : heads
        let pitch = min(max(pitch(layers, heads), pitch(heads, layers)), 250)
        let side = (pitch - (pitch < 30 ? 2 : 4)).rounded(.down)
        try checkRoom(side)
        let column = min(room.width / Double(columns), side * 1.6).rounded(.down)
        return Grid(
            columns: columns, side: side, gap: column - side, gutter: numbers + (room.width - column * Double(columns)) / 2,
            pitch: pitch.rounded(.down), isNamed: false, isNumbered: true, isAlong: isAlong)
    }

    /// A layer by its own number: a trace need not have all.
    func number(of layer: Layer) -> Int { layer.step.id.layer ?? 0 }

    /// The numbers of layers and heads beside a grid that begins at `corner`, and below it.
    mutating func numbers(_ grid: Grid, at corner: Point) {
        let (layers, heads) = (layers.map(number), Array(layers[0].heads.indices))
        let (columns, rows) = grid.isAlong ? (layers, heads) : (heads, layers)
        let bottom = corner.y + Double(rows.count) * grid.pitch
        let style = labelStyle
        for n in frame.spaced(rows.count, by: grid.pitch, needing: style.size * 1.15) {
            let y = corner.y + Double(n) * grid.pitch + grid.side / 2 + style.size * 0.36
            frame.add("\(rows[n])", style, at: Point(corner.x - 10, y), .end)
        }
        for n in frame.spaced(columns.count, by: grid.side + grid.gap, needing: frame.widest(columns, style) + 6) {
            let x = corner.x + Double(n) * (grid.side + grid.gap) + grid.side / 2
            frame.add("\(columns[n])", style, at: Point(x, bottom + style.size), .middle)
        }
        let (layer, head) = (Words.layer[frame.language], Words.axis(.h, isPair: false)[frame.language])
        let left = corner.x - 16 - frame.widest(rows, style)
        frame.add(
            grid.isAlong ? head : layer, style, at: Point(left, (corner.y + bottom) / 2), .middle, rotation: -90)
        let end = corner.x + Double(columns.count) * (grid.side + grid.gap) - grid.gap
        frame.add(grid.isAlong ? layer : head, style, at: Point((corner.x + end) / 2, bottom + style.size * 2.2), .middle)
    }

    /// Up to four heads of few tokens are large enough for the tokens' names.
    private func namedGrid(_ gap: Double, _ height: Double?) -> Grid? {
        let slice = slices[0]
        guard !isModel, slices.count <= 4, slice.columns <= MatrixRaster.cellLimit, slice.rowLabels != nil else { return nil }
        let widths = names(slice).map { frame.width($0, labelStyle) }
        let gutter = widths.max()! + 10
        let least = 11 * MatrixPanel.namePitch
        let overhang = max(0, MatrixPanel.overhang(widths, cell: least) - frame.type.margin + 4)
        for columns in [slices.count, 2, 1] where columns <= slices.count {
            let rows = Double((slices.count + columns - 1) / columns)
            var side = (frame.contentWidth - gutter - overhang - gap * Double(columns - 1)) / Double(columns)
            let below = nameHeight(slice, (side / Double(slice.columns)).rounded(.down)) + captionHeight
            if let height { side = min(side, height / rows - headingHeight - below) }
            let cell = (side / Double(slice.columns)).rounded(.down)
            guard cell >= least else { continue }
            let matrix = min(cell, 30) * Double(slice.columns)
            // Where the height sets the size, what is left at the right of each head shows its followed query in order.
            let spare = (frame.contentWidth - gutter) / Double(columns) - matrix
            let hasSide = height != nil && spare >= 200
            return Grid(
                columns: columns, side: matrix, gap: hasSide ? spare : gap * 1.5, gutter: gutter,
                pitch: headingHeight + min(cell, 30) * Double(slice.rows) + below, isNamed: true,
                sideWidth: hasSide ? min(spare - 64, 240) : 0)
        }
        return nil
    }

    /// How much room the names of columns need under cells of `cell` points.
    private func nameHeight(_ slice: MatrixSlice, _ cell: Double) -> Double {
        panel(slice, Point(0, 0), cell: min(max(cell, 11 * MatrixPanel.namePitch), 30)).labelHeight
    }

    func panel(_ slice: MatrixSlice, _ origin: Point, cell: Double) -> MatrixPanel {
        let (text, language) = (frame.text, frame.language)
        let names = names(slice)
        return MatrixPanel(
            rows: names, columns: names.count == slice.columns ? names : (0..<slice.columns).map(slice.columnName), cell: cell,
            origin: origin, style: frame.nameStyle(cell: cell), measure: { text.measure($0, $1, language).width })
    }

    var labelStyle: TextStyle { frame.style(frame.type.label, .muted) }

    func names(_ slice: MatrixSlice) -> [String] {
        (0..<slice.rows).map {
            TokenText.shortened(slice.rowName($0), to: max(62, frame.contentWidth * 0.1)) { frame.width($0, labelStyle) }
        }
    }
}
