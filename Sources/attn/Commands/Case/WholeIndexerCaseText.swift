// What attn case says of whole indexers.

internal import Mechanisms
internal import ReferenceCases
internal import Traces

extension WholeIndexerCheck {
    /// Lines for a reader.
    func lines(_ language: Language) -> [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        var lines = stages.map { $0.stageLine[language] }
        if stages.count > 1, let first = stages.first(where: { !$0.passed }) {
            lines.append(said("first wrong stage: \(first.name)", "最先出错的一步：\(first.name)"))
        }
        lines += rows.map { $0.line[language] }
        for (row, count) in misordered.sorted(by: { $0.key < $1.key }) {
            lines.append(
                said(
                    "row \(row): \(count) selected keys are not among those of its own highest scores: wrong",
                    "行 \(row)：有 \(count) 个入选的键不在自己分数最高的键里：错误"))
        }
        if let comparedRows {
            lines.append(
                said(
                    "selections: \(comparedRows - rows.count) of \(comparedRows) rows are the same",
                    "选择：\(comparedRows) 行里有 \(comparedRows - rows.count) 行相同"))
        }
        if let mistake {
            let agreeing = agreement.map { said(": \($0.count) of \($0.all) keys agree", "：\($0.all) 个键里有 \($0.count) 个相同") } ?? ""
            lines.append("\(mistake.rawValue): \(mistake.words[language])\(agreeing)")
        }
        switch verdict {
        case .right: lines.append(said("passed", "通过"))
        case .rounding: lines.append(said("passed: rounding", "通过：舍入"))
        case .wrong: lines.append(said("FAILED", "未通过"))
        }
        return lines
    }

    /// The same as JSON, with the keys that the check of an indexer has.
    var json: JSONText {
        func list(_ differences: [Difference]) -> JSONText {
            .array(differences.map { .object([("key", .integer($0.key)), ("margin", .number($0.margin))]) })
        }
        let differing = rows.map { row in
            JSONText.object([
                ("row", .integer(row.row)), ("selected", .integer(row.selected)), ("missing", list(row.missing)),
                ("extra", list(row.extra)), ("verdict", row.wrongKeys == 0 ? "rounding" : "wrong"),
            ])
        }
        return .object([
            ("passed", .bool(passed)), ("verdict", .string(verdict.rawValue)),
            ("named", mistake.map { .string($0.rawValue) } ?? .null), ("wrongKeys", .integer(wrongKeys)),
            ("stages", .array(stages.map(\.stageJSON))),
            ("firstWrong", stages.first { !$0.passed }.map { .string($0.name) } ?? .null),
            ("rows", comparedRows.map { .integer($0) } ?? .null), ("differing", .array(differing)),
        ])
    }
}

extension Check {
    /// A stage in a line.
    var stageLine: Bilingual {
        let error = NumberText.significant(maxRelativeError, digits: 2)
        let place = "\(name)[\(worstIndex.map(String.init).joined(separator: ","))]"
        if let problem {
            return Bilingual(en: "\(place): \(problem): wrong", zh: "\(place)：无穷或 NaN 的位置不同：错误")
        }
        switch verdict {
        case .right where identical: return Bilingual(en: "\(name): the same", zh: "\(name)：相同")
        case .right: return Bilingual(en: "\(name): largest relative error \(error)", zh: "\(name)：最大相对误差 \(error)")
        case .rounding:
            return Bilingual(en: "\(name): largest relative error \(error): rounding", zh: "\(name)：最大相对误差 \(error)：舍入所致")
        case .wrong: return Bilingual(en: "\(place): relative error \(error): wrong", zh: "\(place)：相对误差 \(error)：错误")
        }
    }

    /// A stage as JSON.
    var stageJSON: JSONText {
        .object([
            ("name", .string(name)), ("verdict", .string(verdict.rawValue)), ("maxAbsoluteError", .number(maxAbsoluteError)),
            ("maxRelativeError", .number(maxRelativeError)), ("worst", .integers(worstIndex)),
        ])
    }
}

extension WholeIndexerCheck.Row {
    /// The row in a line.
    fileprivate var line: Bilingual {
        let differing = max(missing.count, extra.count)
        let start = Bilingual(
            en: "row \(row): \(differing) of \(selected) differ", zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同")
        if missing.count != extra.count {
            let kept = selected - missing.count + extra.count
            return Bilingual(
                en: "row \(row): keeps \(kept) keys instead of \(selected): wrong", zh: "行 \(row)：留下 \(kept) 个键，应为 \(selected) 个：错误")
        }
        guard let widest = (missing + extra).max(by: { $0.margin < $1.margin }) else { return start }
        let margin = NumberText.significant(widest.margin, digits: 2)
        if wrongKeys == 0 {
            return start + Bilingual(en: ", all within \(margin) of the cut: rounding", zh: "，离入选线都不超过 \(margin)：舍入所致")
        }
        if widest.margin == .infinity {
            return start
                + Bilingual(en: "; key \(widest.key) is in the future and may not be seen: wrong", zh: "；键 \(widest.key) 在未来，不该看见：错误")
        }
        if missing.contains(widest) {
            return start
                + Bilingual(
                    en: "; key \(widest.key) clears the cut by \(margin) and was left out: wrong",
                    zh: "；键 \(widest.key) 高出入选线 \(margin) 却没有选上：错误")
        }
        return start
            + Bilingual(
                en: "; key \(widest.key) misses the cut by \(margin) and was selected: wrong",
                zh: "；键 \(widest.key) 低于入选线 \(margin) 却选上了：错误")
    }
}
