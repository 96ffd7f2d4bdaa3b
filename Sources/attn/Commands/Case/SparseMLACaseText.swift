// What attn case says of sparse MLA.

internal import ReferenceCases
internal import Traces

extension SparseMLACheck {
    /// Lines for a reader.
    func lines(_ language: Language) -> [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        var lines = tensors.map { $0.stageLine[language] }
        if !wrongRows.isEmpty {
            let shown = wrongRows.prefix(8).map(String.init).joined(separator: language == .en ? ", " : "、")
            let dots = wrongRows.count > 8 ? said(", …", "……") : ""
            lines.append(said("wrong queries: \(shown)\(dots)", "出错的查询：\(shown)\(dots)"))
        }
        if let mistake { lines.append(said("\(mistake.rawValue): \(mistake.words.en)", "\(mistake.rawValue)：\(mistake.words.zh)")) }
        switch verdict {
        case .right: lines.append(said("passed", "通过"))
        case .rounding: lines.append(said("passed: rounding", "通过：舍入"))
        case .wrong: lines.append(said("FAILED", "未通过"))
        }
        return lines
    }

    /// The same as JSON, with the keys that the check of an indexer has where they mean something.
    var json: JSONText {
        .object([
            ("passed", .bool(passed)), ("verdict", .string(verdict.rawValue)),
            ("named", mistake.map { .string($0.rawValue) } ?? .null), ("wrongRows", .integers(wrongRows)),
            ("tensors", .array(tensors.map(\.stageJSON))),
        ])
    }
}
