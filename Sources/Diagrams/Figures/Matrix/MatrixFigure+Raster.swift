// A matrix of more than 64 rows or columns as one image: its place, its cells as pixels, the positions along its sides.

import Mechanisms
import Traces

extension MatrixFigure {
    /// A raster that fits the picture, and what its colours mean.
    struct FittedRaster {
        let raster: MatrixRaster
        let scale: MatrixScale
        let size: Size
        /// The most cells along a side of what one pixel stands for.
        let block: Int
    }

    /// The raster of the slice. How much room it has depends on the words above it, which say whether pixels stand for several cells.
    func fittedRaster() -> FittedRaster {
        let room = rasterRoom
        let largest = min(room.width / Double(slice.columns), room.height / Double(slice.rows))
        // Whole points a cell where that fills most of the place, so that all cells are alike.
        let whole = largest.rounded(.down)
        let scaled = whole >= 1 && whole >= 0.8 * largest ? whole : largest
        func points(_ cells: Int) -> Double { max((Double(cells) * scaled).rounded(), 1) }
        let size = Size(points(slice.columns), points(slice.rows))
        let aggregation = options.aggregate ?? .max
        var cells = slice.cells(for: aggregation)
        cells.isPlain = scale.kind != .signed && scale.brokenCount == 0
        let raster = MatrixRaster(cells, toRows: Int(size.height), toColumns: Int(size.width), by: aggregation)
        let block = max(slice.rows.blocks(of: raster.rows), slice.columns.blocks(of: raster.columns))
        let isMean = aggregation == .mean && block > 1
        return FittedRaster(raster: raster, scale: isMean ? scale.narrowed(to: [raster]) : scale, size: size, block: block)
    }

    /// What stands at the left of a raster: the axis's name and the positions along it.
    private var rasterGutter: Double {
        max(frame.type.label * 4.4, frame.type.label * 1.3 + frame.rowTickWidth(slice.rows)).rounded(.up)
    }

    /// The place of a raster: what is left beside the axis, as high as wide, or, where the use fixes the height, between head and foot.
    private var rasterRoom: Size {
        let width = (frame.contentWidth - rasterGutter - frame.type.label * 0.2).rounded(.down)
        guard let proportion = options.preset.proportion else { return Size(width, width) }
        var head = frame
        let words = words(block: max(slice.rows, slice.columns))
        head.head(words.title[frame.language]) { words.subtitle($0)[frame.language] }
        let below = frame.type.label * 5.5 + frame.type.small * 5.5 + max(16, frame.type.margin * 0.55)
        let height = (frame.width * proportion - head.y - frame.type.body * 1.6 - below).rounded(.down)
        return Size(width, max(64, min(width, height)))
    }

    mutating func draw(_ fitted: FittedRaster, _ words: MatrixWords) {
        let corner = Point((frame.type.margin + rasterGutter).rounded(), frame.y.rounded())
        let panel = RasterPanel(
            area: Rect(corner.x, corner.y, fitted.size.width, fitted.size.height), rows: slice.rows, columns: slice.columns, query: query,
            key: key)
        frame.raster(fitted.raster, scale, panel)
        if let query {
            for column in 0..<slice.columns {
                guard let place = panel.spot(column, of: query) else { break }
                frame.items.append(hotSpot(query, column, place, words))
            }
        }
        axisNames(panel.area, frame.type.label * 1.5)
        frame.y = panel.area.maxY + frame.type.label * 3.4
        if isFixed, hasRanking, panel.area.maxX + 300 < frame.width - frame.type.margin {
            frame.y = max(frame.y, ranking(words, beside: panel.area))
        }
    }
}
