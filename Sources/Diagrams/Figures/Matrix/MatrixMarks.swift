// Which marks other than numbers a matrix holds: its legend and its alt text speak of those alone.

import Traces

extension MatrixWords {
    /// The kinds of cells that are no plain numbers.
    struct Marks: Hashable {
        private(set) var masked = false
        private(set) var dropped = false
        private(set) var beyond = false

        /// Large matrices that no selection concerns answer by their first row, which a causal mask leaves one cell of.
        init(_ slice: MatrixSlice) {
            let isLarge = max(slice.rows, slice.columns) > MatrixRaster.cellLimit
            for row in 0..<(isLarge && slice.reach == nil ? 1 : slice.rows) {
                for column in 0..<slice.columns {
                    switch slice.mark(row, column) {
                    case .masked: masked = true
                    case .dropped: dropped = true
                    case .beyond: beyond = true
                    case .value: break
                    }
                }
            }
        }
    }
}
