// Heads too small or too long for names: an image each.

import Mechanisms
import Traces

extension HeadsFigure {
    /// Every head as pixels.
    struct Rasters {
        let heads: [MatrixRaster]
        let scale: MatrixScale
        /// The most cells along a side of what one pixel stands for.
        let block: Int
    }

    private func size(_ slice: MatrixSlice, _ grid: Grid) -> Size {
        let side = grid.side.rounded()
        return Size(side, min(max((side * Double(slice.rows) / Double(slice.columns)).rounded(), 8), side))
    }

    func rasters(_ grid: Grid) -> Rasters {
        let size = size(slices[0], grid)
        let aggregation = options.aggregate ?? .max
        let heads = slices.map {
            MatrixRaster($0.cells(for: aggregation), toRows: Int(size.height), toColumns: Int(size.width), by: aggregation)
        }
        let block = max(slices[0].rows.blocks(of: heads[0].rows), slices[0].columns.blocks(of: heads[0].columns))
        let isMean = aggregation == .mean && block > 1
        return Rasters(heads: heads, scale: isMean ? scale.narrowed(to: heads) : scale, block: block)
    }

    /// Draws one head; gives the lower edge.
    mutating func draw(_ raster: MatrixRaster, _ slice: MatrixSlice, _ origin: Point, _ grid: Grid, isFirst: Bool) -> Double {
        let size = size(slice, grid)
        let area = Rect(origin.x.rounded(), origin.y.rounded(), size.width, size.height)
        frame.items.append(.rect(area.insetBy(-0.5), stroke: Stroke(.rule)))
        frame.items += raster.items(scale, in: area)
        // Matrices close to each other share one mark at the left of all.
        if grid.isNumbered, !isFirst { return area.maxY }
        let y = area.y + (Double(query) + 0.5) * area.height / Double(slice.rows)
        frame.items.append(
            .path([.move(Point(area.x - 6, y)), .line(Point(area.x - 1, y))], stroke: Stroke(.query, width: 2)))
        return area.maxY
    }
}
