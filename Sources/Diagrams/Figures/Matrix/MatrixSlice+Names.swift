// What the rows, columns and heads of a slice are called, and whose colour its story wears. Queries, keys and values keep their own names and
// colours; vectors that have no role yet are plain tokens.

public import Traces

extension MatrixSlice {
    /// The part that a step plays in attention.
    enum Part: Hashable { case query, key, value, indexer }

    /// Whose vectors or pairs the slice shows.
    var part: Part {
        if step.id.role.isIndexer { return .indexer }
        return switch step.id.role.side {
        case .key: .key
        case .value: .value
        case .query, nil: .query
        }
    }

    /// What the part is painted with.
    var paint: Paint {
        switch part {
        case .query: .query
        case .key: .key
        case .value: .value
        case .indexer: .indexer
        }
    }

    /// What a position along `axis` is called: tokens are queries and keys where both are there, or where the vectors are theirs.
    public func axisName(_ axis: Axis) -> Bilingual {
        if !isPair, axis == .t && step.id.role.side != .query || axis == .s && step.id.role.side != .key {
            return Bilingual(en: "token", zh: "词元")
        }
        // Cells of a tile say by themselves which letter they go along, and where: "k=2". The same letters mean other things elsewhere.
        if axis != .t, axis != .s, step.labels[axis]?.first?.hasPrefix("\(axis.name)=") == true { return Bilingual(same: axis.name) }
        return Words.axis(axis, isPair: isPair)
    }

    /// A key as a sentence about `query` names it: itself, or its text in quotation marks, with its position where the text has several of it.
    func key(_ key: Int, of query: Int?) -> Bilingual {
        if isPair, let query, key == query + columns - rows { return Bilingual(en: "itself", zh: "自身") }
        let name = Words.position(columnName(key), axisName(columnAxis))
        guard isPair, let columnLabels, columnLabels.count(where: { $0 == columnLabels[key] }) > 1 else { return name }
        return name + Bilingual(en: " (\(NumberText.grouped(key)))", zh: "（\(NumberText.grouped(key)) 号）")
    }

    /// Which head is shown, by its label if it has one; nil where there is none.
    public var headName: Bilingual? {
        guard let head, let axis = headAxis, let count = step.output.shape[axis] else { return nil }
        let name = Words.axis(axis, isPair: false)
        switch head {
        case .mean: return Bilingual(en: "mean of \(count) \(name.en)s", zh: "\(count) 个\(name.zh)的平均")
        case .one(let n): return axis == .g ? keyValueHead(n, of: count) : Self.named(name, Self.label(step.labels[axis], n))
        }
    }

    /// A key-value head with the heads that share it; plainly a head where each has its own.
    private func keyValueHead(_ n: Int, of count: Int) -> Bilingual {
        let heads = queryHeads?.output.shape[.h] ?? count
        let labels = queryHeads?.labels[.h] ?? step.labels[.g]
        guard heads > count, heads % count == 0 else { return Self.named(Words.axis(.h, isPair: false), Self.label(labels, n)) }
        let size = heads / count
        let sharing = (n * size..<(n + 1) * size).map { Self.label(labels, $0) }
        let (en, zh) = (sharing.dropLast().joined(separator: ", "), sharing.dropLast().joined(separator: "、"))
        let name = Self.named(Words.axis(.g, isPair: false), "\(n)")
        return name + Bilingual(en: " (shared by heads \(en) and \(sharing[size - 1]))", zh: "（由头 \(zh) 和头 \(sharing[size - 1]) 共用）")
    }

    private static func label(_ labels: [String]?, _ n: Int) -> String {
        guard let labels, labels.indices.contains(n) else { return "\(n)" }
        return TokenText.visible(labels[n], keepsSpaces: true)
    }

    private static func named(_ kind: Bilingual, _ label: String) -> Bilingual {
        Bilingual(en: "\(kind.en) \(label)", zh: "\(kind.zh) \(label)")
    }
}
