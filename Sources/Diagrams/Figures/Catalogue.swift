// The list of all figures: the command line, lessons and the gallery read it.

import Traces

/// All figures.
public enum Figures {
    /// Figures that draw what was run, or nothing from outside: those that a page draws by itself. The others need files, or a page has them as pictures alone.
    public static let ofRuns: [Figure] = [
        .matrix, .questions, .compare, .heads, .arcs, .indexer, .pipeline, .patterns, .softmax, .weightedSum,
    ]

    /// Every figure, in the order of the list.
    public static let all: [Figure] =
        ofRuns + [.pipelineDetail, .headKinds, .selectionMap, .triangles, .nextToken, .difference, .absorption, .pathway]
        + [
            .growth, .costCurve, .doubling, .prices, .cache, .rowsTouched, .measured, .lossCurves, .selectionLoss, .parity,
            .timelineOfIdeas, .stack, .roofline,
        ]
        + [.tiles, .timeline, .traffic, .oneProgram, .poster]

    /// The figure called `name`; throws with near names if there is none among those `figures`.
    public static func named(_ name: String, among figures: [Figure] = all) throws(FigureError) -> Figure {
        if let figure = figures.first(where: { $0.name == name }) { return figure }
        let near = NearWords.of(name, in: figures.map { $0.name })
        let hint =
            near.isEmpty ? "there are \(figures.map { $0.name }.joined(separator: ", "))" : "did you mean \(near.joined(separator: ", "))?"
        throw FigureError("\(name): there is no figure of this name; \(hint)")
    }
}
