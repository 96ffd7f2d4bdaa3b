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
