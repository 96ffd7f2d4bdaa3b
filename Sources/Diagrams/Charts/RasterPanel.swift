// Where a large matrix stands as one image: round positions along its sides, and frames around the row and the column of the story.

import Traces

/// The place of a raster and of the positions along it.
struct RasterPanel {
    let area: Rect
    let rows: Int
    let columns: Int
    let query: Int?
    let key: Int?

    func rowMiddle(_ row: Int) -> Double { area.y + (Double(row) + 0.5) * area.height / Double(rows) }
    func columnMiddle(_ column: Int) -> Double { area.x + (Double(column) + 0.5) * area.width / Double(columns) }

    /// The frame of the story's row: around it, never over it.
    func rowFrame(_ row: Int, _ color: Paint) -> Item {
        let height = max(area.height / Double(rows), 1)
        return Self.frame(Rect(area.x, rowMiddle(row) - height / 2, area.width, height), color)
    }

    /// The frame of the story's column.
    func columnFrame(_ column: Int, _ color: Paint) -> Item {
        let width = max(area.width / Double(columns), 1)
        return Self.frame(Rect(columnMiddle(column) - width / 2, area.y, width, area.height), color)
    }

    /// Where a cell of the story's row is asked: as wide as it is, and high enough to be met; nil for cells that are narrower than a point.
    func spot(_ column: Int, of row: Int) -> Rect? {
        let width = area.width / Double(columns)
        guard width >= 1 else { return nil }
        let height = min(max(area.height / Double(rows), 9), area.height)
        let top = min(max(rowMiddle(row) - height / 2, area.y), area.maxY - height)
        return Rect(columnMiddle(column) - width / 2, top, width, height)
    }

    private static func frame(_ area: Rect, _ color: Paint) -> Item { .rect(area.insetBy(-1.25), stroke: Stroke(color, width: 1.5)) }

    /// At most six round positions, from 0, at least `pitch` apart on a side of `length`.
    static func ticks(_ count: Int, on length: Double, pitch: Double) -> [Int] {
        var step = 1
        while step < count, count / step > 6 || Double(step) * length < pitch * Double(count) {
            step = [2, 5, 10].map { $0 * power(step) }.first { $0 > step } ?? step * 2
        }
        return Array(stride(from: 0, to: count, by: step))
    }

    private static func power(_ step: Int) -> Int {
        var power = 1
        while power * 10 <= step { power *= 10 }
        return power
    }
}

extension PictureFrame {
    /// The image with its edge, the positions along it, and the frames.
    mutating func raster(_ raster: MatrixRaster, _ scale: MatrixScale, _ panel: RasterPanel, hasRows: Bool = true) {
        items.append(.rect(panel.area.insetBy(-0.5), stroke: Stroke(.rule)))
        items += raster.items(scale, in: panel.area)
        if hasRows { rowTicks(panel) }
        columnTicks(panel)
        if let query = panel.query { items.append(panel.rowFrame(query, .query)) }
        if let key = panel.key { items.append(panel.columnFrame(key, .key)) }
    }

    private mutating func rowTicks(_ panel: RasterPanel) {
        let style = style(type.label, .muted)
        func isFree(_ tick: Int) -> Bool {
            guard let query = panel.query else { return true }
            return abs(panel.rowMiddle(tick) - panel.rowMiddle(query)) >= type.label * 1.2
        }
        for tick in rowPositions(panel.area, panel.rows).filter(isFree) { rowTick(tick, style, panel) }
        if let query = panel.query { rowTick(query, self.style(type.label, .ink, .bold), panel) }
    }

    /// The rows of a raster in `area` whose positions are told.
    func rowPositions(_ area: Rect, _ rows: Int) -> [Int] { RasterPanel.ticks(rows, on: area.height, pitch: type.label * 1.2) }

    /// How much room the positions of `rows` take beside a raster.
    func rowTickWidth(_ rows: Int) -> Double { 8 + width(NumberText.grouped(rows - 1), self.style(type.label, .ink, .bold)) }

    private mutating func rowTick(_ row: Int, _ style: TextStyle, _ panel: RasterPanel) {
        let y = panel.rowMiddle(row)
        items.append(.path([.move(Point(panel.area.x - 5, y)), .line(Point(panel.area.x, y))], stroke: Stroke(style.color)))
        add(NumberText.grouped(row), style, at: Point(panel.area.x - 8, y + type.label * 0.36), .end)
    }

    private mutating func columnTicks(_ panel: RasterPanel) {
        let (style, bold) = (style(type.label, .muted), style(type.label, .ink, .bold))
        func isFree(_ tick: Int) -> Bool {
            guard let key = panel.key else { return true }
            let room = (width(NumberText.grouped(tick), style) + width(NumberText.grouped(key), bold)) / 2 + 6
            return abs(panel.columnMiddle(tick) - panel.columnMiddle(key)) >= room
        }
        let pitch = width(NumberText.grouped(panel.columns - 1), style) + 8
        for tick in RasterPanel.ticks(panel.columns, on: panel.area.width, pitch: pitch).filter(isFree) { columnTick(tick, style, panel) }
        if let key = panel.key { columnTick(key, bold, panel) }
    }

    private mutating func columnTick(_ column: Int, _ style: TextStyle, _ panel: RasterPanel) {
        let (x, bottom) = (panel.columnMiddle(column), panel.area.maxY)
        items.append(.path([.move(Point(x, bottom)), .line(Point(x, bottom + 5))], stroke: Stroke(style.color)))
        add(NumberText.grouped(column), style, at: Point(x, bottom + 5 + type.label * 1.05), .middle)
    }
}
