// The list of all figures: the command line, lessons and the gallery read it.

import Traces

/// All figures.
public enum Figures {
    /// Every figure, in the order of the list.
    public static let all: [Figure] = [
        .matrix, .questions, .compare, .heads, .arcs, .indexer, .pipeline, .patterns, .growth, .costCurve, .doubling, .prices, .cache,
        .measured, .parity, .stack, .roofline,
    ]

    /// The figure called `name`; throws with near names if there is none.
    public static func named(_ name: String) throws(FigureError) -> Figure {
        if let figure = all.first(where: { $0.name == name }) { return figure }
        let near = NearWords.of(name, in: all.map { $0.name })
        let hint =
            near.isEmpty ? "there are \(all.map { $0.name }.joined(separator: ", "))" : "did you mean \(near.joined(separator: ", "))?"
        throw FigureError("\(name): there is no figure of this name; \(hint)")
    }
}
