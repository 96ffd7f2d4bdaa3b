// What the figure `difference` says: how many rows and cells differ, where most, and which run is which.

import Mechanisms
import Traces

struct DifferenceWords {
    let pair: DifferencePair
    /// The row in the frame.
    let query: Int?
    /// The largest difference in size, with its place; nil where no cell has a number that differs.
    let largest: (row: Int, column: Int, value: Double)?
    /// What cells show.
    let kinds: Set<DifferencePair.Cell>
    let hasNumbers: Bool
    private let differingRows: Int

    init(pair: DifferencePair, query: Int?) {
        (self.pair, self.query) = (pair, query)
        var largest: (row: Int, column: Int, value: Double)?
        var kinds: Set<DifferencePair.Cell> = []
        var hasNumbers = false
        for row in 0..<pair.rows {
            for column in 0..<pair.columns {
                let cell = pair[row, column]
                guard case .number(let value) = cell else {
                    kinds.insert(cell)
                    continue
                }
                hasNumbers = true
                if let isGained = pair.isGained(row, column) { kinds.insert(isGained ? .gained : .lost) }
                if value.isFinite, value != 0, abs(value) > abs(largest?.value ?? 0) { largest = (row, column, value) }
            }
        }
        (self.largest, self.kinds, self.hasNumbers) = (largest, kinds, hasNumbers)
        differingRows = (0..<pair.rows).count { pair.distance($0) > 0 }
    }

    /// A difference with its sign; nothing for zero.
    func text(_ value: Double) -> String {
        if value == 0 { return "" }
        let size = NumberText.fixed(abs(value), decimals: decimals)
        return (value < 0 ? "−" : "+") + size
    }

    private var decimals: Int {
        let most = abs(largest?.value ?? 0)
        return most >= 100 ? 0 : most >= 10 ? 1 : most < 0.05 ? 3 : 2
    }

