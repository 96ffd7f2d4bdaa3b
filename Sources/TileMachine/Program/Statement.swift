// What a tile program is made of: matrices and tiles, and the statements that move and compute tiles. All of it is a value: it is run, counted,
// scheduled, printed and emitted from the same one.

public import Traces

/// A matrix in far memory, or a tile near a compute unit.
public struct Buffer: Hashable, Sendable {
    /// What a programmer says of where it lives; which memory that is, the chip says.
    public enum Role: String, Hashable, Sendable, CaseIterable {
        /// In far memory, for all blocks.
        case global
        /// On the chip, for one block.
        case shared
        /// In the registers of one block's threads, or in an accumulator.
        case fragment
    }

    /// What its cells are.
    public enum Element: Hashable, Sendable {
        /// Numbers, of the width that the run says.
        case value
        /// Positions, four bytes each.
        case position
    }

    /// The name, unique in the program.
    public let name: String
    /// Where it lives.
    public let role: Role
    /// Its axes. Those of a matrix begin at 0 and have their whole length.
    public let spans: [Span]
    /// What its cells are.
    public let element: Element

    /// Cells of a whole tile, or of the matrix.
    func capacity(_ place: Place) -> Int { spans.reduce(1) { $0 * $1.length.value(place) } }
    /// Cells that exist where loops stand as `place` says.
    func count(_ place: Place) -> Int { spans.reduce(1) { $0 * $1.count(place) } }
    /// The shape where loops stand as `place` says.
    func shape(_ place: Place) -> Shape { Shape(spans.map { Axis($0.name) }, spans.map { $0.count(place) }) }

    /// Equal when the names are.
    public static func == (a: Buffer, b: Buffer) -> Bool { a.name == b.name }
    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// The matrix's cells at these positions, one for each of its axes.
    public subscript(_ positions: Index...) -> Access { Access(self, positions) }
    /// The matrix's cells along these spans, one for each of its axes.
    public subscript(_ spans: Span...) -> Access { Access(self, spans.map(Index.position)) }
}

/// Cells of a matrix, one for each cell of a tile.
public struct Access: Hashable, Sendable {
    /// The matrix.
    public let buffer: Buffer
    /// Where a tile's cell stands along each axis of the matrix.
    public let positions: [Index]
    /// What must hold for a cell to exist; a cell that does not is 0 and is not moved.
    public let conditions: [Condition]

    /// Cells where all `conditions` hold.
    public init(_ buffer: Buffer, _ positions: [Index], if conditions: [Condition] = []) {
        (self.buffer, self.positions, self.conditions) = (buffer, positions, conditions)
    }

    /// The same cells where `conditions` hold.
    public func `if`(_ conditions: Condition...) -> Access { Access(buffer, positions, if: self.conditions + conditions) }

    /// Whether it is a box of neighbours, as one copy moves it; else each cell is found by itself.
    public var isBox: Bool {
        conditions.isEmpty && positions.allSatisfy { $0.plainSpan != nil || !$0.dependsOnCell }
    }
}

/// What a computation reads: a tile, or with no tile on the chip the matrix itself, fetched again each time that a cell is used.
public struct Operand: Hashable, Sendable {
    /// The tile, by which the program calls it.
    public let tile: Buffer
    /// The cells of the matrix that it would have held, if none is kept on the chip.
    public let fetched: Access?
}

/// Arithmetic on the cells of tiles; a tile that lacks an axis of the result is the same along it.
public indirect enum Scalar: Hashable, Sendable {
    /// A tile's cell.
    case tile(Operand)
    /// A number with its spelling.
    case constant(Constant)
    /// a + b.
    case sum(Scalar, Scalar)
    /// a - b, where b is what an exponent is taken relative to.
    case exponentialOfDifference(Scalar, Scalar)
    /// a · b.
    case product(Scalar, Scalar)
    /// a / b.
    case quotient(Scalar, Scalar)
    /// a where it is positive, else 0.
    case positivePart(Scalar)
    /// a where the condition holds, else -infinity.
    case visible(Scalar, if: Condition)

    /// What it reads.
    var operands: [Operand] {
        switch self {
        case .tile(let operand): [operand]
        case .constant: []
        case .positivePart(let a), .visible(let a, _): a.operands
        case .sum(let a, let b), .exponentialOfDifference(let a, let b), .product(let a, let b), .quotient(let a, let b):
            a.operands + b.operands
        }
    }

    /// Arithmetic for one cell: add, subtract, multiply, divide and exp 1 each; comparisons 0.
    var flops: Int {
        switch self {
        case .tile, .constant: 0
        case .positivePart(let a), .visible(let a, _): a.flops
        case .sum(let a, let b), .product(let a, let b), .quotient(let a, let b): a.flops + b.flops + 1
        case .exponentialOfDifference(let a, let b): a.flops + b.flops + 2
        }
    }

    /// a + b.
    public static func + (a: Scalar, b: Scalar) -> Scalar { .sum(a, b) }
    /// a · b.
    public static func * (a: Scalar, b: Scalar) -> Scalar { .product(a, b) }
    /// a / b.
    public static func / (a: Scalar, b: Scalar) -> Scalar { .quotient(a, b) }
}

/// What cells of a row are brought down to.
public enum Reduction: String, Hashable, Sendable {
    /// The largest.
    case maximum
    /// The sum.
    case sum
}

/// One statement with its number in the program, by which decisions and schedules name it.
public struct Statement: Hashable, Sendable {
    /// Its number, from 0 in the order of the text.
    public let number: Int
    /// What it does.
    public let kind: Kind

    /// What a statement does.
    public indirect enum Kind: Hashable, Sendable {
        /// Makes room for a tile.
        case allocate(Buffer)
        /// Brings cells of a matrix into a tile.
        case load(Access, into: Buffer)
        /// Writes a tile into a matrix.
        case store(Buffer, Access)
        /// Sets every cell of a tile.
        case fill(Buffer, Double)
        /// Adds the product of two tiles to a third; it sums over the axis that both name.
        case gemm(Operand, Operand, into: Buffer)
        /// Brings a tile down along an axis; `keeps` takes what the target held into account.
        case reduce(Reduction, Buffer, over: Span, into: Buffer, keeps: Bool)
        /// Computes a tile cell by cell.
        case assign(Buffer, Scalar)
        /// Repeats statements with `variable` from 0 to below `count`; loads for up to `stages` rounds are under way at once.
        case loop(Variable, count: Index, stages: Int, [Statement])
    }
}

extension Statement.Kind {
    /// What is read, written matrices apart.
    var operands: [Operand] {
        switch self {
        case .allocate, .load, .fill, .loop: []
        case .store(let tile, _): [Operand(tile: tile, fetched: nil)]
        case .gemm(let a, let b, let target): [a, b, Operand(tile: target, fetched: nil)]
        case .reduce(_, let source, _, let target, let keeps):
            [Operand(tile: source, fetched: nil)] + (keeps ? [Operand(tile: target, fetched: nil)] : [])
        case .assign(_, let scalar): scalar.operands
        }
    }

    /// The tile that is written.
    var target: Buffer? {
        switch self {
        case .allocate, .store, .loop: nil
        case .load(_, let tile), .fill(let tile, _), .gemm(_, _, let tile), .reduce(_, _, _, let tile, _), .assign(let tile, _): tile
        }
    }
}
