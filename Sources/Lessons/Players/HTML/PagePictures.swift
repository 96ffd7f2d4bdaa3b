// The pictures of a page. Lessons know no renderer: whoever writes pages brings what makes scenes and sets them as parts of one page, such as
// CairoRenderer's PageSheet.

public import Diagrams
internal import Traces

/// What one page's pictures are made by.
public struct PagePictures {
    /// The scene of a figure.
    let scene: (_ figure: String, _ data: FigureData, _ options: FigureOptions) throws -> Scene
    /// What stands inside the next picture's `svg` element, in the light and in the dark theme.
    let markup: (Scene) throws -> String
    /// What the pictures share: shapes for `defs`, and classes.
    let shared: () -> (shapes: String, styles: String)

    /// The makers of one page's pictures.
    public init(
        scene: @escaping (_ figure: String, _ data: FigureData, _ options: FigureOptions) throws -> Scene,
        markup: @escaping (Scene) throws -> String, shared: @escaping () -> (shapes: String, styles: String)
    ) {
        (self.scene, self.markup, self.shared) = (scene, markup, shared)
    }
}

extension Scene {
    /// The picture around its markup.
    func svg(_ markup: String) -> String {
        let (title, alt) = (title[language], alt[language])
        let name = alt.hasPrefix(title) ? alt : title + (language == .en ? ". " : "。") + alt
        func length(_ value: Double) -> String { NumberText.exact((value * 100).rounded() / 100) }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(length(size.width)) \(length(size.height))\" role=\"img\""
            + " aria-label=\"\(HTMLText.escaped(name))\">\n\(markup)</svg>"
    }

    /// The cells that the picture shows, in its order.
    var cells: [HotSpot] { items.flatMap { $0.cells } }
}

extension Item {
    fileprivate var cells: [HotSpot] {
        switch self {
        case .hotSpot(let spot): [spot]
        case .group(_, let items, _), .only(_, let items): items.flatMap { $0.cells }
        case .rect, .path, .text, .image, .cell: []
        }
    }
}
