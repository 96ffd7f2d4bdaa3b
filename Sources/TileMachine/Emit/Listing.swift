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
    public private(set) var lines: [Line] = []
    private let program: TileProgram
    /// Names that were given to numbers in what encloses the line that is written.
    private var bound: [String] = []

    /// The text of `program`.
    public init(_ program: TileProgram) {
        self.program = program
        let counts = program.grid.map { Self.spell($0.count) }.joined(separator: ", ")
        let names = program.grid.map { $0.variable.name }
        add("with T.Kernel(\(counts), **threads) as (\(names.joined(separator: ", "))):", 0, nil)
        write(program.body, 1)
    }

    /// The lines of one statement, by their numbers from 1.
    public func numbers(of statement: Int) -> [Int] { lines.indices.filter { lines[$0].statement == statement }.map { $0 + 1 } }

    private mutating func add(_ text: String, _ depth: Int, _ statement: Int?) {
        lines.append(Line(text: text, depth: depth, statement: statement))
    }

    private mutating func write(_ statements: [Statement], _ depth: Int) {
        for statement in statements { write(statement, depth) }
    }

    private mutating func write(_ statement: Statement, _ depth: Int) {
        let number = statement.number
        switch statement.kind {
        case .allocate(let tile): add(allocation(tile), depth, number)
        case .load(let access, let tile):
            if access.isBox { return add("T.copy(\(Self.box(access, tile)), \(tile.name))", depth, number) }
            gather(access, tile, depth, number)
        case .store(let tile, let access): add("T.copy(\(tile.name), \(Self.box(access, tile)))", depth, number)
        case .fill(let tile, let value):
            add(value == 0 ? "T.clear(\(tile.name))" : "T.fill(\(tile.name), -T.infinity(\"float32\"))", depth, number)
        case .gemm(let a, let b, let target):
            let transposes = b.tile.spans.last?.name == a.tile.spans.last?.name
            let options = (transposes ? ", transpose_B=True" : "") + (program.reducesRows ? ", policy=T.GemmWarpPolicy.FullRow" : "")
            add("T.gemm(\(a.tile.name), \(b.tile.name), \(target.name)\(options))", depth, number)
        case .reduce(let reduction, let source, let span, let target, let keeps):
            let axis = source.spans.firstIndex { $0.name == span.name } ?? 0
            let word = reduction == .maximum ? "max" : "sum"
            add("T.reduce_\(word)(\(source.name), \(target.name), dim=\(axis)\(keeps ? ", clear=False" : ""))", depth, number)
        case .assign(let tile, .tile(let operand)): add("T.copy(\(operand.tile.name), \(tile.name))", depth, number)
        case .assign(let tile, let scalar):
            add(parallel(tile), depth, number)
            add("\(Self.cell(tile)) = \(Self.spell(scalar).text)", depth + 1, number)
        case .loop(let variable, let count, _, let inner):
            bind([count], depth, nil)
            add("for \(variable.name) in T.Pipelined(\(Self.spell(count)), num_stages=stages):", depth, number)
            write(inner, depth + 1)
        }
    }

    private func allocation(_ tile: Buffer) -> String {
        let lengths = tile.spans.map { Self.spell($0.length) }
        let shape = lengths.count == 1 ? "(\(lengths[0]),)" : "(\(lengths.joined(separator: ", ")))"
        return "\(tile.name) = \(tile.role == .shared ? "alloc_shared" : "alloc_fragment")(\(shape), \(program.kindOfNumber(tile)))"
    }

    private func parallel(_ tile: Buffer) -> String {
        let names = tile.spans.map { $0.name }.joined(separator: ", ")
        return "for \(names) in Parallel(\(tile.spans.map { Self.spell($0.length) }.joined(separator: ", "))):"
    }

    /// Cells that are found one by one: those outside of their axis, and those for which a condition does not hold, are 0.
    private mutating func gather(_ access: Access, _ tile: Buffer, _ depth: Int, _ number: Int) {
        let outer = bound
        defer { bound = outer }
        add(parallel(tile), depth, number)
        bind(access.positions + access.conditions.flatMap { [$0.left, $0.right] }, depth + 1, number)
        // A tile at the edge has cells that do not exist.
        let edges = tile.spans.filter { $0.origin != 0 || $0.length != $0.end }.map { Condition(name(of: $0, in: access), .below, $0.end) }
        let all = (edges + access.conditions).map { Self.spell($0) }
        let guarded = all.count == 1 ? all[0] : all.map { "(\($0))" }.joined(separator: " & ")
        let cell = "\(access.buffer.name)[\(access.positions.map { Self.spell($0) }.joined(separator: ", "))]"
        add("\(Self.cell(tile)) = T.if_then_else(\(guarded), \(cell), 0)", depth + 1, number)
    }

    /// The position along a span by the name that the access gives it, if it gives it one.
    private func name(of span: Span, in access: Access) -> Index {
        func named(_ index: Index) -> Index? {
            switch index {
            case .bound(_, .position(let other)) where other == span: index
            case .bound(_, let inner): named(inner)
            case .constant, .named, .variable, .position, .load: nil
            case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b), .remainder(let a, let b),
                .tiles(let a, let b), .smaller(let a, let b):
                named(a) ?? named(b)
            }
        }
        return access.positions.lazy.compactMap(named).first ?? .position(span)
    }

    /// Writes a line for each named number that has none yet, the inner ones first.
    private mutating func bind(_ indices: [Index], _ depth: Int, _ statement: Int?) {
        for index in indices {
            switch index {
            case .constant, .named, .variable, .load: continue
            case .position(let span): bind([span.origin], depth, statement)
            case .bound(let name, let inner):
                guard !bound.contains(name) else { continue }
                bind([inner], depth, statement)
                bound.append(name)
                add("\(name) = \(Self.spell(inner))", depth, statement)
            case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b), .remainder(let a, let b),
                .tiles(let a, let b), .smaller(let a, let b):
                bind([a, b], depth, statement)
            }
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
}

