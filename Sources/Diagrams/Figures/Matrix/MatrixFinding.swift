// The title of a matrix is its finding, read from the numbers: where a query rests, what a mask leaves, what a vector holds. A matrix in which
// no row is followed has only its subject.

import Traces

extension MatrixWords {
    /// The finding in one line.
    var title: Bilingual {
        let found =
            slice.isSelection
            ? crossing ?? selection ?? keeping : slice.isPair ? crossing ?? mask ?? stripes ?? strongestKey ?? strongestQuery : vector
        guard let found else { return subject }
        return slice.isBeside ? Words.dense + Words.continued(found) : found
    }

    private func number(_ value: Double) -> String { MatrixScale.typographic(NumberText.significant(value, digits: 3)) }

    /// A row by its token, or by its number where tokens have no texts.
    private func row(_ query: Int) -> Bilingual {
        let kind = slice.axisName(slice.rowAxis)
        let start = Bilingual(en: "\(kind.en.prefix(1).uppercased())\(kind.en.dropFirst())", zh: kind.zh)
        return Words.position(slice.rowName(query), start)
    }

    private func column(_ key: Int) -> Bilingual { slice.key(key, of: query) }

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
                let share = percent(value)
                return Bilingual(en: "\(q.en) gives \(k.en) \(share.en) of its attention", zh: "\(q.zh)把\(share.zh)的注意力给了\(k.zh)")
            }
            return Bilingual(en: "\(q.en) with \(k.en): \(number(value))", zh: "\(q.zh)与\(k.zh)：\(number(value))")
        }
    }

    private func percent(_ share: Double) -> Bilingual { Words.share(share, decimals: share < 0.1 ? 1 : 0) }

    private var selection: Bilingual? {
        guard let query else { return nil }
        let visible = (0..<slice.columns).count { slice.reach?[query, $0] ?? true }
        let kept = (0..<slice.columns).count { slice.value(query, $0) == 1 }
        let name = row(query)
        return Bilingual(en: "\(name.en) keeps \(kept) of \(visible) keys", zh: "\(name.zh)从 \(visible) 个键里选中 \(kept) 个")
    }

    /// What a causal mask leaves of the scores.
    private var mask: Bilingual? {
        guard slice.step.id.role == .scores, marks.masked, !marks.dropped, max(slice.rows, slice.columns) <= MatrixRaster.cellLimit else {
            return nil
        }
        let offset = slice.columns - slice.rows
        var count = 0
        for t in 0..<slice.rows {
            for s in 0..<slice.columns {
                guard slice.isMasked(t, s) == (s > t + offset) else { return nil }
                if s <= t + offset { count += 1 }
            }
        }
        let (left, pairs) = (NumberText.grouped(count), NumberText.grouped(slice.rows * slice.columns))
        return Bilingual(en: "No token sees the future: \(left) of \(pairs) pairs remain", zh: "谁也看不到未来：\(pairs) 对里剩 \(left) 对")
    }

    /// The same number all along each stripe: what a rotary embedding leaves of a vector that stands at every position.
    private var stripes: Bilingual? {
        let (rows, columns) = (slice.rows, slice.columns)
        guard [.dot, .indexDot].contains(slice.step.id.role), scale.kind != .choice, min(rows, columns) > 2,
            max(rows, columns) <= MatrixRaster.cellLimit
        else {
            return nil
        }
        let least = 1e-9 * max(scale.limit, 1e-300)
        let first = slice.value(0, 0)
        var isFlat = true
        for t in 0..<rows {
            for s in 0..<columns {
                guard case .value(let value) = slice.mark(t, s), value.isFinite else { return nil }
                if t > 0, s > 0, abs(value - slice.value(t - 1, s - 1)) > least { return nil }
                if abs(value - first) > least { isFlat = false }
            }
        }
        return isFlat
            ? nil
            : Bilingual(
                en: "Only the distance counts: along a stripe, all dot products are equal", zh: "只看隔多远：同一条斜纹上，点积都相等")
    }

    private var strongestKey: Bilingual? {
        guard let query, let first = ranking.first, scale.kind != .choice else { return nil }
        let (q, value) = (row(query), number(first.value))
        let least = 1e-9 * max(abs(first.value), 1e-300)
        let tied = ranking.prefix { abs($0.value - first.value) <= least }.map { $0.column }
        let isTie = tied.count > 1
        let k = among(tied, of: query)
        if scale.kind == .weights { return restingKey(q, k, share: first.value, isTie: isTie) }
        let each = isTie ? Bilingual(en: "\(value) each", zh: "都是 \(value)") : Bilingual(same: value)
        switch slice.step.id.role {
        case .dot, .indexDot:
            let product =
                isTie
                ? Bilingual(en: "dot products of \(value)", zh: "点积都是 \(value)")
                : Bilingual(en: "a dot product of \(value)", zh: "点积是 \(value)")
            return Bilingual(en: "\(q.en) fits \(k.en) best: \(product.en)", zh: "\(q.zh)和\(k.zh)最对得上：\(product.zh)")
        case .scaled:
            // What is itself is named here: no query stands before it.
            let k = among(tied, of: nil)
            return Bilingual(
                en: "Scaled down, \(k.en) still \(isTie ? "score" : "scores") highest: \(each.en)", zh: "缩小之后，\(k.zh)的分数仍然最高：\(each.zh)")
        case .indexVotes:
            return Bilingual(en: "\(q.en) votes most for \(k.en): \(each.en)", zh: "\(q.zh)给\(k.zh)的票最多：\(each.zh)")
        default: return Bilingual(en: "\(q.en) scores highest with \(k.en): \(each.en)", zh: "\(q.zh)与\(k.zh)的得分最高：\(each.zh)")
        }
    }

    private func restingKey(_ q: Bilingual, _ k: Bilingual, share: Double, isTie: Bool) -> Bilingual {
        let sum = ranking.reduce(0) { $0 + $1.value }
        // A percent and a half may be the rounding of a narrow type, or stand where there is no number.
        if sum < 0.985 {
            let left = Words.share(sum)
            return Bilingual(en: "\(q.en) keeps only \(left.en) of its attention", zh: "\(q.zh)只剩下\(left.zh)的注意力")
        }
        let share = Words.share(share)
        return isTie
            ? Bilingual(en: "\(q.en) rests \(share.en) of its attention on each of \(k.en)", zh: "\(q.zh)把注意力放在\(k.zh)上最多，各\(share.zh)")
            : Bilingual(en: "\(q.en) rests \(share.en) of its attention on \(k.en)", zh: "\(q.zh)把\(share.zh)的注意力放在\(k.zh)上")
    }

    /// The first of several keys that tie, and how many more there are.
    private func among(_ keys: [Int], of query: Int?) -> Bilingual {
        let shown = keys.count > 3 ? keys.prefix(2) : keys[...]
        let rest = keys.count - shown.count
        let kind = slice.axisName(slice.columnAxis)
        let places = shown.map { slice.key($0, of: query) }
        if rest > 0 {
            return Words.list(places) + Bilingual(en: " and \(rest) other \(kind.en)s", zh: "等 \(keys.count) 个\(kind.zh)")
        }
        guard let last = places.last, places.count > 1 else { return places[0] }
        return Words.list(places.dropLast()) + Bilingual(en: " and \(last.en)", zh: "和\(last.zh)")
    }

    // MARK: One column

    /// Where no row is followed: the query that the framed key matters most to.
    private var strongestQuery: Bilingual? {
        guard query == nil, let key, scale.kind != .choice else { return nil }
        let rows = rows(seeing: key).sorted { (slice.value($0, key), $1) > (slice.value($1, key), $0) }
        let k = column(key)
        guard let best = rows.first else { return Bilingual(en: "No query sees \(k.en)", zh: "没有查询看得到\(k.zh)") }
        let (q, value) = (row(best), slice.value(best, key))
        let name = Bilingual(en: q.en.prefix(1).lowercased() + q.en.dropFirst(), zh: q.zh)
        let start = Bilingual(en: k.en.prefix(1).uppercased() + k.en.dropFirst(), zh: k.zh)
        guard scale.kind == .weights else {
            return Bilingual(
                en: "\(start.en) scores highest with \(name.en): \(number(value))", zh: "\(start.zh)与\(name.zh)的得分最高：\(number(value))")
        }
        let share = percent(value)
        return Bilingual(
            en: "\(start.en) matters most to \(name.en): \(share.en) of its attention", zh: "最看重\(k.zh)的是\(name.zh)：\(share.zh)的注意力")
    }

    /// How many queries keep the framed key, where no row is followed.
    private var keeping: Bilingual? {
        guard query == nil, let key else { return nil }
        let k = column(key)
        let visible = (0..<slice.rows).count { slice.reach?[$0, key] ?? true }
        let kept = (0..<slice.rows).count { slice.value($0, key) == 1 }
        return Bilingual(
            en: "\(NumberText.grouped(kept)) of the \(NumberText.grouped(visible)) queries that see \(k.en) keep it",
            zh: "看得到\(k.zh)的 \(NumberText.grouped(visible)) 个查询里，有 \(NumberText.grouped(kept)) 个选中了它")
    }

    // MARK: Vectors

    /// What the followed token's vector holds: all of a short one, else its largest number.
    private var vector: Bilingual? {
        guard let query, [.t, .s].contains(slice.rowAxis) else { return nil }
        let values = (0..<slice.columns).map { slice.value(query, $0) }
        guard values.allSatisfy({ $0.isFinite }), let most = values.map({ abs($0) }).max(), most > 0 else { return nil }
        let name = row(query)
        if slice.columnLabels == nil, slice.columns <= 6 {
            let list = "(" + values.map(number).joined(separator: ", ") + ")"
            switch slice.step.id.role {
            case .query, .indexQuery: return Bilingual(en: "\(name.en) asks with \(list)", zh: "\(name.zh)用 \(list) 去问")
            case .key, .indexKey: return Bilingual(en: "\(name.en) answers with \(list)", zh: "\(name.zh)用 \(list) 来应")
            case .value: return Bilingual(en: "\(name.en) hands over \(list)", zh: "\(name.zh)交出 \(list)")
            default: return Bilingual(en: "\(name.en) holds \(list)", zh: "\(name.zh)这一行是 \(list)")
            }
        }
        let best = values.indices.filter { abs(values[$0]) >= most - 1e-9 * max(most, 1) }
        guard best.count <= 3 else { return nil }
        let places = slice.columnLabels != nil ? Words.names(best.map(slice.columnName)) : column(best[0])
        let value = best.allSatisfy { values[$0] == values[best[0]] } ? number(values[best[0]]) : number(most)
        return slice.step.id.role == .output || slice.step.id.role == .feedForward
            ? Bilingual(en: "\(name.en) receives most in \(places.en): \(value)", zh: "\(name.zh)收到最多的是\(places.zh)：\(value)")
            : Bilingual(en: "\(name.en) is strongest in \(places.en): \(value)", zh: "\(name.zh)最强的是\(places.zh)：\(value)")
    }
}
