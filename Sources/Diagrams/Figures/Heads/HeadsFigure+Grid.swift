// Where the heads stand: side by side, with the names of tokens where there is room for them.

import Traces

extension HeadsFigure {
    /// The grid below the words at the top, as long as they may be.
    func fittedGrid() -> Grid {
        var below = self
        below.frame.head(title[options.language], subtitle(block: slices[0].columns)[options.language])
        below.frame.y += frame.type.body * 1.5
        return below.grid()
    }

    struct Grid {
        let columns: Int
        let side: Double
        let gap: Double
        let gutter: Double
        let pitch: Double
        /// Whether tokens are named.
        let isNamed: Bool
        /// Whether the name of a head stands at its left instead of above it.
        var isBeside = false
        /// The width of the order of keys at the right of each head; 0 where it has no room.
        var sideWidth = 0.0
    }

    var headingStyle: TextStyle { frame.style(frame.type.label, .ink, .semibold) }
    var small: TextStyle { frame.style(frame.type.small, .muted) }
    /// Many heads on one slide go without the words below them.
    var isCompact: Bool { options.preset.proportion != nil && slices.count > 12 }
    /// Whether names of layers and heads are letters with numbers: on crowded pages and narrow ones.
    var isAbbreviated: Bool { isModel && (isCompact || frame.width < 900) }
    var captionHeight: Double { frame.type.label * (isCompact ? 0.7 : 2.5) }
    var headingHeight: Double { frame.type.label * 1.9 }

    private func grid() -> Grid {
        let gap = max(16, frame.type.margin * 0.5)
        let height = options.preset.proportion.map {
            frame.width * $0 - frame.y - frame.type.small * 5.5 - max(16, frame.type.margin * 0.55)
        }
        let named = namedGrid(gap, height)
        if let named { return named }
        if let height, let beside = besideGrid(gap, height) { return beside }
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
        let side = max(best.side, 24).rounded(.down)
        let spread = (frame.contentWidth - side * Double(best.columns)) / Double(max(best.columns - 1, 1))
        return Grid(
            columns: best.columns, side: side, gap: best.columns > 1 ? min(spread, isModel ? spread : gap * 2.2) : gap, gutter: 0,
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
        return Array(1...max(1, min(slices.count, 12)))
    }

    /// Many heads of a model on one slide: names stand at the left of the matrices, which leaves these more height.
    private func besideGrid(_ gap: Double, _ height: Double) -> Grid? {
        guard isModel, isCompact else { return nil }
        let count = layers[0].heads.count
        let name = slices.indices.map { frame.width(headName($0)[options.language], headingStyle) }.max()! + 10
        let pitch = height / Double(layers.count)
        let column = (frame.contentWidth + gap / 2) / Double(count)
        let side = min(pitch - frame.type.label * 0.9, column - gap / 2 - name).rounded(.down)
        guard side > height / Double(layers.count) - headingHeight - captionHeight else { return nil }
        return Grid(
            columns: count, side: side, gap: column - side, gutter: name, pitch: side + frame.type.label * 0.9, isNamed: false,
            isBeside: true)
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
