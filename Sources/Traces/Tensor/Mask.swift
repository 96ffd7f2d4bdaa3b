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

    /// How the cells are known.
    private enum Cells: Sendable {
        /// By a rule: the query in row t sees the keys up to offset + t, itself the last, and of these no more than the window. Nothing is stored.
        case upTo(offset: Int, window: Int)
        /// One by one.
        case each([Visibility])
    }

    /// The axis of the rows.
    public let query: Axis
    /// The axis of the columns.
    public let key: Axis
    /// The number of queries.
    public let rows: Int
    /// The number of keys.
    public let columns: Int
    private let cells: Cells
    /// How many pairs are visible.
    public let visibleCount: Int

    private init(_ query: Axis, _ key: Axis, rows: Int, columns: Int, each cells: [Visibility]) {
        self.query = query
        self.key = key
        self.rows = rows
        self.columns = columns
        self.cells = .each(cells)
        visibleCount = cells.count { $0 == .visible }
    }

    private init(rows: Int, columns: Int, offset: Int, window: Int) {
        (query, key) = (.t, .s)
        self.rows = rows
        self.columns = columns
        cells = .upTo(offset: offset, window: window)
        visibleCount = (0..<rows).reduce(0) { $0 + Self.visible(offset, window, $1, columns).count }
    }

    /// A mask whose cell (row, column) is visible where `isVisible` says so.
    public init(_ query: Axis = .t, _ key: Axis = .s, rows: Int, columns: Int, where isVisible: (_ row: Int, _ column: Int) -> Bool) {
        var cells: [Visibility] = []
        cells.reserveCapacity(rows * columns)
        for row in 0..<rows { for column in 0..<columns { cells.append(isVisible(row, column) ? .visible : .hidden) } }
        self.init(query, key, rows: rows, columns: columns, each: cells)
    }

    /// Query `t` stands at position `offset + t` and sees the keys 0 … offset + t; within a `window`, of at least 1, only the last that many of them.
    public static func causal(rows: Int, columns: Int, offset: Int = 0, window: Int? = nil) -> Mask {
        Mask(rows: rows, columns: columns, offset: offset, window: window ?? .max)
    }

    /// Every query sees every key.
    public static func bidirectional(rows: Int, columns: Int) -> Mask { Mask(rows: rows, columns: columns, offset: columns, window: .max) }

    /// The keys that the rule shows to one query.
    private static func visible(_ offset: Int, _ window: Int, _ row: Int, _ columns: Int) -> Range<Int> {
        let end = offset + row + 1
        let last = min(max(end, 0), columns)
        return (end > window ? min(end - window, last) : 0)..<last
    }

    /// Whether the query in `row` sees the key in `column`.
    public subscript(row: Int, column: Int) -> Bool { visibility(row, column) == .visible }

    /// What the query in `row` can do with the key in `column`.
    public func visibility(_ row: Int, _ column: Int) -> Visibility {
        precondition(
            row >= 0 && row < rows && column >= 0 && column < columns, "the pair (\(row), \(column)) is outside \(rows) by \(columns)")
        switch cells {
        case .upTo(let offset, let window): return Self.visible(offset, window, row, columns).contains(column) ? .visible : .hidden
        case .each(let cells): return cells[row * columns + column]
        }
    }

    /// The visible keys of one query, ascending.
    public func visibleKeys(of row: Int) -> [Int] {
        switch cells {
        case .upTo(let offset, let window): Array(Self.visible(offset, window, row, columns))
        case .each(let cells): (0..<columns).filter { cells[row * columns + $0] == .visible }
        }
    }

    /// The visible keys of one query as one run of columns, where the mask is a rule that shows no others; nil where they are known one by one.
    package func visibleRun(of row: Int) -> Range<Int>? {
        if case .upTo(let offset, let window) = cells { Self.visible(offset, window, row, columns) } else { nil }
    }

    /// Writes the values of one row, a column each, with `filler` where the query does not see the key.
    func hide(
        _ values: UnsafeBufferPointer<Double>, of row: Int, with filler: Double, into out: UnsafeMutableBufferPointer<Double>
    ) {
        switch cells {
        case .upTo(let offset, let window):
            let seen = Self.visible(offset, window, row, columns)
            for column in 0..<seen.lowerBound { out[column] = filler }
            for column in seen { out[column] = values[column] }
            for column in seen.upperBound..<columns { out[column] = filler }
        case .each(let cells):
            cells[row * columns..<(row + 1) * columns].withUnsafeBufferPointer { cells in
                for column in 0..<columns { out[column] = cells[column] == .visible ? values[column] : filler }
            }
        }
    }

    /// All cells, row by row.
    private var visibilities: [Visibility] {
        switch cells {
        case .upTo(let offset, let window):
            var cells = [Visibility](repeating: .hidden, count: rows * columns)
            for row in 0..<rows {
                for column in Self.visible(offset, window, row, columns) { cells[row * columns + column] = .visible }
            }
            return cells
        case .each(let cells): return cells
        }
    }

    /// Of the visible pairs, those that `selection` lets through too; the others count as not selected. nil selects all.
    public func selecting(_ selection: Mask?) -> Mask {
        guard let selection else { return self }
        let (own, chosen) = (visibilities, selection.visibilities)
        let cells = own.indices.map { own[$0] == .visible && chosen[$0] != .visible ? .notSelected : own[$0] }
        return Mask(query, key, rows: rows, columns: columns, each: cells)
    }

    /// Of the visible pairs, those of a selection [t, k]: positions, padded with -1.
    public func selecting(_ selection: Tensor) -> Mask {
        let (chosen, ranks) = (selection.transposed(to: [.t, .k]).values, selection.shape[.k]!)
        let own = visibilities
        var cells = own.map { $0 == .visible ? .notSelected : $0 }
        for row in 0..<rows {
            for position in chosen[row * ranks..<(row + 1) * ranks] {
                guard let column = Int(exactly: position), column >= 0, column < columns else { continue }
                let cell = row * columns + column
                if own[cell] == .visible { cells[cell] = .visible }
            }
        }
        return Mask(query, key, rows: rows, columns: columns, each: cells)
    }

    /// Equal when every query sees the same and misses the same for the same reason.
    public static func == (a: Mask, b: Mask) -> Bool {
        guard a.query == b.query, a.key == b.key, a.rows == b.rows, a.columns == b.columns, a.visibleCount == b.visibleCount else {
            return false
        }
        if case .upTo(let own, let window) = a.cells, case .upTo(own, window) = b.cells { return true }
        return a.visibilities == b.visibilities
    }

    /// Hashes the sizes and how many pairs are visible.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(query)
        hasher.combine(key)
        hasher.combine(rows)
        hasher.combine(columns)
        hasher.combine(visibleCount)
    }
}
