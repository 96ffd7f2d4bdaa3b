// Many sums of products at once: rows of one array against columns of another. Each sum runs from the first term to the last, so that its bits do not
// depend on how many are computed side by side; speed comes from four rows against four columns at a time, and from as many columns at a time as the
// processor keeps near while all rows pass them.

/// The products of rows by columns, each a sum of `terms` products.
struct MatrixProduct {
    /// Rows or columns within an array: where each begins, and the distance between two terms of one.
    struct Operand {
        let starts: [Int]
        let step: Int
        /// Whether the terms of neighbours lie side by side.
        var isAdjacent: Bool { starts.indices.allSatisfy { starts[$0] == starts[0] + $0 } }
    }

    /// A column block of four for each multiple of four of some columns: where the first begins, the distance to the next, and from term to term.
    private struct Panels {
        let columns: Range<Int>
        let base: UnsafePointer<Double>
        let distance: Int
        let pitch: Int
    }

    private typealias Four = SIMD4<Double>

    let terms: Int
    let rows: Operand
    let columns: Operand
    private let columnsAreAdjacent: Bool
    /// Columns in whole blocks of four; the rest is computed one by one.
    private let blocked: Int

    init(terms: Int, rows: Operand, columns: Operand) {
        self.terms = terms
        self.rows = rows
        self.columns = columns
        columnsAreAdjacent = columns.isAdjacent
        blocked = columns.starts.count / 4 * 4
    }

    /// Fewer rows do not repay laying the columns out.
    private var packs: Bool { !columnsAreAdjacent && rows.starts.count >= 4 }

    /// How many columns all rows are multiplied by before the next ones come: a multiple of four whose terms are a mebibyte, or four.
    private var columnsAtOnce: Int { min(blocked, max((1 << 17) / max(terms, 1) / 4, 1) * 4) }

    /// How much room `write` needs.
    var scratchCount: Int { packs ? columnsAtOnce * terms : 0 }

    /// Writes the products [row, column] of `left` and `right`, which begin where their operands count from.
    func write(
        _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, to out: UnsafeMutablePointer<Double>,
        scratch: UnsafeMutablePointer<Double>
    ) {
        let count = columns.starts.count
        for first in stride(from: 0, to: panelsCover ? blocked : 0, by: max(columnsAtOnce, 1)) {
            let panels = panels(right, first..<min(first + columnsAtOnce, blocked), scratch)
            let skips = skipsZeros && isFinite(panels)
            var row = 0
            while row < rows.starts.count {
                if row + 4 <= rows.starts.count, !skips || !isMostlyZero(left, row) {
                    fourRows(left, row, panels, out)
                    row += 4
                    continue
                }
                if skips { sparseRow(left + rows.starts[row], panels, out + row * count) } else { oneRow(left, row, panels, out) }
                row += 1
            }
        }
        let first = panelsCover ? blocked : 0
        for row in rows.starts.indices {
            let start = left + rows.starts[row]
            var column = first
            while column + 4 <= count {
                fourColumns(start, right, column, out + row * count)
                column += 4
            }
            while column < count {
                out[row * count + column] = product(start, right + columns.starts[column])
                column += 1
            }
        }
    }

    private var panelsCover: Bool { blocked > 0 && (columnsAreAdjacent || packs) }

    /// Blocks of four columns side by side: as they lie, or laid out in `scratch`.
    private func panels(_ right: UnsafePointer<Double>, _ range: Range<Int>, _ scratch: UnsafeMutablePointer<Double>) -> Panels {
        if columnsAreAdjacent {
            return Panels(columns: range, base: right + columns.starts[range.lowerBound], distance: 4, pitch: columns.step)
        }
        for column in range {
            let from = right + columns.starts[column]
            let place = column - range.lowerBound
            let to = scratch + place / 4 * 4 * terms + place % 4
            for term in 0..<terms { to[term * 4] = from[term * columns.step] }
        }
        return Panels(columns: range, base: scratch, distance: 4 * terms, pitch: 4)
    }

    @inline(__always) private func load(_ from: UnsafePointer<Double>) -> Four {
        UnsafeRawPointer(from).loadUnaligned(as: Four.self)
    }

    @inline(__always) private func store(_ four: Four, _ to: UnsafeMutablePointer<Double>) {
        UnsafeMutableRawPointer(to).storeBytes(of: four, as: Four.self)
    }

    /// Four rows against every block of columns.
    private func fourRows(_ left: UnsafePointer<Double>, _ row: Int, _ panels: Panels, _ out: UnsafeMutablePointer<Double>) {
        let (count, step, pitch) = (columns.starts.count, rows.step, panels.pitch)
        let (a, b, c, d) = (
            left + rows.starts[row], left + rows.starts[row + 1], left + rows.starts[row + 2], left + rows.starts[row + 3]
        )
        let to = out + row * count
        var panel = panels.base
        for column in stride(from: panels.columns.lowerBound, to: panels.columns.upperBound, by: 4) {
            var (s, t, u, v) = (Four.zero, Four.zero, Four.zero, Four.zero)
            var (at, from) = (0, panel)
            for _ in 0..<terms {
                let four = load(from)
                s += four * a[at]
                t += four * b[at]
                u += four * c[at]
                v += four * d[at]
                at += step
                from += pitch
            }
            store(s, to + column)
            store(t, to + count + column)
            store(u, to + 2 * count + column)
            store(v, to + 3 * count + column)
            panel += panels.distance
        }
    }

