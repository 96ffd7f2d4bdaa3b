// What readers see who see colours otherwise: every text of every figure stands out from what lies beneath it, in all themes, uses and languages, for full
// colour vision (and so on a grey copy: contrast is one of luminance) and for the three kinds of colour blindness.

import Diagrams
import Foundation
import Testing
import Traces

/// How colours are seen. The matrices act on linear RGB: Machado, Oliveira and Fernandes 2009, table 1, severity 1.
enum ColorVision: CaseIterable {
    case full, protanopia, deuteranopia, tritanopia

    private var rows: [[Double]] {
        switch self {
        case .full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        case .protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
        case .deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
        case .tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
        }
    }

    func luminance(_ color: Color) -> Double {
        let linear = [color.red, color.green, color.blue].map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        let seen = rows.map { row in min(max(zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 }, 0), 1) }
        return 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]
    }

    func contrast(_ a: Color, _ b: Color) -> Double {
        let (a, b) = (luminance(a), luminance(b))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    /// What text of that look needs: 4.5 to 1, large text 3 to 1 (WCAG 2.2); whoever mixes up colours must still be able to read it.
    func least(_ style: TextStyle) -> Double {
        let isLarge = style.size >= 24 || style.size >= 18.66 && style.weight == .bold
        return self == .full && !isLarge ? 4.5 : 3
    }
}

@Suite struct ColorVisionTests {
    static let names = Figures.all.map(\.name)

    private func data(_ figure: Figure, _ language: Language) throws -> FigureData {
        if figure.needs == .traces { return try Diary.questions(language) }
        var data = FigureData(traces: [], provenance: Provenance(name: "test.csv"))
        data.numbers = try Published.numbers(figure.needs)
        return data
    }

    @Test(arguments: names, Theme.allCases) func `every text stands out from what lies beneath it, however colours are seen`(
        name: String, theme: Theme
    ) throws {
        let figure = try Figures.named(name)
        for language in Language.allCases {
            let data = try data(figure, language)
            for preset in Preset.allCases {
                var options = FigureOptions()
                (options.language, options.preset, options.themes) = (language, preset, [theme])
                // A figure that needs more than its data here says so elsewhere.
                let scene = try figure.draw(data, options, fixedText)
                for fault in faint(scene, theme) { Issue.record("\(name) \(theme) \(preset) \(language): \(fault)") }
            }
        }
    }

    @Test(arguments: names, Theme.allCases) func `marks that a legend explains differ in more than hue`(name: String, theme: Theme) throws {
        let figure = try Figures.named(name)
        let data = try data(figure, .en)
        for preset in Preset.allCases {
            var options = FigureOptions()
            (options.preset, options.themes) = (preset, [theme])
            let scene = try figure.draw(data, options, fixedText).shown(in: theme)
            for legend in Item.groups("legend", in: scene.items) {
                let marks = Item.groups("swatch", in: legend).compactMap { Mark($0, Palette.of(theme)) }
                for (place, mark) in marks.enumerated() {
                    for other in marks[..<place] where !mark.differs(from: other) {
                        Issue.record(
                            "\(name) \(theme) \(preset): mark \(place + 1) of \(marks.count) looks like one before it: \(mark), \(other)")
                    }
                }
            }
        }
    }

    /// A mark as somebody sees it who sees no hues.
    private struct Mark {
        enum Kind: Hashable { case area, hatched, outline, line }
        let kind: Kind
        let dash: [Double]
        let color: Color

        init?(_ items: [Item], _ palette: Palette) {
            switch items.first {
            case .rect(_, _, .solid(let paint), let stroke)?: (kind, dash, color) = (.area, stroke?.dash ?? [], palette.color(paint))
            case .rect(_, _, .hatch(let lines, _, _, _), _)?: (kind, dash, color) = (.hatched, [], palette.color(lines))
            case .rect(_, _, nil, let stroke?)?: (kind, dash, color) = (.outline, stroke.dash, palette.color(stroke.color))
            case .path(_, _, let stroke?)?: (kind, dash, color) = (.line, stroke.dash, palette.color(stroke.color))
            default: return nil
            }
        }

        /// Another form, another dash, or for every way of seeing colours a lightness that is clearly another.
        func differs(from other: Mark) -> Bool {
            kind != other.kind || dash != other.dash || ColorVision.allCases.allSatisfy { $0.contrast(color, other.color) >= 1.3 }
        }
    }

    private func faint(_ scene: Scene, _ theme: Theme) -> Set<String> {
        let palette = Palette.of(theme)
        let items = scene.shown(in: theme).all
        var faults: Set<String> = []
        for (place, item) in items.enumerated() {
            guard case .text(let run) = item, run.text.contains(where: { !$0.isWhitespace }) else { continue }
            let ground = ground(of: run, items[..<place], palette) ?? palette.color(scene.background)
            let color = palette.color(run.style.color)
            for vision in ColorVision.allCases where vision.contrast(color, ground) < vision.least(run.style) {
                faults.insert("“\(run.text)” has \((vision.contrast(color, ground) * 100).rounded() / 100) to 1 for \(vision)")
            }
        }
        return faults
    }

    /// The colour of the topmost area under the middle of a text.
    private func ground(of run: TextRun, _ before: ArraySlice<Item>, _ palette: Palette) -> Color? {
        let width = fixedText.measure(run.text, run.style, .en).width
        let shift = run.anchor == .start ? width / 2 : run.anchor == .middle ? 0 : -width / 2
        let turn = run.rotation * .pi / 180
        let middle = Point(run.position.x + shift * cos(turn), run.position.y + shift * sin(turn) - run.style.size * 0.35 * cos(turn))
        for item in before.reversed() {
            guard case .rect(let area, _, let fill, _) = item, area.x <= middle.x, middle.x <= area.maxX, area.y <= middle.y,
                middle.y <= area.maxY
            else { continue }
            switch fill {
            case .solid(let paint): return palette.color(paint)
            case .hatch(_, let background?, _, _): return palette.color(background)
            default: continue
            }
        }
        return nil
    }
}

extension Item {
    /// What the groups of this name hold, however deep they stand.
    fileprivate static func groups(_ name: String, in items: [Item]) -> [[Item]] {
        items.flatMap { item -> [[Item]] in
            guard case .group(let own, let inner, _) = item else { return [] }
            return own == name ? [inner] : groups(name, in: inner)
        }
    }
}

extension Scene {
    /// Items without their groups, as the scene has them.
    fileprivate var all: [Item] {
        func flatten(_ item: Item) -> [Item] {
            if case .group(_, let items, _) = item { return items.flatMap(flatten) }
            return [item]
        }
        return items.flatMap(flatten)
    }
}