    private func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + NumberText.significant(abs(value), digits: 3) }

    /// A row or a column by its token, or by its number where tokens have no texts.
    private func named(_ name: String, _ axis: Axis) -> Bilingual { Words.position(name, pair.first.axisName(axis)) }

    private func place(_ row: Int, _ column: Int) -> Bilingual {
        func named(_ name: String, _ axis: Axis) -> Bilingual {
            let kind = pair.first.axisName(axis)
            return !Words.isPosition(name)
                ? Bilingual(en: "\(kind.en) “\(name)”", zh: "\(kind.zh)“\(name)”")
                : Bilingual(en: "\(kind.en) \(name)", zh: "\(kind.zh) \(name)")
        }
        let (q, k) = (named(pair.rowName(row), pair.first.rowAxis), named(pair.columnName(column), pair.first.columnAxis))
        return Bilingual(en: "\(q.en), \(k.en)", zh: "\(q.zh)、\(k.zh)")
    }

    private var subject: Bilingual { pair.first.title }

    var title: Bilingual {
        guard differingRows > 0 else { return Bilingual(en: "No difference in any cell", zh: "没有一格不同") }
        let (rows, all) = (NumberText.grouped(differingRows), NumberText.grouped(pair.rows))
        let isOne = differingRows == 1
        func finding() -> Bilingual {
            if pair.isSelection {
                return Bilingual(
                    en: "\(rows) of \(all) queries \(isOne ? "keeps" : "keep") other keys", zh: "\(all) 个查询里，有 \(rows) 个留下的键变了")
            }
            let differ = Bilingual(en: "\(rows) of \(all) rows \(isOne ? "differs" : "differ")", zh: "\(all) 行里有 \(rows) 行不同")
            guard let largest else { return differ }
            let (place, value) = (place(largest.row, largest.column), signed(largest.value))
            return differ + Bilingual(en: ", most at \(place.en): \(value)", zh: "，差得最多的是\(place.zh)：\(value)")
        }
        guard let cause else { return finding() }
        return Bilingual(en: "\(cause.en): ", zh: "\(cause.zh)：") + finding()
    }

    /// What the second run does otherwise, where that is one switch.
    private var cause: Bilingual? {
        guard pair.switches.missing.isEmpty, pair.switches.added.count == 1, let own = try? Switch(parsing: pair.switches.added[0]) else {
            return nil
        }
        return own.effectInWords
    }

    // MARK: The framed row

    func rowHeading(_ row: Int) -> Bilingual {
        let name = named(pair.rowName(row), pair.first.rowAxis)
        return Bilingual(en: "\(Words.capitalised(name.en)) in both runs", zh: "\(name.zh)：两次对照")
    }

    /// Which bar, or which sign, is which run's.
    var rowKeys: [Bilingual] {
        guard !pair.isSelection else { return [lost, gained] }
        let names = [Bilingual(en: "first run", zh: "前一次"), Bilingual(en: "second run", zh: "后一次")]
        guard let sides = sidesBySwitch else { return names }
        return [
            names[0] + Bilingual(en: ", \(sides.first.en)", zh: "，\(sides.first.zh)"),
            names[1] + Bilingual(en: ", \(sides.second.en)", zh: "，\(sides.second.zh)"),
        ]
    }

    /// Either run by a switch that it has, or that it lacks and the other has; nil where no single switch tells them apart.
    private var sidesBySwitch: (first: Bilingual, second: Bilingual)? {
        let (added, missing) = (pair.switches.added, pair.switches.missing)
        guard added.count <= 1, missing.count <= 1 else { return nil }
        func with(_ name: String) -> Bilingual { Bilingual(en: "with \(name)", zh: "开了 \(name) 时") }
        func without(_ name: String) -> Bilingual { Bilingual(en: "without \(name)", zh: "没开 \(name) 时") }
        switch (missing.first, added.first) {
        case (nil, nil): return nil
        case (nil, let own?): return (without(own), with(own))
        case (let own?, nil): return (with(own), without(own))
        case (let a?, let b?): return (with(a), with(b))
        }
    }

    /// Either run as a place where something is.
    private var sides: (first: Bilingual, second: Bilingual) {
        if let sidesBySwitch { return sidesBySwitch }
        let (a, b) = pair.names
        guard !a.isEmpty, !b.isEmpty else {
            return (Bilingual(en: "in the first run", zh: "前一次"), Bilingual(en: "in the second run", zh: "后一次"))
        }
        return (Bilingual(en: "in \(a)", zh: "\(a) 里"), Bilingual(en: "in \(b)", zh: "\(b) 里"))
    }

    /// A number of one run, or that it has none.
    func value(_ value: Double?) -> Bilingual {
        guard let value else { return Bilingual(en: "left out", zh: "未选") }
        return Bilingual(same: MatrixScale.typographic(NumberText.significant(value, digits: 3)))
    }

    func more(_ count: Int) -> Bilingual { Bilingual(en: "and \(count) with smaller differences", zh: "另有 \(count) 个差得更少") }

    /// How the second run differs from the first, as far as the traces say.
    private var runs: Bilingual {
        let (added, missing) = (pair.switches.added, pair.switches.missing)
        if !added.isEmpty || !missing.isEmpty {
            let (more, less) = (added.joined(separator: ", "), missing.joined(separator: ", "))
            if missing.isEmpty { return Bilingual(en: "the run with \(more) minus the run without", zh: "开了 \(more) 的那次，减去没开的那次") }
            if added.isEmpty { return Bilingual(en: "the run without \(less) minus the run with it", zh: "没有 \(less) 的一次减去有的一次") }
            return Bilingual(en: "the run with \(more) minus the run with \(less)", zh: "有 \(more) 的一次减去有 \(less) 的一次")
        }
        guard !pair.names.0.isEmpty, !pair.names.1.isEmpty else { return Bilingual(en: "the second run minus the first", zh: "后一次减去前一次") }
        return Bilingual(en: "\(pair.names.1) minus \(pair.names.0)", zh: "\(pair.names.1) 减去 \(pair.names.0)")
    }

    func subtitle(_ theme: Theme) -> Bilingual {
        guard !pair.isSelection else {
            return Bilingual(en: "\(subject.en). \(lost.en); \(gained.en).", zh: "\(subject.zh)。\(lost.zh)；\(gained.zh)。")
        }
        let what = Bilingual(en: "\(subject.en): \(runs.en). ", zh: "\(subject.zh)：\(runs.zh)。")
        let second = sides.second
        return what
            + (theme == .print
                ? Bilingual(en: "Darker: a larger difference; a minus: less \(second.en).", zh: "颜色越深，差得越多；减号：\(second.zh)更小。")
                : Bilingual(en: "Orange: more \(second.en); blue: less.", zh: "橙色：\(second.zh)更大；蓝色：更小。"))
    }

    var quantity: Bilingual { Bilingual(en: "difference", zh: "差") }
    var lost: Bilingual { Bilingual(en: "−: ", zh: "−：") + only(sides.first) }
    var gained: Bilingual { Bilingual(en: "+: ", zh: "+：") + only(sides.second) }

    private func only(_ side: Bilingual) -> Bilingual { Bilingual(en: "only \(side.en)", zh: "只有\(side.zh)留下") }

    /// What a pointer shows over a cell: both numbers, and the difference.
    func label(_ row: Int, _ column: Int) -> CellLabel {
        let (first, second) = (pair.first.axisName(pair.first.rowAxis), pair.first.axisName(pair.first.columnAxis))
        let (r, c) = (pair.rowName(row), pair.columnName(column))
        return CellLabel(
            Bilingual(en: "\(first.en) \(r), \(second.en) \(c): ", zh: "\(first.zh)“\(r)”，\(second.zh)“\(c)”："), reading(row, column))
    }

    private func reading(_ row: Int, _ column: Int) -> Remark {
        let (a, b) = (pair.first.value(row, column), pair.second.value(row, column))
        switch pair[row, column] {
        case .masked: return Remark(en: "the future", zh: "未来的键")
        case .dropped: return Remark(en: "left out by both", zh: "两次都没选")
        case .both: return Remark(en: "kept by both", zh: "两次都留下")
        case .lost: return remark(only(sides.first))
        case .gained: return remark(only(sides.second))
        case .number(let difference):
            return Remark(
                en: "\(a, digits: 4) and \(b, digits: 4), a difference of \(difference, digits: 4)",
                zh: "\(a, digits: 4) 与 \(b, digits: 4)，相差 \(difference, digits: 4)")
        }
    }

    private func remark(_ words: Bilingual) -> Remark {
        Remark(en: Sentence(stringLiteral: words.en), zh: Sentence(stringLiteral: words.zh))
    }

    func source(_ provenance: Provenance) -> Bilingual {
        Words.source([Words.head(pair.first), runs, Bilingual(same: pair.first.step.id.text)].compactMap { $0 }, provenance)
    }

    var caption: Bilingual {
        Bilingual(en: "\(title.en) (\(Words.continued(subject).en); \(runs.en)).", zh: "\(title.zh)（\(subject.zh)；\(runs.zh)）。")
    }

    var alt: Bilingual {
        let size = Bilingual(
            en:
                "\(subject.en): \(runs.en), a matrix of \(Words.counted(pair.rows, "row")) by \(Words.counted(pair.columns, "column")). \(title.en).",
            zh: "\(subject.zh)：\(runs.zh)，矩阵 \(pair.rows) 行、\(pair.columns) 列。\(title.zh)。")
        guard let query, let row = rowText(query) else { return size }
        let name = named(pair.rowName(query), pair.first.rowAxis)
        return size + Bilingual(en: " Framed, \(name.en): \(row.en).", zh: "框出的\(name.zh)：\(row.zh)。")
    }

    /// What a row lost and gained, or its largest differences.
    private func rowText(_ row: Int) -> Bilingual? {
        func list(_ kind: DifferencePair.Cell, _ en: String, _ zh: String) -> Bilingual? {
            let keys = (0..<pair.columns).filter { pair[row, $0] == kind }.map { named(pair.columnName($0), pair.first.columnAxis) }
            guard !keys.isEmpty else { return nil }
            let names = Words.list(keys)
            return Bilingual(en: "\(en) \(names.en)", zh: "\(zh)\(names.zh)")
        }
        let numbers = (0..<pair.columns).compactMap { column -> (Int, Double)? in
            guard case .number(let value) = pair[row, column], value.isFinite, value != 0 else { return nil }
            return (column, value)
        }.sorted { abs($0.1) != abs($1.1) ? abs($0.1) > abs($1.1) : $0.0 < $1.0 }.prefix(3).map { column, value in
            let (name, number) = (named(pair.columnName(column), pair.first.columnAxis), signed(value))
            return Bilingual(en: "\(name.en) \(number)", zh: "\(name.zh) \(number)")
        }
        let parts =
            [list(.lost, "loses", "丢了"), list(.gained, "gains", "换来")].compactMap { $0 } + (numbers.isEmpty ? [] : [Words.list(numbers)])
        guard !parts.isEmpty else { return Bilingual(en: "no difference", zh: "没有差别") }
        return Bilingual(en: parts.map { $0.en }.joined(separator: "; "), zh: parts.map { $0.zh }.joined(separator: "；"))
    }
}

