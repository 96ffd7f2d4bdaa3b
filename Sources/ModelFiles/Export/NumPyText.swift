// Pieces of Python: a part of an equation with the axes of its array, numbers, texts and names.

internal import Traces

/// A part of an equation in Python, and the axes of the array that it makes: numpy has them by position, equations by name.
struct NumPyText {
    enum Precedence: Int, Comparable {
        case sum, product, atom
        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    var text: String
    /// Outermost first.
    var axes: [Axis]
    var precedence = Precedence.atom

    /// The text, in brackets if it binds less tightly than `precedence`.
    func inside(_ precedence: Precedence) -> String { self.precedence < precedence ? "(\(text))" : text }

    func place(of axis: Axis) -> Int {
        axes.firstIndex(of: axis) ?? { preconditionFailure("\(axis) is none of \(axes)") }()
    }

    /// The same array for arithmetic on the axes `target`, its own among them: in their order, an axis of length 1 where it has none. Of those before
    /// its first numpy needs no sign.
    func along(_ target: [Axis]) -> NumPyText {
        var array = self
        array.axes = target.filter(axes.contains)
        if array.axes != axes {
            let places = array.axes.map { "\(place(of: $0))" }
            array.text = inside(.atom) + (places == ["1", "0"] ? ".T" : ".transpose(\(places.joined(separator: ", ")))")
            array.precedence = .atom
        }
        let inner = Array(target.drop { !axes.contains($0) })
        guard inner.count > array.axes.count else { return array }
        let trailing = inner.reversed().prefix(while: axes.contains).count
        let index = inner.dropLast(trailing).map { axes.contains($0) ? ":" : "None" }
        return NumPyText(text: "\(array.inside(.atom))[\(index.joined(separator: ", "))]", axes: inner)
    }
}

/// How Python writes what scripts hold.
enum Python {
    /// A number that reads back as exactly this one.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "float(\"nan\")" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let isWhole = value == value.rounded() && abs(value) < 1e15 && !(value == 0 && value.sign == .minus)
        return isWhole ? "\(Int64(value))" : value.description
    }

    /// A text in quotes. What JSON escapes, Python reads in the same way.
    static func quoted(_ text: String) -> String { JSON.quoted(text) }

    /// A remark to the end of the line, which nothing in it can end before.
    static func remark(_ text: String) -> String { "# " + text.withControlsPictured }

    static func list(_ items: some Sequence<String>) -> String { "[\(items.joined(separator: ", "))]" }

    /// A tuple; one of a single item has its comma.
    static func tuple(_ items: [Int]) -> String {
        items.count == 1 ? "(\(items[0]),)" : "(\(items.map(String.init).joined(separator: ", ")))"
    }

    /// Whole numbers; as a range where one follows the other.
    static func integers(_ items: [Int]) -> String {
        if let first = items.first, items.count > 2, items == Array(first..<first + items.count) {
            return first == 0 ? "range(\(items.count))" : "range(\(first), \(first + items.count))"
        }
        return list(items.map(String.init))
    }

    private static let keywords: Set<String> = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
        "except",
        "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
        "while", "with", "yield",
    ]

    /// A name for what is called `text`, unlike those `taken`.
    static func name(_ text: String, unlike taken: Set<String>) -> String {
        var name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        if name.first?.isNumber ?? true { name = "_" + name }
        guard taken.contains(name) || keywords.contains(name) else { return name }
        var number = 2
        while taken.contains("\(name)_\(number)") { number += 1 }
        return "\(name)_\(number)"
    }
}
