// What the tests of figures share: text with fixed advances, so that layouts do not depend on fonts, and the texts of a scene.

import Diagrams
import Traces

/// Every Latin character is half its size wide, every Chinese one as wide as its size.
var fixedText: TextMeasurer {
    TextMeasurer { line, style, _ in
        let width = line.reduce(0.0) { $0 + (LineBreaker.isIdeographic($1) ? 1 : 0.5) } * style.size
        return TextExtent(width: width, ascent: style.size * 0.75, descent: style.size * 0.25)
    }
}

extension Scene {
    /// Items without their groups, as the light theme shows them.
    var flat: [Item] { items(in: .light).flatMap(Self.flatten) }
    var texts: [TextRun] { flat.compactMap { if case .text(let run) = $0 { run } else { nil } } }
    var words: [String] { texts.map(\.text) }
    var hotSpots: [HotSpot] { flat.compactMap { if case .hotSpot(let spot) = $0 { spot } else { nil } } }
    var images: [PixelImage] { flat.compactMap { if case .image(let image, _) = $0 { image } else { nil } } }
    var rects: [(rect: Rect, fill: Fill?, stroke: Stroke?)] {
        flat.compactMap { if case .rect(let rect, _, let fill, let stroke) = $0 { (rect, fill, stroke) } else { nil } }
    }

    /// The scene as `theme` shows it.
    func shown(in theme: Theme) -> Scene {
        var scene = self
        scene.items = items(in: theme)
        return scene
    }

    private static func flatten(_ item: Item) -> [Item] {
        if case .group(_, let items, _) = item { return items.flatMap(flatten) }
        return [item]
    }
}

func draw(_ trace: Trace, _ figure: Figure = .matrix, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
    var options = FigureOptions()
    change(&options)
    return try figure.draw(FigureData(traces: [("main", trace)], provenance: Provenance(name: "diary")), options, fixedText)
}

/// A trace of one step.
func trace(_ values: [Double], _ axes: [Axis], _ lengths: [Int], id: StepID = "attention.weights", tokens: [String] = []) -> Trace {
    let step = Step(
        id: id, title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "test", inputs: [], symbol: "A",
        output: Tensor(Shape(axes, lengths), values))
    return Trace(tokens: tokens, steps: [step])
}
