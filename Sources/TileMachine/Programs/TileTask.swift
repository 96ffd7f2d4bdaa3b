// A program with its sizes: what it is cut into, what it is given, and what the engine makes of the same matrices.

public import Traces

/// One of the programs, of some size.
public enum TileTask: Hashable, Sendable {
    /// A matrix product.
    case matmul(Matmul)
    /// A convolution.
    case convolution(Convolution)
    /// The lightning indexer's scores.
    case indexer(IndexerScores)
    /// Causal attention.
    case attention(AttentionTiles)
    /// Attention to selected keys.
    case sparseAttention(SparseAttentionTiles)

    /// The program's name.
    public var name: TileProgramName {
        switch self {
        case .matmul: .matmul
        case .convolution: .convolution
        case .indexer: .indexer
        case .attention: .attention
        case .sparseAttention: .sparseAttention
        }
    }

    /// The program, cut as `choice` says.
    public func program(_ choice: TileChoice) -> TileProgram {
        switch self {
        case .matmul(let task): task.program(choice)
        case .convolution(let task): task.program(choice)
        case .indexer(let task): task.program(choice)
        case .attention(let task): task.program(choice)
        case .sparseAttention(let task): task.program(choice)
        }
    }

    /// How far an axis that no tile cuts reaches: features of a query or key; nil where the tile's depth cuts it.
    public var wholeDepth: Int? {
        switch self {
        case .matmul, .convolution: nil
        case .indexer(let task): task.dimension
        case .attention(let task): task.dimension
        case .sparseAttention(let task): task.dimension
        }
    }

    /// What the engine computes from the same matrices, in the shape of the program's result, without tiles.
    public func reference(_ inputs: [Tensor]) throws(EngineError) -> Tensor {
        var recorder = Recorder()
        let program = program(try TileChoice(TileShape(rows: 1, columns: 1, depth: 1), stages: 1))
        var given: [Expression] = []
        for (buffer, tensor) in zip(program.inputs, inputs) {
            given.append(
                try recorder.input(
                    StepID(Role.input.rawValue + buffer.name), buffer.name, tensor, title: Bilingual(same: buffer.name)))
        }
        let result: Expression =
            switch self {
            case .matmul: try Matmul.reference(given)
            case .convolution(let task): try task.reference(given)
            case .indexer: try IndexerScores.reference(given)
            case .attention(let task): try task.reference(given)
            case .sparseAttention(let task): try task.reference(given)
            }
        return result.tensor.transposed(to: program.output.spans.map { Axis($0.name) })
    }

    /// Matrices of seeded noise, from -1 to below 1 in steps of 1/1024, which a number of 16 bits holds exactly; positions are those of the largest of as
    /// many scores of such noise, drawn after the matrices, ties to the lower.
    public func noise(seed: UInt64 = 1) throws(EngineError) -> [Tensor] {
        let program = program(try TileChoice(TileShape(rows: 1, columns: 1, depth: 1), stages: 1))
        var generator = SplitMix64(seed: seed)
        func noise(_ shape: Shape) -> Tensor { Tensor(shape, (0..<shape.count).map { _ in Double(generator.next() >> 53) / 1024 - 1 }) }
        return try program.inputs.map { buffer throws(EngineError) in
            let shape = buffer.shape(program.start)
            guard buffer.element == .position, case .sparseAttention(let task) = self else {
                return noise(shape)
            }
            let scores = noise(Shape([.t, .s], [task.queries, task.keys]))
            var recorder = Recorder()
            let given = try recorder.input("input.scores", "I", scores, title: Bilingual(en: "Scores of noise", zh: "噪声分数"))
            let visible = Mask.causal(rows: task.queries, columns: task.keys, offset: task.keys - task.queries)
            return Self.padded(try topK(given, task.topK, visible: visible).tensor.transposed(to: [.t, .k]), to: shape)
        }
    }

    /// The same positions with -1 up to the length of the last axis.
    private static func padded(_ positions: Tensor, to shape: Shape) -> Tensor {
        let (own, all) = (positions.shape.lengths[1], shape.lengths[1])
        return Tensor(shape, (0..<shape.count).map { $0 % all < own ? positions.values[$0 / all * own + $0 % all] : -1 })
    }
}
