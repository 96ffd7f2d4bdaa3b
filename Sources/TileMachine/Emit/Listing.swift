// A program's own text, line by line: the statements in the published language (TileLang, programming guide), which C, CUDA, HIP and Metal share.
// Every line knows the statement that it spells, so that a decision or a moment of a schedule can name it.

import Traces

/// A program as text.
public struct Listing: Sendable {
    /// One line.
    public struct Line: Hashable, Sendable {
        /// The text, without indentation.
        public let text: String
        /// How far it is indented, in steps of four spaces.
        public let depth: Int
        /// The statement that it spells; nil for the line that opens the kernel, and for a number's name.
        public let statement: Int?
    }

    /// The lines, the kernel's opening first.
    public var lines: [Line] { writer.lines }
    private let program: TileProgram
    private var writer = TileWriter(parallel: "Parallel")

    /// The text of `program`.
    public init(_ program: TileProgram) {
        self.program = program
        let counts = program.grid.map { writer.spelling.spell($0.count) }.joined(separator: ", ")
        let names = program.grid.map { $0.variable.name }
        writer.add("with T.Kernel(\(counts), **threads) as (\(names.joined(separator: ", "))):", 0)
        write(program.body, 1)
    }

    /// The lines of one statement, by their numbers from 1.
    public func numbers(of statement: Int) -> [Int] { lines.indices.filter { lines[$0].statement == statement }.map { $0 + 1 } }

    private mutating func write(_ statements: [Statement], _ depth: Int) {
        for statement in statements { write(statement, depth) }
    }

    private mutating func write(_ statement: Statement, _ depth: Int) {
        let number = statement.number
        switch statement.kind {
        case .allocate(let tile):
            let word = tile.role == .shared ? "alloc_shared" : "alloc_fragment"
            writer.add("\(tile.name) = \(word)(\(writer.spelling.shape(tile.spans)), \(program.kindOfNumber(tile)))", depth, number)
        case .load(let access, let tile) where access.isBox:
            writer.add("T.copy(\(writer.spelling.box(access)), \(tile.name))", depth, number)
        case .load(let access, let tile): writer.gather(access, tile, depth, number)
        case .store(let tile, let access): writer.add("T.copy(\(tile.name), \(writer.spelling.box(access)))", depth, number)
        case .fill(let tile, let value): writer.fill(tile, value, depth, number)
        case .gemm(let a, let b, let target):
            let isTransposed = TileProgram.isTransposed(a.tile, b.tile)
            let options = (isTransposed ? ", transpose_B=True" : "") + (program.reducesRows ? ", policy=T.GemmWarpPolicy.FullRow" : "")
            writer.add("T.gemm(\(a.tile.name), \(b.tile.name), \(target.name)\(options))", depth, number)
        case .reduce(let reduction, let source, let span, let target, let keeps):
            writer.reduce(reduction, source, over: span, into: target, keeps: keeps, depth, number)
        case .assign(let tile, let scalar): writer.assign(tile, scalar, depth, number)
        case .loop(let variable, let count, _, let inner):
            writer.pipelined(variable, count, depth, number)
            write(inner, depth + 1)
        }
    }
}

extension TileProgram {
    /// How the emitted text writes the kind of a tile's numbers: what the matrix unit multiplies is of the machine's narrow kind.
    func kindOfNumber(_ buffer: Buffer) -> String {
        if buffer.element == .position { return "\"int32\"" }
        return factors.contains(buffer) ? "dtype" : "\"float32\""
    }

    /// Whether rows of products are brought down afterwards: then one warp is to hold whole rows, which the programmer says.
    var reducesRows: Bool {
        for case .reduce in statements.map({ $0.kind }) { return true }
        return false
    }

    /// Tiles that enter a product, and the matrices that they are loaded from.
    var factors: Set<Buffer> {
        var factors: Set<Buffer> = []
        for case .gemm(let a, let b, _) in statements.map({ $0.kind }) { factors.formUnion([a.tile, b.tile]) }
        for case .load(let access, let tile) in statements.map({ $0.kind }) where factors.contains(tile) { factors.insert(access.buffer) }
        return factors
    }

    /// Whether the second factor has its rows along the result's columns: the axis that is summed over is the last of both.
    static func isTransposed(_ a: Buffer, _ b: Buffer) -> Bool { b.spans.last?.name == a.spans.last?.name }
}
