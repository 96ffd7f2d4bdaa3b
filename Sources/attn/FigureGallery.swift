// All figures in both languages and all themes, with their page: drawn by all cores.

internal import AttentionEngine
internal import CairoRenderer
internal import Diagrams
internal import Lessons

struct FigureGallery {
    let home: String?

    private struct Wanted {
        let figure: Figure
        let data: FigureData
        let options: FigureOptions
        var path: String { "images/\(figure.name)-\(options.language.rawValue)-\(options.theme.rawValue).png" }
    }

    /// The pictures and `index.html`.
    func files() throws -> [OutputFile] {
        let wanted = try Figures.all.flatMap { figure in
            try Language.allCases.flatMap { language in
                let data = try BuiltInExample(home: home).data(for: figure, language)
                return Theme.allCases.map { theme in
                    var options = FigureOptions()
                    options.language = language
                    options.theme = theme
                    return Wanted(figure: figure, data: data, options: options)
                }
            }
        }
        let drawn = try Parallel.map(wanted, worker: CairoRenderer.init) { item, renderer in
            let scene = try item.figure.draw(item.data, item.options, renderer.measurer)
            return (scene: scene, bytes: try renderer.png(scene, scale: 1.5))
        }
        let pictures = zip(wanted, drawn).map { OutputFile(path: $0.path, bytes: $1.bytes) }
        let entries = zip(wanted, drawn).filter { $0.0.options.language == .en && $0.0.options.theme == .light }.map { item, picture in
            let name = item.figure.name
            return GalleryPage.Entry(figure: name, scene: picture.scene) { "images/\(name)-\($0.rawValue)-\($1.rawValue).png" }
        }
        return [OutputFile(path: "index.html", bytes: Array(GalleryPage(entries).html.utf8))] + pictures
    }
}