extension Switch {
    /// What it does to a run, in words that need no name of a switch.
    fileprivate var effectInWords: Bilingual {
        switch self {
        case .indexerRopeInterleaved: Bilingual(en: "The indexer turns neighbours, not halves", zh: "索引器旋转时配错了对")
        case .indexerRopeHalf: Bilingual(en: "The indexer turns halves, not neighbours", zh: "索引器旋转时配错了对")
        case .hadamardQueryOnly: Bilingual(en: "Keys miss their Hadamard rotation", zh: "键漏做了哈达玛旋转")
        case .noReLU: Bilingual(en: "Index heads may vote against a key", zh: "索引头能投反对票")
        case .noHeadWeights: Bilingual(en: "Every index head counts the same", zh: "索引头一律同权")
        case .noFloat8: Bilingual(en: "Nothing is rounded to FP8", zh: "不做 FP8 舍入")
        case .maskAfterSoftmax: Bilingual(en: "Masked only after softmax", zh: "softmax 之后才掩码")
        case .topK(let k): Bilingual(en: "With \(k) kept keys", zh: "改留 \(k) 个键")
        case .select(let rule): Bilingual(en: "Keys chosen by the rule \(rule.rawValue)", zh: "改用 \(rule.rawValue) 规则选键")
        case .temperature: Bilingual(en: "Scores divided by a temperature", zh: "分数先除以温度")
        case .heads: Bilingual(en: "Some heads are off", zh: "关掉几个头")
        }
    }
}
