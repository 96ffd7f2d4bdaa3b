// What attn case says of cases of rounding to 4 bits.

internal import ModelFiles
internal import ReferenceCases
internal import Traces

extension Float4Check {
    /// Lines for a reader.
    func lines(_ language: Language) -> [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        var lines = differences.map { difference in
            let place = "\(difference.name)[\(difference.first.map(String.init).joined(separator: ","))]"
            let (expected, found) = (NumberText.exact(difference.expected), NumberText.exact(difference.found))
            let input = difference.input.map(NumberText.exact)
            let count = NumberText.grouped(difference.count)
            return said(
                "\(place)\(input.map { " of \($0)" } ?? ""): expected \(expected), found \(found); \(count) in all: wrong",
                "\(place)\(input.map { "（输入 \($0)）" } ?? "")：应为 \(expected)，实为 \(found)；共 \(count) 处：错误")
        }
        if let mistake { lines.append(said("\(mistake.rawValue): \(mistake.words.en)", "\(mistake.rawValue)：\(mistake.words.zh)")) }
        lines.append(passed ? said("passed", "通过") : said("FAILED", "未通过"))
        return lines
    }

    /// The same as JSON, with the keys that the check of an indexer has where they mean something.
    var json: JSONText {
        let rows = differences.map { difference in
            JSONText.object([
                ("tensor", .string(difference.name)), ("count", .integer(difference.count)), ("index", .integers(difference.first)),
                ("expected", .number(difference.expected)), ("found", .number(difference.found)),
            ])
        }
        return .object([
            ("passed", .bool(passed)), ("verdict", passed ? "right" : "wrong"),
            ("named", mistake.map { .string($0.rawValue) } ?? .null), ("differing", .array(rows)),
        ])
    }
}

extension Float4Mistake {
    /// What it is, for a reader.
    fileprivate var words: Bilingual {
        switch self {
        case .tiesAway: Bilingual(en: "as if ties went away from zero instead of to the even code", zh: "像是遇到正中间就朝远离零的一边取，而不是取偶数编码")
        case .tiesToZero: Bilingual(en: "as if ties went towards zero instead of to the even code", zh: "像是遇到正中间就朝零的一边取，而不是取偶数编码")
        case .truncated: Bilingual(en: "as if every number were cut off towards zero", zh: "像是每个数都直接朝零截断")
        case .scaleRoundedDown:
            Bilingual(en: "as if the scale were the power of two below amax / 6, not the one above", zh: "像是缩放取了 amax / 6 以下的二的幂，而不是以上的")
        case .nibblesSwapped: Bilingual(en: "as if the first of two codes lay in the high half of its byte", zh: "像是两个编码里的前一个放在了字节的高半边")
        }
    }
}
