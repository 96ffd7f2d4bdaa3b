// Which keys a query may see. One type for every pattern: causal, bidirectional, windows, and the selections of sparse attention.

/// For every query row, the key columns that it may see.
public struct Mask: Hashable, Sendable {
    /// What a query can do with a key.
    public enum Visibility: UInt8, Hashable, Sendable {
        /// Attend to it.
        case visible
        /// Nothing: it is in the future, or outside a pattern.
        case hidden
        /// It could be seen, and was not selected.
        case notSelected
    }

    /// The axis of the rows.
    public let query: Axis
    /// The axis of the columns.
    public let key: Axis
    /// The number of queries.
    public let rows: Int
    /// The number of keys.
    public let columns: Int
    private let cells: [Visibility]
    /// How many pairs are visible.
    public let visibleCount: Int

    private init(_ query: Axis, _ key: Axis, rows: Int, columns: Int, cell: (_ row: Int, _ column: Int) -> Visibility) {
        self.query = query
        self.key = key
        self.rows = rows
        self.columns = columns
        cells = (0..<rows * columns).map { cell($0 / columns, $0 % columns) }
        visibleCount = cells.count { $0 == .visible }
    }

    /// A mask whose cell (row, column) is visible where `isVisible` says so.
    public init(_ query: Axis = .t, _ key: Axis = .s, rows: Int, columns: Int, where isVisible: (_ row: Int, _ column: Int) -> Bool) {
        self.init(query, key, rows: rows, columns: columns) { isVisible($0, $1) ? .visible : .hidden }
    }

    /// Query `t` stands at position `offset + t` and sees the keys 0 … offset + t.
    public static func causal(rows: Int, columns: Int, offset: Int = 0) -> Mask {
        Mask(rows: rows, columns: columns) { row, column in column <= offset + row }
    }

    /// Every query sees every key.
    public static func bidirectional(rows: Int, columns: Int) -> Mask { Mask(rows: rows, columns: columns) { _, _ in true } }

    /// Whether the query in `row` sees the key in `column`.
    public subscript(row: Int, column: Int) -> Bool { visibility(row, column) == .visible }

    /// What the query in `row` can do with the key in `column`.
    public func visibility(_ row: Int, _ column: Int) -> Visibility { cells[row * columns + column] }

    /// The visible keys of one query, ascending.
    public func visibleKeys(of row: Int) -> [Int] { (0..<columns).filter { self[row, $0] } }

    /// Of the visible pairs, those that `selection` lets through too; the others count as not selected. nil selects all.
    public func selecting(_ selection: Mask?) -> Mask {
        guard let selection else { return self }
        return Mask(query, key, rows: rows, columns: columns) { row, column in
            self[row, column] && !selection[row, column] ? .notSelected : visibility(row, column)
        }
    }

    /// Of the visible pairs, those of a selection [t, k]: positions, padded with -1.
    public func selecting(_ selection: Tensor) -> Mask {
        let chosen = (0..<rows).map { row in Set(selection.slice(.t, at: row).values) }
        return selecting(Mask(query, key, rows: rows, columns: columns) { chosen[$0].contains(Double($1)) })
    }
}