    /// One row against every block of columns, two blocks at a time.
    private func oneRow(_ left: UnsafePointer<Double>, _ row: Int, _ panels: Panels, _ out: UnsafeMutablePointer<Double>) {
        let (a, to) = (left + rows.starts[row], out + row * columns.starts.count)
        var (panel, column) = (panels.base, panels.columns.lowerBound)
        while column < panels.columns.upperBound {
            let isPair = column + 8 <= panels.columns.upperBound
            let next = isPair ? panel + panels.distance : panel
            var (s, t) = (Four.zero, Four.zero)
            for term in 0..<terms {
                let x = a[term * rows.step]
                s += load(panel + term * panels.pitch) * x
                t += load(next + term * panels.pitch) * x
            }
            store(s, to + column)
            if isPair { store(t, to + column + 4) }
            column += 8
            panel += 2 * panels.distance
        }
    }

    /// Four columns that do not lie side by side against one row.
    private func fourColumns(
        _ row: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ column: Int, _ out: UnsafeMutablePointer<Double>
    ) {
        let (a, b, c, d) = (
            right + columns.starts[column], right + columns.starts[column + 1], right + columns.starts[column + 2],
            right + columns.starts[column + 3]
        )
        var (s, t, u, v) = (0.0, 0.0, 0.0, 0.0)
        for term in 0..<terms {
            let (x, at) = (row[term * rows.step], term * columns.step)
            s += x * a[at]
            t += x * b[at]
            u += x * c[at]
            v += x * d[at]
        }
        (out[column], out[column + 1], out[column + 2], out[column + 3]) = (s, t, u, v)
    }

    private func product(_ row: UnsafePointer<Double>, _ column: UnsafePointer<Double>) -> Double {
        var total = 0.0
        for term in 0..<terms { total += row[term * rows.step] * column[term * columns.step] }
        return total
    }
}

// Rows of weights are mostly zeros under a mask. A sum starts at +0 and never becomes -0 by adding, so a term ±0 changes nothing and is left out;
// that holds where the other factor is finite (0 · ∞ is NaN), which is looked at first.
extension MatrixProduct {
    /// Whether looking for zeros can pay.
    private var skipsZeros: Bool { rows.step == 1 && terms >= 32 && rows.starts.count >= 8 }

    private func isFinite(_ panels: Panels) -> Bool {
        var mark = SIMDMask<SIMD4<Int64>>(repeating: false)
        for panel in 0..<panels.columns.count / 4 {
            for term in 0..<terms {
                let four = load(panels.base + panel * panels.distance + term * panels.pitch)
                mark = mark .| ((four - four) .!= 0)
            }
        }
        return !any(mark)
    }

    /// Whether at least half of the terms of one row are zero.
    private func isMostlyZero(_ left: UnsafePointer<Double>, _ row: Int) -> Bool {
        let start = left + rows.starts[row]
        var zeros = SIMD4<Int64>.zero
        for term in stride(from: 0, to: terms / 4 * 4, by: 4) {
            zeros.replace(with: zeros &+ 1, where: load(start + term) .== 0)
        }
        return zeros.wrappedSum() * 2 >= Int64(terms)
    }

    /// One row against every block of columns, its zeros left out.
    private func sparseRow(_ row: UnsafePointer<Double>, _ panels: Panels, _ out: UnsafeMutablePointer<Double>) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: terms) { places in
            var count = 0
            for term in 0..<terms where row[term] != 0 {
                places[count] = Int32(truncatingIfNeeded: term)
                count += 1
            }
            var column = panels.columns.lowerBound
            while column < panels.columns.upperBound {
                let wide = min(4, (panels.columns.upperBound - column) / 4)
                let first = panels.base + (column - panels.columns.lowerBound) / 4 * panels.distance
                let (second, third, fourth) = (
                    first + (wide > 1 ? 1 : 0) * panels.distance, first + (wide > 2 ? 2 : 0) * panels.distance,
                    first + (wide > 3 ? 3 : 0) * panels.distance
                )
                var (s, t, u, v) = (Four.zero, Four.zero, Four.zero, Four.zero)
                for i in 0..<count {
                    let term = Int(places[i])
                    let (x, at) = (row[term], term * panels.pitch)
                    s += load(first + at) * x
                    t += load(second + at) * x
                    u += load(third + at) * x
                    v += load(fourth + at) * x
                }
                store(s, out + column)
                if wide > 1 { store(t, out + column + 4) }
                if wide > 2 { store(u, out + column + 8) }
                if wide > 3 { store(v, out + column + 12) }
                column += 16
            }
        }
    }
}
