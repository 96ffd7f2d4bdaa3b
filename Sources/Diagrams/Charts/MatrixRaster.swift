// Large matrices as one raster of palette indices: one pixel a cell, or the largest or the mean of several cells where there are more cells than
// pixels. What a selection left out is hatched in pixels, so that it differs from what is masked without colour.

import Mechanisms
import Traces

/// The cells that a raster is made of.
struct RasterCells {
    /// Row by row; minus infinity where there is no number to show.
    let values: ArraySlice<Double>
    let rows: Int
    let columns: Int
    /// The pairs that the causal mask lets through: without a number they were dropped; a number outside is still to be hidden. Nil: every cell
    /// without a number is masked.
    let reach: Mask?
    /// Whether no number is known to be negative, infinite or NaN: then the strongest of several is the largest, which is quick to find.
    var isPlain = false
}

/// Many numbers as few pixels.
package struct MatrixRaster {
    /// Larger matrices than this are drawn as one image.
    package static let cellLimit = 64

    private enum Look { case number, masked, dropped, beyond }

    let rows: Int
    let columns: Int
    /// The number of each pixel; minus infinity where it has none.
    let values: [Double]
    /// Empty where every pixel without a number is masked.
    private let looks: [Look]

    /// `cells` in at most `toRows` by `toColumns` pixels. A pixel has a number if any of its cells has one, else it was dropped if any of them was.
    init(_ cells: RasterCells, toRows: Int, toColumns: Int, by aggregation: Aggregation) {
        (rows, columns) = (min(cells.rows, max(toRows, 1)), min(cells.columns, max(toColumns, 1)))
        let blocks = Blocks(rows: Self.edges(cells.rows, rows), columns: Self.edges(cells.columns, columns))
        guard let reach = cells.reach else {
            values = Self.reduced(cells.values, blocks, aggregation, isPlain: cells.isPlain)
            looks = []
            return
        }
        var within = Array(cells.values)
        var beyond = within
        for row in 0..<cells.rows {
            for column in 0..<cells.columns {
                if reach[row, column] {
                    beyond[row * cells.columns + column] = -.infinity
                } else {
                    within[row * cells.columns + column] = -.infinity
                }
            }
        }
        var numbers = Self.reduced(within[...], blocks, aggregation, isPlain: cells.isPlain)
        let future = Self.reduced(beyond[...], blocks, aggregation, isPlain: cells.isPlain)
        let columns = columns
        looks = numbers.indices.map { pixel in
            if numbers[pixel] != -.infinity { return .number }
            if blocks.contains(pixel / columns, pixel % columns, where: { reach[$0, $1] }) { return .dropped }
            numbers[pixel] = future[pixel]
            return future[pixel] == -.infinity ? .masked : .beyond
        }
        values = numbers
    }

    /// Whether any pixel was dropped by a selection.
    var hasDropped: Bool { looks.contains(.dropped) }

    // MARK: Several cells a pixel

    /// Where the cells of each pixel begin and end.
    private struct Blocks {
        let rows: [Int]
        let columns: [Int]

        func contains(_ row: Int, _ column: Int, where condition: (Int, Int) -> Bool) -> Bool {
            (rows[row]..<rows[row + 1]).contains { r in (columns[column]..<columns[column + 1]).contains { condition(r, $0) } }
        }
    }

    private static func edges(_ cells: Int, _ pixels: Int) -> [Int] { (0...pixels).map { $0 * cells / pixels } }

    private static func reduced(_ values: ArraySlice<Double>, _ blocks: Blocks, _ aggregation: Aggregation, isPlain: Bool) -> [Double] {
        let (rows, columns) = (blocks.rows.count - 1, blocks.columns.count - 1)
        if rows * columns == values.count { return Array(values) }
        return values.withUnsafeBufferPointer { values in
            switch aggregation {
            case .max: isPlain ? largest(values, blocks, rows, columns) : strongest(values, blocks, rows, columns)
            case .mean: mean(values, blocks, rows, columns)
            }
        }
    }

    /// The largest value among the cells of each pixel: first down its rows, a whole line at a time, then along them.
    private static func largest(_ values: UnsafeBufferPointer<Double>, _ blocks: Blocks, _ rows: Int, _ columns: Int) -> [Double] {
        var result = [Double](repeating: -.infinity, count: rows * columns)
        let width = blocks.columns[columns]
        var line = [Double](repeating: 0, count: width)
        line.withUnsafeMutableBufferPointer { line in
            for pixelRow in 0..<rows {
                line.update(repeating: -.infinity)
                for row in blocks.rows[pixelRow]..<blocks.rows[pixelRow + 1] {
                    let cells = UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width])
                    for column in 0..<width { line[column] = cells[column] > line[column] ? cells[column] : line[column] }
                }
                for pixel in 0..<columns {
                    let cells = line[blocks.columns[pixel]..<blocks.columns[pixel + 1]]
                    result[pixelRow * columns + pixel] = cells.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
                }
            }
        }
        return result
    }

    /// The value largest in size among the cells of each pixel, with its sign; minus infinity counts only where there is nothing else; NaN wins
    /// over all, so that it is seen.
    private static func strongest(_ values: UnsafeBufferPointer<Double>, _ blocks: Blocks, _ rows: Int, _ columns: Int) -> [Double] {
        var result = [Double](repeating: -.infinity, count: rows * columns)
        let width = blocks.columns[columns]
        result.withUnsafeMutableBufferPointer { result in
            for pixelRow in 0..<rows {
                for row in blocks.rows[pixelRow]..<blocks.rows[pixelRow + 1] {
                    var column = 0
                    for pixel in 0..<columns {
                        let end = blocks.columns[pixel + 1]
                        var best = result[pixelRow * columns + pixel]
                        while column < end {
                            let value = values[row * width + column]
                            if isStronger(value, than: best) { best = value }
                            column += 1
                        }
                        result[pixelRow * columns + pixel] = best
                    }
                }
            }
        }
        return result
    }

    @inline(__always)
    private static func isStronger(_ value: Double, than best: Double) -> Bool {
        if best.isNaN || value == -.infinity { return false }
        return value.isNaN || best == -.infinity || abs(value) > abs(best)
    }

    /// The mean of those cells of each pixel that have a number. NaN and plus infinity make the mean one of them.
    private static func mean(_ values: UnsafeBufferPointer<Double>, _ blocks: Blocks, _ rows: Int, _ columns: Int) -> [Double] {
        let width = blocks.columns[columns]
        return (0..<rows * columns).map { pixel in
            let (pixelRow, pixelColumn) = (pixel / columns, pixel % columns)
            var (sum, count) = (0.0, 0)
            for row in blocks.rows[pixelRow]..<blocks.rows[pixelRow + 1] {
                for column in blocks.columns[pixelColumn]..<blocks.columns[pixelColumn + 1] {
                    let value = values[row * width + column]
                    if value == -.infinity { continue }
                    sum += value
                    count += 1
                }
            }
            return count == 0 ? -.infinity : sum / Double(count)
        }
    }

    // MARK: Pixels

    /// The picture of the raster in `area`. A pixel has no room for a sign: where colours are grey, signed numbers run from dark over middle grey
    /// to light. Pale: a picture that is still on its way.
    func items(_ scale: MatrixScale, in area: Rect, isPale: Bool = false) -> [Item] {
        var image = image(scale, over: Size(area.width, area.height))
        if isPale { image.palette = image.palette.map { $0.pale } }
        guard scale.kind == .signed else { return [.image(image, in: area)] }
        var grey = image
        grey.palette = image.palette.map { $0.throughGrey }
        return [.only(Theme.colored, [.image(image, in: area)]), .only(Theme.grey, [.image(grey, in: area)])]
    }

    /// The picture of the raster over an area of `size`. Hatching is one point wide, so a raster with dropped cells has a pixel for every point.
    private func image(_ scale: MatrixScale, over size: Size) -> PixelImage {
        let marks = Marks(scale, hasPale: looks.contains(.beyond))
        let pixels = indices(scale, marks)
        guard hasDropped else { return PixelImage(width: columns, height: rows, palette: marks.paints, pixels: pixels) }
        let (width, height) = (max(Int(size.width), columns), max(Int(size.height), rows))
        let looks = looks
        let hatched = [UInt8](unsafeUninitializedCapacity: width * height) { result, filled in
            for y in 0..<height {
                let line = y * rows / height * columns
                for x in 0..<width {
                    let pixel = line + x * columns / width
                    let isLine = looks[pixel] == .dropped && (x + y) % Self.hatchPeriod == 0
                    result.initializeElement(at: y * width + x, to: isLine ? marks.hatch : pixels[pixel])
                }
            }
            filled = width * height
        }
        return PixelImage(width: width, height: height, palette: marks.paints, pixels: hatched)
    }

    /// Points between two lines of hatching, along a row.
    private static let hatchPeriod = 5

    /// Palette indices beside those of the colour scale.
    private struct Marks {
        let paints: [Paint]
        let masked: UInt8
        let broken: UInt8
        let hatch: UInt8
        /// What is added to the index of a number that the mask is still to hide.
        let pale: UInt8

        init(_ scale: MatrixScale, hasPale: Bool) {
            let scaled = scale.map.paints
            let marks: [Paint] = [.paper, .alarm, .hatch]
            (masked, broken, hatch) = (UInt8(scaled.count), UInt8(scaled.count + 1), UInt8(scaled.count + 2))
            pale = UInt8(scaled.count + marks.count)
            paints = scaled + marks + (hasPale ? scaled.map { $0.pale } : [])
        }
    }

    private func indices(_ scale: MatrixScale, _ marks: Marks) -> [UInt8] {
        let top = Double(ColorMap.steps)
        let (factor, offset) = scale.kind == .signed ? (top / 2 / scale.limit, top / 2) : (top / scale.limit, 0)
        return [UInt8](unsafeUninitializedCapacity: values.count) { pixels, filled in
            for i in values.indices {
                let value = values[i]
                // Half a step more, then cut off: rounding that costs no call.
                var index =
                    value == -.infinity
                    ? marks.masked : !value.isFinite ? marks.broken : UInt8(min(max(value * factor + offset, 0), top) + 0.5)
                if !looks.isEmpty, looks[i] == .beyond, value.isFinite { index += marks.pale }
                pixels.initializeElement(at: i, to: index)
            }
            filled = values.count
        }
    }
}

