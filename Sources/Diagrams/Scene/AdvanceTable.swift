// Text measured without a font: the advances of the pinned fonts' characters, as a table that a page carries. A line is as wide as the sum of its
// characters: no kerning, no ligatures. The command can measure by the same table, and then draws the same scene.

package import Traces

/// The advances of characters in each style, in parts of the type's size.
package struct AdvanceTable: Sendable {
    /// One face in one weight and language.
    private struct Advances {
        let ascent: Double
        let descent: Double
        let widths: [UInt32: Double]
    }

    private let styles: [String: Advances]
    /// The name that stands in the table's text.
    package static let format = "attention-steps.advances"

    /// The characters of the table, by ranges of code points: Latin, Greek, punctuation, scripts, arrows, mathematics, shapes, full-width forms.
    /// What stands in none is an ideograph as wide as its size.
    package static let ranges: [ClosedRange<UInt32>] = [
        0x20...0x7E, 0xA0...0x17F, 0x2B0...0x2FF, 0x300...0x36F, 0x391...0x3C9, 0x1D2C...0x1D6A, 0x2010...0x2027, 0x2030...0x205E,
        0x2070...0x209C, 0x2190...0x21FF, 0x2200...0x22FF, 0x2460...0x2473, 0x2500...0x25FF, 0x2713...0x2717, 0x27E8...0x27E9,
        0x2C7C...0x2C7D, 0x3000...0x303F, 0xFF00...0xFF65,
    ]

    /// Reads `assets/fonts/advances.json`.
    package init(_ root: Settings) throws(FileError) {
        guard try root.text("format") == Self.format, try root.integer("version") == 1 else {
            throw root.failure("format", expected: "\"\(Self.format)\", version 1")
        }
        let unit = try root.number("unit")
        let characters = Self.ranges.flatMap { Array($0) }
        let all = try root.required("styles")
        var styles: [String: Advances] = [:]
        for name in Self.names {
            let style = try all.required(name)
            let widths = try style.numbers("advances")
            guard widths.count == characters.count, unit > 0 else {
                throw style.failure("advances", expected: "\(characters.count) numbers, in parts of a unit above 0")
            }
            styles[name] = Advances(
                ascent: try style.number("ascent") / unit, descent: try style.number("descent") / unit,
                widths: Dictionary(uniqueKeysWithValues: zip(characters, widths.map { $0 / unit })))
        }
        self.styles = styles
    }

    /// The names of the styles: language, face and weight. Type of one width has one weight here, for all have the same advance.
    package static var names: [String] {
        Language.allCases.flatMap { language in styles.map { Self.name($0, language) } }
    }

    /// The styles of each language.
    package static var styles: [TextStyle] {
        let weights: [TextStyle.Weight] = [.regular, .medium, .semibold, .bold]
        return weights.map { TextStyle(size: 1, weight: $0, color: .ink) } + [TextStyle(size: 1, color: .ink, face: .mono)]
    }

    /// The name of a style in the table.
    package static func name(_ style: TextStyle, _ language: Language) -> String {
        "\(language.rawValue).\(style.face.name).\(style.face == .mono ? TextStyle.Weight.regular.name : style.weight.name)"
    }

    /// Measures by this table.
    package var measurer: TextMeasurer {
        let styles = styles
        return TextMeasurer { line, style, language in
            let advances = styles[Self.name(style, language)]!
            var width = 0.0
            for scalar in line.unicodeScalars { width += advances.widths[scalar.value] ?? 1 }
            return TextExtent(
                width: line.isEmpty ? 0 : width * style.size, ascent: advances.ascent * style.size, descent: advances.descent * style.size)
        }
    }
}
