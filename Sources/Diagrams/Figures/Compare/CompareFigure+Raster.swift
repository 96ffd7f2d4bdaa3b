// Dense and sparse attention of more than 64 tokens: two images on one scale.

import Mechanisms
import Traces

extension CompareFigure {
    /// Both matrices as pixels.
    struct Rasters {
        let dense: MatrixRaster
        let sparse: MatrixRaster
        let scale: MatrixScale
        /// The most cells along a side of what one pixel stands for.
        let block: Int
    }

    private func size(_ layout: Layout) -> Size {
        Size((layout.cell * Double(view.columns)).rounded(), (layout.cell * Double(view.rows)).rounded())
    }

    func rasters(_ layout: Layout) -> Rasters {
        let size = size(layout)
        let aggregation = options.aggregate ?? .max
        let kept = view.kept.map(Set.init)
        func raster(_ slice: MatrixSlice, _ reach: Mask?, isShown: (Int, Int) -> Bool) -> MatrixRaster {
            let values = (0..<view.rows).flatMap { row in
                (0..<view.columns).map { isShown(row, $0) ? slice.value(row, $0) : -.infinity }
            }
            let cells = RasterCells(values: values[...], rows: view.rows, columns: view.columns, reach: reach)
            return MatrixRaster(cells, toRows: Int(size.height), toColumns: Int(size.width), by: aggregation)
        }
        let visible = Mask(rows: view.rows, columns: view.columns, where: view.isVisible)
        let dense = raster(view.dense, nil) { visible[$0, $1] }
        let sparse = raster(view.sparse, visible) { kept[$0].contains($1) }
        let block = max(view.rows.blocks(of: dense.rows), view.columns.blocks(of: dense.columns))
        let isMean = aggregation == .mean && block > 1
        return Rasters(dense: dense, sparse: sparse, scale: isMean ? scale.narrowed(to: [dense, sparse]) : scale, block: block)
    }

    /// The image; of its cells those of the story's row can be asked.
    mutating func draw(
        _ raster: MatrixRaster, of slice: MatrixSlice, _ origin: Point, _ layout: Layout, isSparse: Bool, hasRows: Bool
    ) -> Rect {
        let size = size(layout)
        let area = Rect(origin.x.rounded(), origin.y.rounded(), size.width, size.height)
        let panel = RasterPanel(area: area, rows: view.rows, columns: view.columns, query: query, key: nil)
        frame.raster(raster, scale, panel, hasRows: hasRows)
        let label = words.labels(isSparse: isSparse)
        for column in 0..<view.columns where view.isVisible(query, column) {
            guard let place = panel.spot(column, of: query) else { break }
            let index = slice.index(query, column)
            frame.items.append(.hotSpot(HotSpot(place, step: slice.step.id.text, index: index, label: label(query, column))))
        }
        frame.y = area.maxY + frame.type.label * 1.6
        return area
    }
}
