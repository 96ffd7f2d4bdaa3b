// Path data for SVG, as short as it can be: relative coordinates, few decimals, no needless separators.

import Diagrams

/// Builds the `d` of a path.
struct PathText {
    private let unit: Double
    private let decimals: Int
    private var text = ""
    private var x = 0
    private var y = 0
    private var start = (0, 0)
    private var pendingMove: Point?
    private var isOpen = false

    init(decimals: Int) {
        self.decimals = decimals
        unit = decimals == 0 ? 1 : decimals == 1 ? 10 : 100
    }

    /// The path data; a move without a line after it is left out.
    var finished: String { text }

    mutating func move(_ point: Point) { pendingMove = point }

    mutating func line(_ point: Point) {
        begin()
        let (toX, toY) = (fixed(point.x), fixed(point.y))
        if toY == y {
            command("h", [toX - x])
        } else if toX == x {
            command("v", [toY - y])
        } else {
            command("l", [toX - x, toY - y])
        }
        (x, y) = (toX, toY)
    }

    mutating func curve(_ a: Point, _ b: Point, _ end: Point) {
        begin()
        let (toX, toY) = (fixed(end.x), fixed(end.y))
        command("c", [fixed(a.x) - x, fixed(a.y) - y, fixed(b.x) - x, fixed(b.y) - y, toX - x, toY - y])
        (x, y) = (toX, toY)
    }

    mutating func close() {
        guard isOpen else { return }
        text += "z"
        (x, y) = start
        isOpen = false
        pendingMove = nil
    }

    private mutating func begin() {
        if let point = pendingMove {
            let to = (x: fixed(point.x), y: fixed(point.y))
            let (there, onwards) = (words("M", [to.x, to.y]), words("m", [to.x - x, to.y - y]))
            text += text.isEmpty || there.utf8.count <= onwards.utf8.count ? there : onwards
            (x, y) = to
            start = to
            pendingMove = nil
        }
        isOpen = true
    }

    private func fixed(_ value: Double) -> Int { Int((min(max(value, -1e6), 1e6) * unit).rounded()) }

    private mutating func command(_ letter: String, _ numbers: [Int]) { text += words(letter, numbers) }

    private func words(_ letter: String, _ numbers: [Int]) -> String {
        var words = letter
        for (i, number) in numbers.enumerated() {
            if i > 0, number >= 0 { words += " " }
            words += Self.decimal(number, decimals)
        }
        return words
    }

    /// `number` / 10^decimals without trailing zeros or a leading zero.
    private static func decimal(_ number: Int, _ decimals: Int) -> String {
        guard decimals > 0 else { return String(number) }
        let scale = decimals == 1 ? 10 : 100
        let (whole, rest) = (number.magnitude / UInt(scale), Int(number.magnitude) % scale)
        guard rest > 0 else { return String(number) == "0" ? "0" : (number < 0 ? "-" : "") + String(whole) }
        var digits = String(rest)
        while digits.count < decimals { digits = "0" + digits }
        while digits.hasSuffix("0") { digits.removeLast() }
        return (number < 0 ? "-" : "") + (whole == 0 ? "" : String(whole)) + "." + digits
    }

    /// A length in points with at most two decimals.
    static func number(_ value: Double) -> String { decimal(Int((min(max(value, -1e9), 1e9) * 100).rounded()), 2) }
}
