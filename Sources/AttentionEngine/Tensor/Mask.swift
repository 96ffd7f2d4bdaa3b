// Which keys a query may see. One type for every pattern: causal, bidirectional, windows, and the selections of sparse attention.

/// For every query row, the key columns that it may see.
public struct Mask: Hashable, Sendable {
    /// The axis of the rows.
    public let query: Axis
    /// The axis of the columns.
    public let key: Axis
    /// The number of queries.
    public let rows: Int
    /// The number of keys.
    public let columns: Int
    private let cells: [Bool]
    /// How many pairs are visible.
    public let visibleCount: Int

    /// A mask whose cell (row, column) is visible where `isVisible` says so.
    public init(_ query: Axis = .t, _ key: Axis = .s, rows: Int, columns: Int, where isVisible: (_ row: Int, _ column: Int) -> Bool) {
        self.query = query
        self.key = key
        self.rows = rows
        self.columns = columns
        cells = (0..<rows * columns).map { isVisible($0 / columns, $0 % columns) }
        visibleCount = cells.count { $0 }
    }

    /// Query `t` stands at position `offset + t` and sees the keys 0 … offset + t.
    public static func causal(rows: Int, columns: Int, offset: Int = 0) -> Mask {
        Mask(rows: rows, columns: columns) { row, column in column <= offset + row }
    }

    /// Every query sees every key.
    public static func bidirectional(rows: Int, columns: Int) -> Mask { Mask(rows: rows, columns: columns) { _, _ in true } }

    /// Whether the query in `row` sees the key in `column`.
    public subscript(row: Int, column: Int) -> Bool { cells[row * columns + column] }

    /// The visible keys of one query, ascending.
    public func visibleKeys(of row: Int) -> [Int] { (0..<columns).filter { self[row, $0] } }

    /// The pairs that both masks let through; nil lets all through.
    public func intersection(_ other: Mask?) -> Mask {
        guard let other else { return self }
        return Mask(query, key, rows: rows, columns: columns) { self[$0, $1] && other[$0, $1] }
    }

    /// The keys of a selection [t, k]: positions, padded with -1.
    public init(selection: Tensor, columns: Int) {
        let rows = selection.shape[.t] ?? 0
        let chosen = (0..<rows).map { row in Set(selection.slice(.t, at: row).values) }
        self.init(rows: rows, columns: columns) { chosen[$0].contains(Double($1)) }
    }
}
