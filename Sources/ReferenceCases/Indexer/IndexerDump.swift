// What somebody's kernel of an indexer wrote, read with what may be asked of it.

import ModelFiles
import Traces

/// What somebody's kernel wrote.
struct IndexerDump {
    /// The keys of each row as they stand there, by their positions within their sequence; nil if there are none.
    let selected: [[Int]]?
    /// The scores [t, s], row by row; nil if there are none.
    let score: [Double]?

    /// - Parameter wanted: how many ranks a row has at least.
    init(path: String, _ layout: KeyLayout, wanted: Int, _ rules: IndexerCheck.Rules) throws(FileError) {
        let file = try Safetensors(path: path)
        if let other = file.names.first(where: { $0 != "selected" && $0 != "score" }) {
            throw FileError(.badData, path, "\(other): expected selected, score or both")
        }
        guard file.contains("selected") || file.contains("score") else {
            throw FileError(.badData, path, "expected a tensor selected \(Self.shape(layout, "k")) or score, found neither")
        }
        selected = file.contains("selected") ? try Self.selected(file, layout, wanted, rules) : nil
        score = file.contains("score") ? try Self.score(file, layout) : nil
    }

    private static func selected(_ file: Safetensors, _ layout: KeyLayout, _ wanted: Int, _ rules: IndexerCheck.Rules) throws(FileError)
        -> [[Int]]
    {
        let ranks = try ranks(file, "selected", layout, "k")
        guard ranks >= wanted else {
            throw FileError(.badData, file.path, "selected: expected at least \(wanted) ranks a row, found \(ranks)")
        }
        let numbers = try file.integers("selected")
        let positions = try Positions(rules.positions, layout, file.path)
        var rows: [[Int]] = []
        var isTaken = [Bool](repeating: false, count: layout.columns)
        for row in layout.visible.indices {
            var keys: [Int] = []
            for number in numbers[row * ranks..<(row + 1) * ranks] where number != -1 {
                guard let key = positions.position(of: number, row) else {
                    if rules.allowsAnyPadding { continue }
                    throw FileError(
                        .badData, file.path, "selected, row \(row): expected \(positions.expected(row)), or -1, found \(number)")
                }
                if isTaken[key] {
                    if rules.allowsDuplicates { continue }
                    throw FileError(.badData, file.path, "selected, row \(row): key \(number) stands there twice")
                }
                isTaken[key] = true
                keys.append(key)
            }
            for key in keys { isTaken[key] = false }
            rows.append(keys.sorted())
        }
        return rows
    }

    private static func score(_ file: Safetensors, _ layout: KeyLayout) throws(FileError) -> [Double] {
        let columns = try ranks(file, "score", layout, "\(layout.columns)")
        guard columns == layout.columns else {
            throw FileError(
                .badData, file.path,
                "score: expected the shape \(shape(layout, "\(layout.columns)")), found \(try file.info("score").shape)")
        }
        let values = try file.tensor("score", axes: try file.info("score").shape.indices.map { Axis("\($0)") }).values
        for (row, seen) in layout.visible.enumerated() {
            if let bad = seen.first(where: { values[row * columns + $0].isNaN }) {
                throw FileError(.badData, file.path, "score[\(row), \(bad)]: expected a number, found NaN")
            }
        }
        return values
    }

    /// The length of the last axis of a tensor with a row for each query: [t, k], [1, t, k], or [b, t, k] of several sequences.
    private static func ranks(_ file: Safetensors, _ name: String, _ layout: KeyLayout, _ last: String) throws(FileError) -> Int {
        let shape = try file.info(name).shape
        let rows = Array(shape.dropLast())
        guard let ranks = shape.last, rows == layout.queryLengths || rows == [layout.visible.count] || rows == [1, layout.visible.count]
        else {
            throw FileError(.badData, file.path, "\(name): expected the shape \(Self.shape(layout, last)), found \(shape)")
        }
        return ranks
    }

    private static func shape(_ layout: KeyLayout, _ last: String) -> String {
        "[\((layout.queryLengths.map(String.init) + [last]).joined(separator: ", "))]"
    }

    /// The selection that a case expects, with where its scores [t, s] are cut.
    static func expected(_ reference: ReferenceCase, _ indexer: IndexerCase, _ scores: Tensor) throws(FileError) -> [Selection.Row] {
        let (file, name) = (reference.file, "expected.selected")
        let ranks = try file.info(name).shape.last ?? 0
        let keys = try file.integers(name)
        let tensor = Tensor([.t, .k], [indexer.queries, ranks], keys.map { Double($0) })
        for (row, seen) in indexer.layout.visible.enumerated() {
            let own = keys[row * ranks..<(row + 1) * ranks].filter { $0 >= 0 }
            if let unseen = own.first(where: { !seen.contains($0) }) {
                throw reference.failure("\(name), row \(row)", "expected keys that the query sees, found \(unseen)")
            }
            guard own.count == min(indexer.topK, seen.count) else {
                throw reference.failure("\(name), row \(row)", "expected \(min(indexer.topK, seen.count)) keys, found \(own.count)")
            }
            if let bad = seen.first(where: { !scores.values[row * indexer.columns + $0].isFinite }) {
                throw reference.failure("expected.score[\(row), \(bad)]", "expected a finite number, found \(scores[row, bad])")
            }
        }
        if indexer.layout.isPaged, file.contains("expected.slots") {
            let (slots, own) = (try file.integers("expected.slots"), indexer.slots(tensor).values)
            if let bad = slots.indices.first(where: { Double(slots[$0]) != own[$0] }) {
                throw reference.failure(
                    "expected.slots, row \(bad / ranks)", "expected \(NumberText.exact(own[bad])) as the table has, found \(slots[bad])")
            }
        }
        do throws(EngineError) {
            return try Selection(tensor, called: name, scores: scores, dense: nil, visible: indexer.visible).rows
        } catch {
            throw FileError(.badData, file.path, "\(error)")
        }
    }
}

/// What the numbers of a selection mean.
private struct Positions {
    private let rule: IndexerCheck.Rules.Positions
    private let layout: KeyLayout
    /// Of each sequence the position that lies in each place of the cache, where physical places are meant.
    private var inverse: [[Int: Int]] = []

    init(_ rule: IndexerCheck.Rules.Positions, _ layout: KeyLayout, _ path: String) throws(FileError) {
        (self.rule, self.layout) = (rule, layout)
        guard rule == .physical else { return }
        guard layout.isPaged else {
            throw FileError(.badData, path, "physical positions: expected a case with a block table")
        }
        inverse = (0..<layout.sequences).map { sequence in
            // A block may stand twice in the table of a sequence, beyond its length: the first position counts.
            Dictionary((0..<layout.columns).map { (layout.slot(sequence, $0), $0) }) { first, _ in first }
        }
    }

    /// The position within its sequence that `number` means in a row; nil where it means none.
    func position(of number: Int, _ row: Int) -> Int? {
        let position: Int?
        switch rule {
        case .logical: position = number
        case .relative: position = number < 0 || number > layout.columns ? nil : layout.visible[row].lowerBound + number
        case .physical: position = inverse[layout.sequence(of: row)][number]
        }
        return position.flatMap { (0..<layout.columns).contains($0) ? $0 : nil }
    }

    /// What a row may name.
    func expected(_ row: Int) -> String {
        switch rule {
        case .logical: "keys from 0 to \(layout.columns - 1)"
        case .relative: "keys from 0 to \(layout.columns - 1 - layout.visible[row].lowerBound), counted from the first that the query sees"
        case .physical: "places in the blocks of sequence \(layout.sequence(of: row))"
        }
    }
}
