// What the figure `rows-touched` says: rows and bytes from the closed forms.

import Records
import Traces

struct RowsTouchedWords {
    let ways: [RowsTouchedFigure.Way]

    private var length: String { AxisScale.tokens(RowsTouchedFigure.length) }

    /// A number of bytes in the unit that suits it.
    static func bytes(_ count: Double) -> String {
        for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where count >= size * 0.9995 {
            return NumberText.significant(count / size, digits: 3) + " " + unit
        }
        return NumberText.significant(count, digits: 3) + " B"
    }

    func name(_ way: RowsTouchedFigure.Way) -> Bilingual {
        way.isPrefill
            ? Bilingual(en: "\(way.model) reads a prompt of \(length)", zh: "\(way.model) 读入 \(length) 的提示词")
            : Bilingual(en: "\(way.model) writes a token after \(length)", zh: "\(way.model) 在 \(length) 之后写一个词元")
    }

    func sum(_ way: RowsTouchedFigure.Way) -> Bilingual {
        let bytes = Self.bytes(way.reads.bytesPerToken)
        return Bilingual(en: "\(bytes) for each new token", zh: "每个新词元 \(bytes)")
    }

    func kind(_ kind: RowsTouchedFigure.Kind) -> Bilingual {
        switch kind {
        case .weights: Bilingual(en: "weights", zh: "权重")
        case .cache: Bilingual(en: "keys and values", zh: "键与值")
        case .index: Bilingual(en: "index keys", zh: "索引键")
        }
    }

    /// Rows, bytes, and who shares them.
    func reading(_ kind: RowsTouchedFigure.Kind, _ part: RowsTouched.Part) -> Bilingual {
        let (read, each) = (Self.bytes(Double(part.bytes)), Self.bytes(part.bytesPerToken))
        let (rows, all) = (NumberText.grouped(Int(part.rows)), NumberText.grouped(Int(part.rows + part.skipped)))
        let what =
            kind == .weights
            ? Bilingual(same: read)
            : part.skipped > 0
                ? Bilingual(en: "\(rows) of \(all) rows, \(read)", zh: "\(all) 行里的 \(rows) 行，\(read)")
                : Bilingual(en: "all \(rows) rows, \(read)", zh: "全部 \(rows) 行，\(read)")
        guard part.sharing > 1 else { return what }
        let count = NumberText.grouped(Int(part.sharing))
        return what + Bilingual(en: ", once for \(count) tokens: \(each) each", zh: "，\(count) 个词元共读一次：每个 \(each)")
    }

    var words: FigureWords {
        let (prefill, decode, sparse) = (ways[0], ways[1], ways[2])
        let (each, one, few) = (
            Self.bytes(prefill.reads.bytesPerToken), Self.bytes(decode.reads.bytesPerToken), Self.bytes(sparse.reads.bytesPerToken)
        )
        let list = ways.map { way in
            let parts = way.parts.map { kind, part in self.kind(kind) + Bilingual(en: " ", zh: "：") + reading(kind, part) }
            let (name, sum) = (name(way), sum(way))
            return Bilingual(
                en: "\(name.en), \(sum.en): \(parts.map { $0.en }.joined(separator: "; ")).",
                zh: "\(name.zh)，\(sum.zh)：\(parts.map { $0.zh }.joined(separator: "；"))。")
        }
        return FigureWords(
            title: Bilingual(
                en: "A token read in a prompt takes \(each) of reading; a token written, \(one)",
                zh: "读入一个词元，只摊到 \(each) 的读取；写出一个，要读 \(one)"),
            subtitle: Bilingual(
                en:
                    "Bytes read in one layer for each new token, bars on one scale. A prompt’s tokens share each reading. A token that is written shares with nobody: \(prefill.model) touches every row of its cache; \(sparse.model), with \(few), every index key and a few rows.",
                zh:
                    "一层里为每个新词元读取的字节，条形同一比例。提示词里的词元共用每次读取；写出的词元没有谁可以共用：\(decode.model) 碰到缓存的每一行；\(sparse.model)（\(few)）碰到每个索引键和少数几行。"
            ),
            alt: Bilingual(
                en: "Bars of bytes read in one layer for each new token. \(list.map { $0.en }.joined(separator: " "))",
                zh: "条形图：一层里为每个新词元读取的字节。\(list.map { $0.zh }.joined())"),
            caption: Bilingual(
                en:
                    "What one layer’s attention reads for each new token: \(each) in a prompt of \(length), \(one) written by \(decode.model), \(few) by \(sparse.model).",
                zh: "一层注意力为每个新词元读取的量：\(length) 提示词里 \(each)，\(decode.model) 写出时 \(one)，\(sparse.model) 写出时 \(few)。"),
            source: Bilingual(
                en:
                    "Closed forms from the models’ configurations, weights and cache in bf16, index keys in FP8; attention alone, without the feed-forward networks. For a prompt it is the least: kernels read the cache once for each tile of queries. Services let several conversations share one reading of the weights.",
                zh:
                    "由模型配置闭式算出，权重与缓存为 bf16，索引键为 FP8；只算注意力，不含前馈网络。提示词一项是下限：内核每处理一块查询就要读一遍缓存。实际服务会让几段对话共用一次权重读取。"
            ))
    }
}
