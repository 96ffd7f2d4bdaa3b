// Colour maps and palettes against the definitions of CIE and WCAG, with literal values from outside.

import Diagrams
import Testing

@Suite struct ColorTests {
    @Test func `luminance, contrast and lightness have their published values`() {
        #expect(abs(Color(0xFFFFFF).contrast(with: Color(0x000000)) - 21) < 1e-12)
        #expect(abs(Color(0x767676).contrast(with: Color(0xFFFFFF)) - 4.54) < 0.005)  // WebAIM's example of the limit
        let red = Lab(Color(0xFF0000))  // Lindbloom: 53.24, 80.09, 67.20
        #expect(abs(red.lightness - 53.24) < 0.01 && abs(red.a - 80.09) < 0.02 && abs(red.b - 67.20) < 0.02)
        #expect(abs(Lab(Color(0xFFFFFF)).lightness - 100) < 1e-3)
    }

    @Test(arguments: Theme.allCases) func `lightness of the sequential map runs one way, in even steps`(theme: Theme) {
        let labs = ColorMap.sequential(theme).colors.map(Lab.init)
        let steps = zip(labs, labs.dropFirst()).map { $1.lightness - $0.lightness }
        let sign: Double = theme == .dark ? 1 : -1
        #expect(steps.allSatisfy { $0 * sign > 0 })
        let distances = zip(labs, labs.dropFirst()).map { $0.distance(to: $1) }
        let mean = distances.reduce(0, +) / Double(distances.count)
        #expect(distances.allSatisfy { $0 > 0.3 * mean && $0 < 1.9 * mean }, "8-bit rounding apart, all steps are alike")
        #expect(abs(labs.first!.lightness - labs.last!.lightness) > 70)
    }

    @Test(arguments: Theme.allCases) func `zero is the colour of paper`(theme: Theme) {
        let palette = Palette.of(theme)
        #expect(palette.sequential.color(at: 0) == palette.paper)
        #expect(palette.diverging.color(at: 0.5) == palette.paper)
    }

    @Test(arguments: [Theme.light, .dark]) func `lightness of the diverging map is monotone on each side of zero, and even`(theme: Theme) {
        let labs = ColorMap.diverging(theme).colors.map(Lab.init)
        #expect(labs.count % 2 == 1)
        let sign: Double = theme == .dark ? -1 : 1
        let middle = labs.count / 2
        #expect((0..<middle).allSatisfy { (labs[$0 + 1].lightness - labs[$0].lightness) * sign > 0 })
        #expect((middle..<labs.count - 1).allSatisfy { (labs[$0 + 1].lightness - labs[$0].lightness) * sign < 0 })
        #expect(abs(labs.first!.lightness - labs.last!.lightness) < 12, "plus and minus of one size look equally strong")
    }

    @Test func `in print, zero is white and size is grey on both sides`() {
        let labs = ColorMap.diverging(.print).colors.map(Lab.init)
        let middle = labs.count / 2
        #expect((0..<middle).allSatisfy { labs[$0].lightness < labs[$0 + 1].lightness })
        #expect((0...middle).allSatisfy { abs(labs[$0].lightness - labs[labs.count - 1 - $0].lightness) < 0.01 })
        #expect(labs.allSatisfy { abs($0.a) < 0.1 && abs($0.b) < 0.1 }, "a grey map")
    }

    @Test(arguments: Theme.allCases) func `a paint becomes its theme's colour`(theme: Theme) {
        let palette = Palette.of(theme)
        #expect(palette.color(Paint.paper) == palette.paper && palette.color(Paint.hatch) == palette.hatch)
        #expect(Set(ColorRole.allCases.map { palette.color($0) }).count >= 9, "roles of one colour are few: ink and what stands on paper")
        #expect(ColorScale.diverging.paints.map(palette.color) == palette.diverging.colors)
        #expect(palette.color(ColorScale.sequential.paint(at: 0.25)) == palette.sequential.colors[30])
        #expect(palette.color(ColorScale.sequential.paint(at: 7)) == palette.sequential.colors[120])
        #expect(palette.color(.fixed(Color(0x123456))) == Color(0x123456))
        let (bar, paper, half) = (palette.bar, palette.paper, palette.color(Paint.bar.mixed(0.5)))
        #expect(abs(half.green - (bar.green + paper.green) / 2) < 1e-12)
        #expect(palette.color(.text(on: Paint.bar)) == palette.text(on: bar))
    }

    @Test func `print alone is grey`() { #expect(Theme.grey == [.print]) }

    @Test(arguments: Theme.allCases) func `text is legible on every colour of a cell`(theme: Theme) {
        let palette = Palette.of(theme)
        for color in palette.sequential.colors + palette.diverging.colors + [palette.highlight, palette.bar, palette.indexer] {
            #expect(palette.text(on: color).contrast(with: color) >= 4.5)
        }
        #expect(palette.onHighlight.contrast(with: palette.highlight) >= 4.5)
    }

    @Test(arguments: Theme.allCases) func `colours that carry text stand out from the paper`(theme: Theme) {
        let palette = Palette.of(theme)
        for color in [palette.ink, palette.muted, palette.query, palette.key, palette.value, palette.indexer] {
            #expect(color.contrast(with: palette.paper) >= 4.5)
        }
    }

    @Test func `values outside the scale take its ends, and NaN its beginning`() {
        let map = ColorMap.sequential(.light)
        #expect(map.color(at: -3) == map.colors.first && map.color(at: 7) == map.colors.last && map.color(at: .nan) == map.colors.first)
    }
}
