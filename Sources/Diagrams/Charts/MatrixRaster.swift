// Large matrices as one raster of palette indices: one pixel a cell, or the strongest of several cells where there are more cells than pixels.

/// Turns many numbers into few pixels.
enum MatrixRaster {
    /// Larger matrices than this are drawn as one image.
    static let cellLimit = 64

    /// The value that stands for each pixel: the one largest in size among its cells, with its sign; masked cells (minus infinity) count only
    /// where there is nothing else; NaN wins over all, so that it is seen.
    static func strongest(_ values: ArraySlice<Double>, rows: Int, columns: Int, toRows: Int, toColumns: Int) -> [Double] {
        if rows == toRows, columns == toColumns { return Array(values) }
        var result = [Double](repeating: -.infinity, count: toRows * toColumns)
        let ends = (1...toColumns).map { $0 * columns / toColumns }
        values.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                for row in 0..<rows {
                    let line = row * columns
                    let target = row * toRows / rows * toColumns
                    var column = 0
                    for (pixel, end) in ends.enumerated() {
                        var best = result[target + pixel]
                        while column < end {
                            let value = values[line + column]
                            if isStronger(value, than: best) { best = value }
                            column += 1
                        }
                        result[target + pixel] = best
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

    /// The raster of `values`.
    static func image(_ values: [Double], rows: Int, columns: Int, _ scale: MatrixScale, _ palette: Palette) -> PixelImage {
        let colors = scale.map.colors
        let (masked, broken) = (UInt8(colors.count), UInt8(colors.count + 1))
        let top = Double(colors.count - 1)
        let (factor, offset) = scale.kind == .signed ? (top / 2 / scale.limit, top / 2) : (top / scale.limit, 0)
        let pixels = [UInt8](unsafeUninitializedCapacity: values.count) { pixels, filled in
            for i in values.indices {
                let value = values[i]
                // Half a step more, then cut off: rounding that costs no call.
                let index = value == -.infinity ? masked : !value.isFinite ? broken : UInt8(min(max(value * factor + offset, 0), top) + 0.5)
                pixels.initializeElement(at: i, to: index)
            }
            filled = values.count
        }
        return PixelImage(width: columns, height: rows, palette: colors + [palette.paper, palette.alarm], pixels: pixels)
    }
}
