// A row that differs, in words.

import ModelFiles
public import Traces

extension IndexerCheck.Row {
    /// The row in a line: `row 3: 2 of 2048 differ, all within 3e-4 of the cut: rounding`.
    public var line: Bilingual {
        let differing = max(missing.count, extra.count)
        // Of a wrong row the keys that make it wrong.
        let widest = (missing + extra).filter { isRounding || $0.isWrong || misordered != nil }.max { $0.margin < $1.margin }
        let margin = NumberText.significant(widest?.margin ?? 0, digits: 2)
        if isRounding {
            return Bilingual(
                en: "row \(row): \(differing) of \(selected) differ, all within \(margin) of the cut: rounding",
                zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同，离入选线都不超过 \(margin)：舍入所致")
        }
        if let misordered {
            let (left, taken) = (
                NumberText.significant(misordered.leftScore, digits: 4), NumberText.significant(misordered.takenScore, digits: 4)
            )
            return Bilingual(
                en:
                    "row \(row): not the keys of its own highest scores: key \(misordered.taken) was selected with \(taken), key \(misordered.left) left out with \(left): wrong",
                zh: "行 \(row)：选的不是自己分数最高的键：键 \(misordered.taken) 得 \(taken) 入选，键 \(misordered.left) 得 \(left) 落选：错误")
        }
        let total = "\(differing) of \(selected) differ"
        if missing.count != extra.count {
            let kept = selected - missing.count + extra.count
            return Bilingual(
                en: "row \(row): keeps \(kept) keys instead of \(selected): wrong", zh: "行 \(row)：留下 \(kept) 个键，应为 \(selected) 个：错误")
        }
        if let unseen = extra.first(where: { $0.margin == .infinity }) {
            return Bilingual(
                en: "row \(row): \(total); key \(unseen.key) lies outside what the query sees: wrong",
                zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同；键 \(unseen.key) 不在查询看得见的范围里：错误")
        }
        guard let widest else { return Bilingual(same: "") }
        if missing.contains(widest) {
            return Bilingual(
                en: "row \(row): \(total); key \(widest.key) clears the cut by \(margin) and was left out: wrong",
                zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同；键 \(widest.key) 高出入选线 \(margin) 却没有选上：错误")
        }
        return Bilingual(
            en: "row \(row): \(total); key \(widest.key) misses the cut by \(margin) and was selected: wrong",
            zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同；键 \(widest.key) 低于入选线 \(margin) 却选上了：错误")
    }
}
