// Whole numbers that a tile program computes from its loops: where a tile begins, how many tiles there are, which cell of a matrix belongs to a
// cell of a tile. They decide what is moved; no value of a tensor enters but positions that were loaded to be used as such.

/// A loop variable or a block's place in the grid, by its name and its place among the program's variables.
public struct Variable: Hashable, Sendable {
    /// The name, as the program writes it: `bx`, `ko`.
    public let name: String
    let slot: Int
}

/// A whole number computed from loop variables.
public indirect enum Index: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// A number.
    case constant(Int)
    /// A number with a name: a size, or the length of a tile.
    case named(String, Int)
    /// A loop variable.
    case variable(Variable)
    /// Where a cell of a tile stands along the span in the whole matrix.
    case position(Span)
    /// What an index tile holds at the cell's place along the span.
    case load(Buffer, Span)
    /// a + b.
    case sum(Index, Index)
    /// a - b.
    case difference(Index, Index)
    /// a · b.
    case product(Index, Index)
    /// ⌊a / b⌋ of numbers that are not negative.
    case quotient(Index, Index)
    /// a - b⌊a / b⌋ of numbers that are not negative.
    case remainder(Index, Index)
    /// ⌈a / b⌉ of numbers that are not negative.
    case tiles(Index, of: Index)
    /// The smaller.
    case smaller(Index, Index)
    /// A number that the program's text gives a name of its own.
    case bound(String, Index)

    /// A number.
    public init(integerLiteral value: Int) { self = .constant(value) }

    /// a + b.
    public static func + (a: Index, b: Index) -> Index { .sum(a, b) }
    /// a - b.
    public static func - (a: Index, b: Index) -> Index { .difference(a, b) }
    /// a · b.
    public static func * (a: Index, b: Index) -> Index { .product(a, b) }
    /// ⌊a / b⌋.
    public static func / (a: Index, b: Index) -> Index { .quotient(a, b) }
    /// The remainder.
    public static func % (a: Index, b: Index) -> Index { .remainder(a, b) }

    /// The number where loops stand as `place` says.
    func value(_ place: Place) -> Int {
        switch self {
        case .constant(let number), .named(_, let number): number
        case .variable(let variable): place.variables[variable.slot]
        case .position(let span): span.origin.value(place) + place.local(span)
        case .load(let buffer, let span): place.loaded(buffer, place.local(span))
        case .sum(let a, let b): a.value(place) + b.value(place)
        case .difference(let a, let b): a.value(place) - b.value(place)
        case .product(let a, let b): a.value(place) * b.value(place)
        case .quotient(let a, let b): a.value(place) / b.value(place)
        case .remainder(let a, let b): a.value(place) % b.value(place)
        case .tiles(let a, let b): (a.value(place) + b.value(place) - 1) / b.value(place)
        case .smaller(let a, let b): min(a.value(place), b.value(place))
        case .bound(_, let inner): inner.value(place)
        }
    }

    /// The span along which a tile's cells stand side by side here, if this is nothing but the position along it.
    var plainSpan: Span? { if case .position(let span) = self { span } else { nil } }

    /// Whether the number differs from cell to cell of a tile.
    var dependsOnCell: Bool {
        switch self {
        case .constant, .named, .variable: false
        case .position, .load: true
        case .bound(_, let inner): inner.dependsOnCell
        case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b), .remainder(let a, let b),
            .tiles(let a, let b), .smaller(let a, let b):
            a.dependsOnCell || b.dependsOnCell
        }
    }

    /// The index tiles that are looked up.
    var loads: [Buffer] {
        switch self {
        case .constant, .named, .variable, .position: []
        case .load(let buffer, _): [buffer]
        case .bound(_, let inner): inner.loads
        case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b), .remainder(let a, let b),
            .tiles(let a, let b), .smaller(let a, let b):
            a.loads + b.loads
        }
    }
}

/// The cells of one axis that a tile covers: `length` of them from `origin` on, fewer where the axis ends before. Matrices and tiles name the
/// axes that belong together alike; a product sums over the axis that both factors name.
public struct Span: Hashable, Sendable {
    /// The axis by name.
    public let name: String
    /// The first cell.
    public let origin: Index
    /// How many cells a whole tile has.
    public let length: Index
    /// Where the axis ends: no cell at or behind this one exists.
    public let end: Index

    /// How many cells there are where loops stand as `place` says.
    func count(_ place: Place) -> Int { max(0, min(length.value(place), end.value(place) - origin.value(place))) }

    /// Equal when the names and the cells are.
    public static func == (a: Span, b: Span) -> Bool { a.name == b.name && a.origin == b.origin && a.length == b.length && a.end == b.end }
    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Something that holds of positions, or does not.
public struct Condition: Hashable, Sendable {
    /// How two numbers are compared.
    public enum Relation: String, Hashable, Sendable {
        /// Smaller.
        case below = "<"
        /// Smaller, or the same.
        case atMost = "<="
        /// Larger, or the same.
        case atLeast = ">="
    }
    /// The number on the left.
    public let left: Index
    /// How they are compared.
    public let relation: Relation
    /// The number on the right.
    public let right: Index

    /// A comparison.
    public init(_ left: Index, _ relation: Relation, _ right: Index) { (self.left, self.relation, self.right) = (left, relation, right) }

    func holds(_ place: Place) -> Bool {
        let (a, b) = (left.value(place), right.value(place))
        return switch relation {
        case .below: a < b
        case .atMost: a <= b
        case .atLeast: a >= b
        }
    }
}

/// Where loops stand, and which cell of a tile is meant.
struct Place {
    /// By slot.
    var variables: [Int]
    /// The cell of a tile: local positions by name of the span.
    var cell: [(name: String, position: Int)] = []
    /// Looks up an index tile.
    var lookUp: (Buffer, Int) -> Int = { _, _ in preconditionFailure("no index tile is at hand") }

    func local(_ span: Span) -> Int {
        for (name, position) in cell where name == span.name { return position }
        preconditionFailure("no position along \(span.name)")
    }
    func loaded(_ buffer: Buffer, _ position: Int) -> Int { lookUp(buffer, position) }

    subscript(variable: Variable) -> Int {
        get { variables[variable.slot] }
        set { variables[variable.slot] = newValue }
    }
}
