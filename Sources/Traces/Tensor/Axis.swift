// A tensor's axes have names, as in the papers: t for query tokens, s for key tokens, h for heads.
// Operations match axes by name, never by position, so an equation reads the same whatever the memory order.

/// The name of one tensor axis.
public struct Axis: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The letter or word used in formulas and in trace JSON.
    public let name: String
    /// Length and letters of a name of at most seven bytes, which tell it apart; all ones for longer names.
    private let code: UInt64

    /// An axis called `name`.
    public init(_ name: String) {
        self.name = name
        let letters = name.utf8
        code = letters.count > 7 ? .max : letters.reduce(UInt64(letters.count)) { $0 << 8 | UInt64($1) }
    }
    /// Equal when the names are. Axes are looked up by name many times a step, so short names are compared as numbers.
    public static func == (a: Axis, b: Axis) -> Bool { a.code == b.code && (a.code != .max || a.name == b.name) }
    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        if code == .max { hasher.combine(name) }
    }
    /// An axis called `value`.
    public init(stringLiteral value: String) { self.init(value) }
    /// The axis's name.
    public var description: String { name }

    /// Query tokens: the rows of every attention matrix.
    public static let t: Axis = "t"
    /// Key tokens: the columns of every attention matrix.
    public static let s: Axis = "s"
    /// Attention heads.
    public static let h: Axis = "h"
    /// Key-value heads, each shared by a group of query heads.
    public static let g: Axis = "g"
    /// Features of one head.
    public static let d: Axis = "d"
    /// Features of a model vector ("channels", hidden size).
    public static let c: Axis = "c"
    /// Outputs of a linear projection, before they are split into heads.
    public static let o: Axis = "o"
    /// Hidden units of a feed-forward layer.
    public static let f: Axis = "f"
    /// Entries of a vocabulary.
    public static let n: Axis = "n"
    /// Heads of the lightning indexer.
    public static let j: Axis = "j"
    /// Features of a query latent (MLA, `q_lora`).
    public static let l: Axis = "l"
    /// Features that carry the position (MLA, `pe`).
    public static let e: Axis = "e"
    /// Features of a key-value latent (MLA).
    public static let r: Axis = "r"
    /// Rows of a table of learned positions or segments.
    public static let p: Axis = "p"
    /// Ranks of a selection: 0 ..< k.
    public static let k: Axis = "k"
}

/// Named axes with their lengths, in the order in which values are stored (row-major: the last axis varies fastest).
public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// The axes, outermost first.
    public let axes: [Axis]
    /// One length for each axis.
    public let lengths: [Int]

    /// A shape from axes and lengths of equal number; no axis may appear twice.
    public init(_ axes: [Axis], _ lengths: [Int]) {
        precondition(axes.count == lengths.count && Self.areDistinct(axes), "a shape names each axis once: \(axes) \(lengths)")
        self.axes = axes
        self.lengths = lengths
    }

    /// Whether each axis is named once. A handful are compared faster than hashed.
    private static func areDistinct(_ axes: [Axis]) -> Bool { axes.indices.allSatisfy { !axes[..<$0].contains(axes[$0]) } }

    /// The most cells that a shape from outside may have: every count of them, of their strides and of their bytes stays exact, in a page too, whose
    /// whole numbers have 32 bits.
    public static let mostCells = Int(min(Int64(1) << 48, Int64(Int.max / 8)))

    /// A shape whose axes and lengths come from outside: a file, a command line. Throws about `subject` unless there is one length for each axis,
    /// from 1, or from 0 where the format allows an empty tensor; each axis is named once, and the cells can be counted.
    public init(checking axes: [Axis], _ lengths: [Int], allowsEmpty: Bool = false, _ subject: String) throws(EngineError) {
        guard axes.count == lengths.count else {
            throw EngineError(.shape, subject, expected: "\(axes.count) axes \(axes)", found: "the shape \(lengths)")
        }
        guard Self.areDistinct(axes) else {
            throw EngineError(.shape, subject, expected: "each axis named once", found: "\(axes)")
        }
        var cells = 1
        for length in lengths {
            guard length >= (allowsEmpty ? 0 : 1) else {
                throw EngineError(.shape, subject, expected: "lengths of at least \(allowsEmpty ? 0 : 1)", found: "\(lengths)")
            }
            let (product, overflows) = cells.multipliedReportingOverflow(by: max(length, 1))
            guard !overflows, product <= Self.mostCells else {
                throw EngineError(.shape, subject, expected: "at most \(Self.mostCells) cells", found: "the shape \(lengths)")
            }
            cells = product
        }
        self.init(axes, lengths)
    }

    /// A shape from pairs, outermost first: `Shape([(.t, 18), (.d, 4)])`.
    public init(_ pairs: [(Axis, Int)]) { self.init(pairs.map { $0.0 }, pairs.map { $0.1 }) }

    /// How many cells a tensor of this shape has (1 for a scalar).
    public var count: Int { lengths.reduce(1, *) }
    /// How many axes there are.
    public var rank: Int { axes.count }

    /// The length of `axis`, or nil if there is none of that name.
    public subscript(axis: Axis) -> Int? { axes.firstIndex(of: axis).map { lengths[$0] } }

    /// Whether `axis` is one of the axes.
    public func contains(_ axis: Axis) -> Bool { axes.contains(axis) }

    /// The distance in storage between neighbours along each axis.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for i in (0..<max(rank - 1, 0)).reversed() { strides[i] = strides[i + 1] * lengths[i + 1] }
        return strides
    }

    /// The stride of `axis`, 0 if the shape lacks it: a missing axis is broadcast.
    public func stride(of axis: Axis) -> Int {
        guard let place = axes.firstIndex(of: axis) else { return 0 }
        return lengths[(place + 1)...].reduce(1, *)
    }

    /// The shape without `axis`.
    public func removing(_ axis: Axis) -> Shape {
        guard let place = axes.firstIndex(of: axis) else { return self }
        var (axes, lengths) = (axes, lengths)
        axes.remove(at: place)
        lengths.remove(at: place)
        return Shape(axes, lengths)
    }

    /// The same axes, `axis` last: rows along it lie together in storage.
    public func movingLast(_ axis: Axis) -> Shape {
        if axes.last == axis { return self }
        let rest = removing(axis)
        return Shape(rest.axes + [axis], rest.lengths + [self[axis]!])
    }

    /// The shape with `axis` called `name` instead.
    public func renaming(_ axis: Axis, to name: Axis) -> Shape { Shape(axes.map { $0 == axis ? name : $0 }, lengths) }

    /// For example `[t: 18, d: 4]`.
    public var description: String { "[" + zip(axes, lengths).map { "\($0): \($1)" }.joined(separator: ", ") + "]" }
}
