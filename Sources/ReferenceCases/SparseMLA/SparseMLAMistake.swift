// Mistakes that sparse MLA kernels are made with: each is the right recipe with something changed.

public import Traces

/// A mistake that sparse MLA is made with.
public enum SparseMLAMistake: String, CaseIterable, Sendable {
    /// The sink takes no part.
    case noSink = "no-sink"
    /// lse counts the sink too.
    case sinkInLse = "sink-in-lse"
    /// -1 is read as an entry: the first, or the last.
    case paddingAttended = "padding-attended"
    /// All ranks count.
    case lengthsIgnored = "lengths-ignored"
    /// An entry that stands twice counts once.
    case duplicates
    /// Dot products are not scaled.
    case scaleMissing = "scale-missing"
    /// Dot products are divided by the root of an entry's width, whatever the scale is.
    case scaleOfWidth = "scale-of-width"
    /// The value is the last columns of an entry, so that the rotary part is in it.
    case valueWithRope = "value-with-rope"
    /// The columns beyond the value, the rotary part, are not multiplied.
    case ropeLeftOut = "rope-left-out"
    /// lse is a logarithm to base 2.
    case log2Lse = "log2-lse"
    /// lse is -inf where a query has no entry.
    case emptyRowLse = "empty-row-lse"

    /// What it is, for the end of a sentence: "as if …".
    public var words: Bilingual {
        switch self {
        case .noSink: Bilingual(en: "as if the sink were missing from the denominator", zh: "像是分母里漏了 sink")
        case .sinkInLse: Bilingual(en: "as if lse counted the sink", zh: "像是 lse 把 sink 也算了进去")
        case .paddingAttended: Bilingual(en: "as if -1 were read as the first or the last entry", zh: "像是把 -1 当成了第一个或最后一个条目")
        case .lengthsIgnored: Bilingual(en: "as if the lengths were ignored", zh: "像是没有理会 lengths")
        case .duplicates: Bilingual(en: "as if an entry that stands twice counted once", zh: "像是重复的条目只算了一次")
        case .scaleMissing: Bilingual(en: "as if the softmax scale were missing", zh: "像是漏了 softmax 的缩放")
        case .scaleOfWidth: Bilingual(en: "as if the softmax scale were 1/√d of the entry's width", zh: "像是 softmax 的缩放取了条目宽度的 1/√d")
        case .valueWithRope: Bilingual(en: "as if the value were the last columns, the rotary part among them", zh: "像是值取了后面的列，连旋转部分也在内")
        case .ropeLeftOut: Bilingual(en: "as if the rotary part were missing from the dot products", zh: "像是点积漏了旋转部分")
        case .log2Lse: Bilingual(en: "as if lse were a logarithm to base 2", zh: "像是 lse 取了以 2 为底的对数")
        case .emptyRowLse: Bilingual(en: "as if lse were -inf where a query has no entry", zh: "像是没有条目的查询 lse 写成了 -inf")
        }
    }

    /// The recipes that make it, the plainest first; none where a case has nothing to do wrong so.
    func recipes(in sparse: SparseMLACase) -> [SparseMLACase.Recipe] {
        func changed(_ set: (inout SparseMLACase.Recipe) -> Void) -> [SparseMLACase.Recipe] {
            var recipe = sparse.right
            set(&recipe)
            return [recipe]
        }
        let rest = sparse.features - sparse.valueDimension
        switch self {
        case .noSink: return sparse.sinks == nil ? [] : changed { $0.hasSinks = false }
        case .sinkInLse:
            // Where a query has no entry, the sink is what lse counts, or lse is what it is without.
            guard sparse.sinks != nil else { return [] }
            return changed { $0.sinksAreInSum = true } + changed { ($0.sinksAreInSum, $0.sinkAloneIsSum) = (true, false) }
        case .paddingAttended: return [0, sparse.kv.shape.lengths[0] - 1].flatMap { key in changed { $0.padding = key } }
        case .lengthsIgnored: return sparse.lengths == nil ? [] : changed { $0.ignoresLengths = true }
        case .duplicates: return changed { $0.countsOnce = true }
        case .scaleMissing: return changed { $0.scale = 1 }
        case .scaleOfWidth: return changed { $0.scale = 1 / Double(sparse.features).squareRoot() }
        case .valueWithRope: return rest == 0 ? [] : changed { $0.firstValue = rest }
        case .ropeLeftOut: return rest == 0 ? [] : changed { $0.width = sparse.valueDimension }
        case .log2Lse:
            return [Double.infinity, -.infinity].flatMap { empty in
                changed { ($0.lseFactor, $0.emptySum) = (1 / Double.log(2), empty) }
            }
        case .emptyRowLse: return changed { $0.emptySum = -.infinity }
        }
    }
}
