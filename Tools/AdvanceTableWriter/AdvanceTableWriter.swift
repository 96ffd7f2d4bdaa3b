// Measures the pinned fonts by Pango, character by character, and writes assets/fonts/advances.json: `make advance-table` runs it with the
// tests' font configuration. A page measures text by that table.

import CairoRenderer
import Diagrams
import ModelFiles
import Traces

@main
struct AdvanceTableWriter {
    /// Widths are whole numbers of this part of the type's size.
    static let unit = 10_000.0
    /// Large type, so that Pango's own rounding is far below the unit.
    static let size = 1000.0

    static func main() throws {
        guard CommandLine.arguments.count == 2 else { throw FileError(.badData, "AdvanceTableWriter", "expected the file to write") }
        let measurer = CairoRenderer().measurer
        var styles: [(String, JSONText)] = []
        for language in Language.allCases {
            for style in AdvanceTable.styles { styles.append((AdvanceTable.name(style, language), measured(style, language, measurer))) }
        }
        let table = JSONText.object([
            ("format", .string(AdvanceTable.format)), ("version", 1), ("unit", .integer(Int(unit))),
            ("fonts", "Inter, Noto Sans Mono and Noto Sans CJK SC of Debian 12, measured by Pango"), ("styles", .object(styles)),
        ])
        try WholeFile.write(CommandLine.arguments[1], Array((table.line + "\n").utf8))
    }

    private static func measured(_ style: TextStyle, _ language: Language, _ measurer: TextMeasurer) -> JSONText {
        var style = style
        style.size = size
        func width(_ text: String) -> Double { measurer.measure(text, style, language).width / size }
        let extent = measurer.measure("x", style, language)
        let widths = AdvanceTable.ranges.flatMap { Array($0) }.map { code in
            let character = String(UnicodeScalar(code)!)
            // A mark that combines is measured on a letter. Chinese characters around a quotation mark decide which font sets it.
            if (0x300...0x36F).contains(code) { return max(width("x" + character) - width("x"), 0) }
            return language == .zh ? width("中" + character + "中") - width("中中") : width(character)
        }
        func whole(_ share: Double) -> JSONText { .integer(Int((share * unit).rounded())) }
        return .object([
            ("ascent", whole(extent.ascent / size)), ("descent", whole(extent.descent / size)), ("advances", .array(widths.map(whole))),
        ])
    }
}
