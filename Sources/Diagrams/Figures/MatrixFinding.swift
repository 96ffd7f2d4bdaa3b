// The title of a matrix is its finding, read from the numbers: where a query rests, what a mask leaves, what a vector holds. A matrix in which
// no row is followed has only its subject.

import AttentionEngine

extension MatrixWords {
    /// The finding in one line.
    var title: Bilingual {
        let found = slice.isSelection ? crossing ?? selection : slice.isPair ? crossing ?? mask ?? strongestKey : vector
        return found.map { Bilingual(en: $0.en, zh: Words.closed($0.zh)) } ?? subject
    }

    private func number(_ value: Double) -> String { MatrixScale.typographic(NumberText.significant(value, digits: 3)) }

    /// A row by its token, or by its number where tokens have no texts.
    private func row(_ query: Int) -> Bilingual {
        let kind = slice.axisName(slice.rowAxis)
        let start = Bilingual(en: "\(kind.en.prefix(1).uppercased())\(kind.en.dropFirst())", zh: kind.zh)
        return Words.position(slice.rowName(query), start)
    }

    private func column(_ key: Int) -> Bilingual {
        Words.position(slice.columnName(key), slice.axisName(slice.columnAxis))
    }

    // MARK: Pairs

    /// What stands where the framed row and the framed column meet.
    private var crossing: Bilingual? {
        guard let query, let key, slice.isPair else { return nil }
        let (q, k) = (row(query), column(key))
        switch slice.mark(query, key) {
        case .masked: return Bilingual(en: "\(q.en) cannot see \(k.en)", zh: "\(q.zh)看不到\(k.zh)")
        case .dropped: return Bilingual(en: "\(q.en) leaves out \(k.en)", zh: "\(q.zh)没有选中\(k.zh)")
        case .value(let value) where slice.isSelection && value == 1:
            return Bilingual(en: "\(q.en) keeps \(k.en)", zh: "\(q.zh)选中了\(k.zh)")
        case .value(let value), .beyond(let value):
            if scale.kind == .weights {
                let share = value > 0 && value < 0.0005 ? Bilingual(en: "under 0.1%", zh: "不到 0.1%") : Bilingual(same: percent(value))
                return Bilingual(en: "\(q.en) gives \(k.en) \(share.en) of its attention", zh: "\(q.zh)把 \(share.zh) 的注意力给了\(k.zh)")
            }
            return Bilingual(en: "\(q.en) with \(k.en): \(number(value))", zh: "\(q.zh)与\(k.zh)：\(number(value))")
        }
    }

    private func percent(_ share: Double) -> String { NumberText.percent(share, decimals: share < 0.1 ? 1 : 0) }

    private var selection: Bilingual? {
        guard let query else { return nil }
        let visible = (0..<slice.columns).count { slice.reach?[query, $0] ?? true }
        let kept = (0..<slice.columns).count { slice.value(query, $0) == 1 }
        let name = row(query)
        return Bilingual(en: "\(name.en) keeps \(kept) of \(visible) keys", zh: "\(name.zh)从 \(visible) 个键里选中 \(kept) 个")
    }

    /// What a causal mask leaves of the scores.
    private var mask: Bilingual? {
        guard slice.stem == "scores", marks.masked, !marks.dropped, max(slice.rows, slice.columns) <= MatrixRaster.cellLimit else {
            return nil
        }
        let offset = slice.columns - slice.rows
        var left = 0
        for t in 0..<slice.rows {
            for s in 0..<slice.columns {
                guard slice.isMasked(t, s) == (s > t + offset) else { return nil }
                if s <= t + offset { left += 1 }
            }
        }
        let pairs = slice.rows * slice.columns
        return Bilingual(en: "No token sees the future: \(left) of \(pairs) pairs remain", zh: "谁也看不到未来：\(pairs) 对里剩 \(left) 对")
    }

    private var strongestKey: Bilingual? {
        guard let query, let first = ranking.first else { return nil }
        let (q, k, value) = (row(query), column(first.column), number(first.value))
        if scale.kind == .weights {
            let sum = ranking.reduce(0) { $0 + $1.value }
            if sum < 1 - 1e-6 {
                let left = NumberText.percent(sum, decimals: 0)
                return Bilingual(en: "\(q.en) keeps only \(left) of its attention", zh: "\(q.zh)只剩下 \(left) 的注意力")
            }
            let share = NumberText.percent(first.value, decimals: 0)
            return Bilingual(en: "\(q.en) rests \(share) of its attention on \(k.en)", zh: "\(q.zh)把 \(share) 的注意力放在\(k.zh)上")
        }
        if scale.kind == .choice { return nil }
        switch slice.stem {
        case "dot": return Bilingual(en: "\(q.en) fits \(k.en) best: a dot product of \(value)", zh: "\(q.zh)和\(k.zh)最对得上：点积是 \(value)")
        case "scaled": return Bilingual(en: "Scaled down, \(k.en) still scores highest: \(value)", zh: "缩小之后，\(k.zh)的分数仍然最高：\(value)")
        default: return Bilingual(en: "\(q.en) scores highest with \(k.en): \(value)", zh: "\(q.zh)与\(k.zh)的得分最高：\(value)")
        }
    }

    // MARK: Vectors

    /// What the followed token's vector holds: all of a short one, else its largest number.
    private var vector: Bilingual? {
        guard let query, [.t, .s].contains(slice.rowAxis) else { return nil }
        let values = (0..<slice.columns).map { slice.value(query, $0) }
        guard values.allSatisfy(\.isFinite), let most = values.map({ abs($0) }).max(), most > 0 else { return nil }
        let name = row(query)
        if slice.columnLabels == nil, slice.columns <= 6 {
            let list = "(" + values.map(number).joined(separator: ", ") + ")"
            switch slice.stem {
            case "q": return Bilingual(en: "\(name.en) asks with \(list)", zh: "\(name.zh)用 \(list) 去问")
            case "k": return Bilingual(en: "\(name.en) answers with \(list)", zh: "\(name.zh)用 \(list) 来应")
            case "v": return Bilingual(en: "\(name.en) hands over \(list)", zh: "\(name.zh)交出 \(list)")
            default: return Bilingual(en: "\(name.en) holds \(list)", zh: "\(name.zh)这一行是 \(list)")
            }
        }
        let best = values.indices.filter { abs(values[$0]) >= most - 1e-9 * max(most, 1) }
        guard best.count <= 3 else { return nil }
        let places = slice.columnLabels != nil ? Words.names(best.map(slice.columnName)) : column(best[0])
        let value = best.allSatisfy { values[$0] == values[best[0]] } ? number(values[best[0]]) : number(most)
        return slice.stem == "output"
            ? Bilingual(en: "\(name.en) receives most in \(places.en): \(value)", zh: "\(name.zh)收到最多的是\(places.zh)：\(value)")
            : Bilingual(en: "\(name.en) is strongest in \(places.en): \(value)", zh: "\(name.zh)最强的是\(places.zh)：\(value)")
    }
}
