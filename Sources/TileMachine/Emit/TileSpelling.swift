// How numbers, cells and arithmetic of a tile program are spelled in the published language (TileLang, programming guide; an expression is Python).
// Where each of two vector cores has half of a tile's rows, as on Ascend, the position of a row says so.

import Traces

/// Spells what a statement computes with.
struct TileSpelling {
    /// The span of which each of two vector cores has half; nil where one core has all.
    var half: Span?
    /// Tiles that are not made: their cells are read where they are.
    var readInPlace: [Buffer: Access] = [:]

    /// How tightly a piece of text binds.
    private enum Binding: Int { case sum, product, atom }
    private typealias Piece = (text: String, binding: Binding)

    private static func inside(_ piece: Piece, _ binding: Binding) -> String {
        piece.binding.rawValue < binding.rawValue ? "(\(piece.text))" : piece.text
    }

    /// A whole number in the language.
    func spell(_ index: Index) -> String { piece(index).text }

    /// A comparison in the language.
    func spell(_ condition: Condition) -> String { "\(spell(condition.left)) \(condition.relation.rawValue) \(spell(condition.right))" }

    private func piece(_ index: Index) -> Piece {
        func inside(_ index: Index, _ binding: Binding) -> String { Self.inside(piece(index), binding) }
        switch index {
        case .constant(let number): return ("\(number)", number < 0 ? .sum : .atom)
        case .named(let name, _), .bound(let name, _): return (name, .atom)
        case .variable(let variable): return (variable.name, .atom)
        case .position(let span):
            let parts = (span.origin == 0 ? [] : [inside(span.origin, .sum)]) + [local(span)]
            return (parts.joined(separator: " + "), parts.count == 1 && span != half ? .atom : .sum)
        case .load(let buffer, let span): return ("\(buffer.name)[\(local(span))]", .atom)
        case .sum(let a, let b): return ("\(inside(a, .sum)) + \(inside(b, .sum))", .sum)
        case .difference(let a, let b): return ("\(inside(a, .sum)) - \(inside(b, .product))", .sum)
        case .product(let a, let b): return ("\(inside(a, .product)) * \(inside(b, .atom))", .product)
        case .quotient(let a, let b): return ("\(inside(a, .product)) // \(inside(b, .atom))", .product)
        case .remainder(let a, let b): return ("\(inside(a, .product)) % \(inside(b, .atom))", .product)
        case .tiles(let a, let b): return ("T.ceildiv(\(spell(a)), \(spell(b)))", .atom)
        case .smaller(let a, let b): return ("T.min(\(spell(a)), \(spell(b)))", .atom)
        }
    }

    /// The position in the whole tile along a span.
    private func local(_ span: Span) -> String { span == half ? "sid * \(Self.half(of: span)) + \(span.name)" : span.name }

    /// How many cells of a span one core has.
    func length(_ span: Span) -> String { span == half ? Self.half(of: span) : spell(span.length) }

    /// The name of half of a span's length: `half_M` of `block_M`.
    static func half(of span: Span) -> String {
        guard case .named(let name, _) = span.length, let line = name.lastIndex(of: "_") else {
            preconditionFailure("\(span.name): only a tile's own length is halved")
        }
        return "half\(name[line...])"
    }

    /// The lengths of spans as a shape.
    func shape(_ spans: [Span]) -> String { Self.tuple(spans.map { length($0) }) }

    /// A tuple of Python.
    static func tuple(_ parts: [String]) -> String { parts.count == 1 ? "(\(parts[0]),)" : "(\(parts.joined(separator: ", ")))" }

    /// Neighbouring cells of a matrix: where they begin if every axis is cut into tiles, unless `slices` says otherwise; from where to where else.
    func box(_ access: Access, slices: Bool = false) -> String {
        let spans = access.positions.map { $0.plainSpan }
        let isCut = !slices && spans.allSatisfy { $0.map { $0.origin != 0 || $0.length != $0.end } ?? false }
        let places = zip(access.positions, spans).map { position, span in
            guard let span else { return spell(position) }
            if isCut { return spell(span.origin) + (span == half ? " + sid * \(length(span))" : "") }
            return span.origin == 0 && span.length == access.buffer.spans.first { $0.name == span.name }?.length ? ":" : slice(span)
        }
        return "\(access.buffer.name)[\(places.joined(separator: ", "))]"
    }

    /// From where to where a span goes.
    private func slice(_ span: Span) -> String {
        let origin = spell(span.origin)
        if span == half {
            let own = Self.half(of: span)
            return "\(origin) + sid * \(own) : \(origin) + (sid + 1) * \(own)"
        }
        if case .product(let number, let length) = span.origin, length == span.length {
            return "\(origin) : \(spell((number + 1) * length))"
        }
        return "\(origin) : \(spell(span.origin + span.length))"
    }

    /// The cells of a matrix, one by one.
    func cells(_ access: Access) -> String { "\(access.buffer.name)[\(access.positions.map { spell($0) }.joined(separator: ", "))]" }

    /// A tile's cell, or the matrix's where no tile is made.
    func cell(_ tile: Buffer) -> String {
        if let access = readInPlace[tile] { return cells(access) }
        return "\(tile.name)[\(tile.spans.map { $0.name }.joined(separator: ", "))]"
    }

    /// Arithmetic in the language.
    func spell(_ scalar: Scalar) -> String { piece(scalar).text }

    private func piece(_ scalar: Scalar) -> Piece {
        func inside(_ scalar: Scalar, _ binding: Binding) -> String { Self.inside(piece(scalar), binding) }
        switch scalar {
        case .tile(let operand): return (cell(operand.tile), .atom)
        case .constant: return ("scale", .atom)
        case .sum(let a, let b): return ("\(inside(a, .sum)) + \(inside(b, .sum))", .sum)
        case .product(let a, let b): return ("\(inside(a, .product)) * \(inside(b, .atom))", .product)
        case .quotient(let a, let b): return ("\(inside(a, .product)) / \(inside(b, .atom))", .product)
        case .positivePart(let a): return ("T.if_then_else(\(spell(a)) > 0, \(spell(a)), 0)", .atom)
        case .exponentialOfDifference(let a, let b): return ("T.exp(\(spell(a)) - \(inside(b, .product)))", .atom)
        case .visible(let a, let condition): return ("T.if_then_else(\(spell(condition)), \(spell(a)), -T.infinity(\"float32\"))", .atom)
        }
    }
}