extension Listing {
    /// How tightly a piece of text binds.
    private enum Binding: Int { case sum, product, atom }

    /// A whole number in the language.
    static func spell(_ index: Index) -> String { piece(index).text }

    static func spell(_ condition: Condition) -> String {
        "\(spell(condition.left)) \(condition.relation.rawValue) \(spell(condition.right))"
    }

    private static func piece(_ index: Index) -> (text: String, binding: Binding) {
        func inside(_ index: Index, _ binding: Binding) -> String {
            let (text, own) = piece(index)
            return own.rawValue < binding.rawValue ? "(\(text))" : text
        }
        switch index {
        case .constant(let number): return ("\(number)", number < 0 ? .sum : .atom)
        case .named(let name, _), .bound(let name, _): return (name, .atom)
        case .variable(let variable): return (variable.name, .atom)
        case .position(let span): return span.origin == 0 ? (span.name, .atom) : ("\(inside(span.origin, .sum)) + \(span.name)", .sum)
        case .load(let buffer, let span): return ("\(buffer.name)[\(span.name)]", .atom)
        case .sum(let a, let b): return ("\(inside(a, .sum)) + \(inside(b, .sum))", .sum)
        case .difference(let a, let b): return ("\(inside(a, .sum)) - \(inside(b, .product))", .sum)
        case .product(let a, let b): return ("\(inside(a, .product)) * \(inside(b, .atom))", .product)
        case .quotient(let a, let b): return ("\(inside(a, .product)) // \(inside(b, .atom))", .product)
        case .remainder(let a, let b): return ("\(inside(a, .product)) % \(inside(b, .atom))", .product)
        case .tiles(let a, let b): return ("T.ceildiv(\(spell(a)), \(spell(b)))", .atom)
        case .smaller(let a, let b): return ("T.min(\(spell(a)), \(spell(b)))", .atom)
        }
    }

    /// Neighbouring cells of a matrix: where they begin if every axis is cut into tiles, from where to where else.
    static func box(_ access: Access, _ tile: Buffer) -> String {
        let spans = access.positions.map { $0.plainSpan }
        let isCut = spans.allSatisfy { $0.map { $0.origin != 0 || $0.length != $0.end } ?? false }
        let places = zip(access.positions, spans).map { position, span in
            guard let span else { return spell(position) }
            if isCut { return spell(span.origin) }
            return span.origin == 0 && span.length == access.buffer.spans.first { $0.name == span.name }?.length ? ":" : slice(span)
        }
        return "\(access.buffer.name)[\(places.joined(separator: ", "))]"
    }

    /// From where to where a span goes.
    static func slice(_ span: Span) -> String {
        if case .product(let number, let length) = span.origin, length == span.length {
            return "\(spell(span.origin)) : \(spell((number + 1) * length))"
        }
        return "\(spell(span.origin)) : \(spell(span.origin + span.length))"
    }

    static func cell(_ tile: Buffer) -> String { "\(tile.name)[\(tile.spans.map { $0.name }.joined(separator: ", "))]" }

    private static func spell(_ scalar: Scalar) -> (text: String, binding: Binding) {
        func inside(_ scalar: Scalar, _ binding: Binding) -> String {
            let (text, own) = spell(scalar)
            return own.rawValue < binding.rawValue ? "(\(text))" : text
        }
        switch scalar {
        case .tile(let operand): return (cell(operand.tile), .atom)
        case .constant: return ("scale", .atom)
        case .sum(let a, let b): return ("\(inside(a, .sum)) + \(inside(b, .sum))", .sum)
        case .product(let a, let b): return ("\(inside(a, .product)) * \(inside(b, .atom))", .product)
        case .quotient(let a, let b): return ("\(inside(a, .product)) / \(inside(b, .atom))", .product)
        case .positivePart(let a): return ("T.if_then_else(\(spell(a).text) > 0, \(spell(a).text), 0)", .atom)
        case .exponentialOfDifference(let a, let b): return ("T.exp(\(spell(a).text) - \(inside(b, .product)))", .atom)
        case .visible(let a, let condition):
            return ("T.if_then_else(\(spell(condition)), \(spell(a).text), -T.infinity(\"float32\"))", .atom)
        }
    }
}
