// The programs by name, and what each is given: sizes, tiles, stages. Every size is checked here, before anything is built from it.

public import Traces

/// The programs that come with the product.
public enum TileProgramName: String, CaseIterable, Hashable, Sendable {
    /// C = A B.
    case matmul
    /// A convolution as a matrix product: im2col by index arithmetic.
    case convolution
    /// The lightning indexer's scores.
    case indexer
    /// Causal attention with an online softmax.
    case attention
    /// Attention to the selected keys alone, gathered by number.
    case sparseAttention = "sparse-attention"

    /// What it computes, in a line.
    public var summary: Bilingual {
        switch self {
        case .matmul: Bilingual(en: "a matrix product, tile by tile", zh: "分块的矩阵乘法")
        case .convolution: Bilingual(en: "a convolution, as a matrix product of gathered patches", zh: "卷积：取出小块，当作矩阵乘法来算")
        case .indexer: Bilingual(en: "the lightning indexer’s scores", zh: "闪电索引器的得分")
        case .attention: Bilingual(en: "causal attention with an online softmax", zh: "因果注意力，在线 softmax")
        case .sparseAttention: Bilingual(en: "attention to selected keys, gathered by position", zh: "只看选中的键的注意力，按位置取来")
        }
    }
}

/// The lengths of a tile: rows, columns, and the axis that is summed over.
public struct TileShape: Hashable, Sendable {
    /// Rows of the result in a tile: queries.
    public let rows: Int
    /// Columns of the result in a tile: keys.
    public let columns: Int
    /// Cells of the axis that a product sums over.
    public let depth: Int

    /// The most cells of one axis of a tile.
    static let most = 4096

    /// A tile; throws unless every length is 1 to 4096.
    public init(rows: Int, columns: Int, depth: Int) throws(EngineError) {
        for (name, length) in [("rows", rows), ("columns", columns), ("depth", depth)] {
            guard (1...Self.most).contains(length) else {
                throw EngineError(.value, "tile", expected: "\(name) from 1 to \(Self.most)", found: "\(length)")
            }
        }
        (self.rows, self.columns, self.depth) = (rows, columns, depth)
    }
}

/// How a program is cut: its tile, and for how many rounds of its loop loads are under way at once.
public struct TileChoice: Hashable, Sendable {
    /// The tile.
    public let shape: TileShape
    /// 1: a load waits until the tile before is used up; 2 and more: it goes to another place in the meantime.
    public let stages: Int

    /// The most stages.
    static let most = 16

    /// Throws unless there are 1 to 16 stages.
    public init(_ shape: TileShape, stages: Int) throws(EngineError) {
        guard (1...Self.most).contains(stages) else {
            throw EngineError(.value, "stages", expected: "1 to \(Self.most)", found: "\(stages)")
        }
        (self.shape, self.stages) = (shape, stages)
    }
}

/// Sizes by name, each checked.
enum Sizes {
    /// The largest size of one axis.
    static let most = 1 << 20

    static func check(_ sizes: [(String, Int)], atLeast least: Int = 1) throws(EngineError) {
        for (name, size) in sizes {
            guard (least...most).contains(size) else {
                throw EngineError(.value, name, expected: "\(least) to \(most)", found: "\(size)")
            }
        }
    }
}
