// Writes the lines that a program's text for every machine has alike: a number's name before its first use, a loop over a tile's cells, a reduction.

import Traces

/// Lines under way.
struct TileWriter {
    /// What is written.
    private(set) var lines: [Listing.Line] = []
    /// How numbers are spelled now.
    var spelling = TileSpelling()
    /// The word for a loop over a tile's cells.
    let parallel: String
    /// Names that were given to numbers in what encloses the line that is written.
    private var bound: [String] = []

    init(parallel: String) { self.parallel = parallel }

    mutating func add(_ text: String, _ depth: Int, _ statement: Int? = nil) {
        lines.append(Listing.Line(text: text, depth: depth, statement: statement))
    }

    /// A tile's cells, each computed; only where `conditions` hold, if there are any.
    mutating func assign(_ tile: Buffer, _ scalar: Scalar, if conditions: [Condition] = [], _ depth: Int, _ statement: Int) {
        if case .tile(let operand) = scalar, conditions.isEmpty, spelling.readInPlace[operand.tile] == nil {
            return add("T.copy(\(operand.tile.name), \(tile.name))", depth, statement)
        }
        add(loop(tile), depth, statement)
        if !conditions.isEmpty { add("if \(joined(conditions)):", depth + 1, statement) }
        add("\(spelling.cell(tile)) = \(spelling.spell(scalar))", depth + (conditions.isEmpty ? 1 : 2), statement)
    }

    mutating func fill(_ tile: Buffer, _ value: Double, _ depth: Int, _ statement: Int) {
        precondition(value == 0 || value == -.infinity, "a tile is filled with 0 or with -infinity")
        add(value == 0 ? "T.clear(\(tile.name))" : "T.fill(\(tile.name), -T.infinity(\"float32\"))", depth, statement)
    }

    mutating func reduce(
        _ reduction: Reduction, _ source: Buffer, over span: Span, into target: Buffer, keeps: Bool, _ depth: Int, _ statement: Int
    ) {
        guard let axis = source.spans.firstIndex(where: { $0.name == span.name }) else { preconditionFailure("no axis \(span.name)") }
        let word = reduction == .maximum ? "max" : "sum"
        add("T.reduce_\(word)(\(source.name), \(target.name), dim=\(axis)\(keeps ? ", clear=False" : ""))", depth, statement)
    }

    /// A loop whose loads run ahead.
    mutating func pipelined(_ variable: Variable, _ count: Index, _ depth: Int, _ statement: Int) {
        bind([count], depth, nil)
        add("for \(variable.name) in T.Pipelined(\(spelling.spell(count)), num_stages=stages):", depth, statement)
    }

    /// Cells that are found one by one: those outside of their axis, and those for which a condition does not hold, are 0.
    mutating func gather(_ access: Access, _ tile: Buffer, _ depth: Int, _ statement: Int) {
        let outer = bound
        defer { bound = outer }
        add(loop(tile), depth, statement)
        bind(access.positions + access.conditions.flatMap { [$0.left, $0.right] }, depth + 1, statement)
        let guarded = joined(tile.edges.map { Condition(name(of: $0, in: access), .below, $0.end) } + access.conditions)
        let value = guarded.isEmpty ? spelling.cells(access) : "T.if_then_else(\(guarded), \(spelling.cells(access)), 0)"
        add("\(spelling.cell(tile)) = \(value)", depth + 1, statement)
    }

    private func joined(_ conditions: [Condition]) -> String {
        let all = conditions.map { spelling.spell($0) }
        return all.count == 1 ? all[0] : all.map { "(\($0))" }.joined(separator: " & ")
    }

    private func loop(_ tile: Buffer) -> String {
        let lengths = tile.spans.map { spelling.length($0) }.joined(separator: ", ")
        return "for \(tile.spans.map { $0.name }.joined(separator: ", ")) in \(parallel)(\(lengths)):"
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
                add("\(name) = \(spelling.spell(inner))", depth, statement)
            case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b), .remainder(let a, let b),
                .tiles(let a, let b), .smaller(let a, let b):
                bind([a, b], depth, statement)
            }
        }
    }
}

extension Buffer {
    /// The spans along which a tile may reach beyond the axis.
    var edges: [Span] { spans.filter { $0.origin != 0 || $0.length != $0.end } }
}
