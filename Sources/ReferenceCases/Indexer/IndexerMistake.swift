// Mistakes that kernels of lightning indexers are made with. A case that cannot tell such a kernel from a right one is no test of it; and who holds every
// input can compute what a kernel with the mistake would answer, and name it.

import ModelFiles
public import Traces

/// A mistake that indexers are made with.
public enum IndexerMistake: Hashable, Sendable {
    /// The causal boundary stands so many keys too far.
    case offset(Int)
    /// Scores are not multiplied by the keys' scales.
    case noKeyScale
    /// The Hadamard rotation is applied to the queries once more than to the keys.
    case hadamardQueryOnly
    /// Dot products below 0 are not cut off.
    case noReLU
    /// A score is multiplied by a neighbour's scale: the next key's, or the one before.
    case neighbourScale
    /// A head's products are missing from the sum: of all of them, if nothing else is known, the weakest.
    case headDropped
    /// The last feature is missing from the dot products.
    case featureDropped
    /// The results of queries 0 and 1 have changed places.
    case rowsSwapped
    /// A query sees what lies before its first position too.
    case startsIgnored
    /// All queries of a sequence see what the last of them sees.
    case oneBoundary
    /// The keys of a sequence are read one after the other, from the start of the cache or of its first block, whatever the table says.
    case tableIgnored
    /// All scores are multiplied by one number; the selection is as it should be.
    case scaled

    /// All of them, in the order in which they are told.
    public static let all: [IndexerMistake] =
        [-2, -1, 1, 2].map { .offset($0) } + [
            .noKeyScale, .hadamardQueryOnly, .noReLU, .neighbourScale, .headDropped, .featureDropped, .rowsSwapped, .startsIgnored,
            .oneBoundary,
            .tableIgnored, .scaled,
        ]

    /// Whether a kernel that reads keys of this layout can make it.
    func mayShow(in layout: KeyLayout) -> Bool {
        switch self {
        case .startsIgnored: layout.visible.contains { $0.lowerBound > 0 }
        case .oneBoundary: layout.hasBatch && layout.queriesPerSequence > 1
        case .tableIgnored: layout.isPaged
        default: true
        }
    }

    /// Its name in options and in JSON.
    public var name: String {
        switch self {
        case .offset(let keys): "offset\(keys > 0 ? "+" : "")\(keys)"
        case .noKeyScale: "no-k-scale"
        case .hadamardQueryOnly: "hadamard-query-only"
        case .noReLU: "no-relu"
        case .neighbourScale: "neighbour-scale"
        case .headDropped: "head-dropped"
        case .featureDropped: "feature-dropped"
        case .rowsSwapped: "rows-swapped"
        case .startsIgnored: "starts-ignored"
        case .oneBoundary: "one-boundary"
        case .tableIgnored: "table-ignored"
        case .scaled: "scaled"
        }
    }

    /// What a kernel with it does, for the end of a sentence: "as if …".
    public var words: Bilingual {
        switch self {
        case .offset(let keys):
            Bilingual(
                en: "as if each query saw \(abs(keys)) key\(abs(keys) == 1 ? "" : "s") \(keys > 0 ? "beyond" : "short of") its boundary",
                zh: "像是每个查询的因果边界\(keys > 0 ? "往后多" : "往前少")了 \(abs(keys)) 个键")
        case .noKeyScale: Bilingual(en: "as if the keys' scales were missing", zh: "像是没有乘键的缩放因子")
        case .hadamardQueryOnly:
            Bilingual(en: "as if the Hadamard rotation were applied on one side alone", zh: "像是只有一侧做了哈达玛旋转")
        case .noReLU: Bilingual(en: "as if ReLU were missing", zh: "像是漏了 ReLU")
        case .neighbourScale: Bilingual(en: "as if each key had a neighbour's scale", zh: "像是每个键用了旁边那个键的缩放因子")
        case .headDropped: Bilingual(en: "as if one head were missing from the sum", zh: "像是求和时少了一个头")
        case .featureDropped: Bilingual(en: "as if the last feature were missing from the dot products", zh: "像是点积漏了最后一个特征")
        case .rowsSwapped: Bilingual(en: "as if queries 0 and 1 had changed places", zh: "像是查询 0 和查询 1 对调了")
        case .startsIgnored:
            Bilingual(en: "as if each query saw what lies before its first position", zh: "像是每个查询把起点之前的键也看了")
        case .oneBoundary:
            Bilingual(en: "as if all queries of a sequence had the boundary of the last", zh: "像是一个序列里的查询都用了最后一个查询的边界")
        case .tableIgnored:
            Bilingual(en: "as if the block table were ignored and keys read one after the other", zh: "像是没有查块表，而是挨着读键")
        case .scaled: Bilingual(en: "as if all scores were multiplied by one number", zh: "像是所有分数都乘了同一个数")
        }
    }
}