extension Int {
    /// The most of this many cells that one of `pixels` stands for.
    func blocks(of pixels: Int) -> Int { (self + pixels - 1) / pixels }
}

extension Paint {
    /// The paint of a number that a mask is still to hide.
    var pale: Paint { mixed(0.25) }

    /// A place on the map of signed numbers as a grey that tells the sign: dark for the most negative, light, but not paper, for the most positive.
    var throughGrey: Paint {
        switch self {
        case .map(.diverging, let step): ColorScale.sequential.paint(at: 1 - 0.85 * Double(step) / Double(ColorMap.steps))
        case .share(let share, let inner): .share(share, of: inner.throughGrey)
        default: self
        }
    }
}

extension MatrixSlice {
    /// What a raster shows of the slice.
    func cells(for aggregation: Aggregation) -> RasterCells {
        // Among non-negative weights the largest is the same whether masked ones count as zeros or not; a mean needs to know.
        if reach == nil, aggregation == .max || !isPair { return RasterCells(values: values, rows: rows, columns: columns, reach: nil) }
        var shown = Array(values)
        for row in 0..<rows {
            for column in 0..<columns where isMasked(row, column) { shown[row * columns + column] = -.infinity }
        }
        return RasterCells(values: shown[...], rows: rows, columns: columns, reach: reach)
    }
}

extension Words {
    /// What one pixel says of the `block` by `block` cells that it stands for; nil where each cell has a pixel.
    static func aggregation(_ block: Int, _ aggregation: Aggregation, isChoice: Bool = false) -> Bilingual? {
        if block <= 1 { return nil }
        let cells = "\(block) × \(block)"
        if isChoice {
            return Bilingual(en: "One pixel is filled if any of up to \(cells) cells is.", zh: "至多 \(cells) 个格子中只要有一个填色，这个像素就填色。")
        }
        switch aggregation {
        case .max: return Bilingual(en: "One pixel shows the largest of up to \(cells) cells.", zh: "每个像素显示至多 \(cells) 个格子中的最大值。")
        case .mean:
            return Bilingual(
                en: "One pixel shows the mean of up to \(cells) cells, blank ones left out.", zh: "每个像素显示至多 \(cells) 个格子的平均值，空白格不计。")
        }
    }
}
