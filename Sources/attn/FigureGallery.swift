// All figures in both languages and all themes, for a page and for a phone, with their page: light and dark laid out once, drawn by all cores.

internal import CairoRenderer
internal import Diagrams
internal import Lessons
internal import Traces

struct FigureGallery {
    let home: String?

    /// A picture to be drawn, in its themes.
    struct Wanted {
        let figure: Figure
        let data: FigureData
        let options: FigureOptions
        /// Phones show two pixels a point; their pictures are small.
        var scale: Double { options.preset == .phone ? 2 : 1.5 }
    }

    /// A picture that is drawn.
    struct Drawn {
        let path: String
        let scene: Scene
        let bytes: [UInt8]
    }

    private static func path(_ figure: String, _ language: Language, _ theme: Theme, _ preset: Preset) -> String {
        "images/\(figure)-\(language.rawValue)-\(theme.rawValue)\(preset == .phone ? "-phone" : "").png"
    }

    /// The pictures and `index.html`.
    func files() throws -> [OutputFile] {
        Self.files(try Parallel.map(wanted(), worker: CairoRenderer.init) { try Self.draw($0, $1) }.flatMap(\.self))
    }

    /// One picture in each of its themes.
    static func draw(_ item: Wanted, _ renderer: CairoRenderer) throws -> [Drawn] {
        let scene = try item.figure.draw(item.data, item.options, renderer.measurer)
        return try item.options.themes.map { theme in
            Drawn(
                path: path(item.figure.name, item.options.language, theme, item.options.preset), scene: scene,
                bytes: try renderer.png(scene, theme, scale: item.scale))
        }
    }

    /// `index.html`, and the pictures as files.
    static func files(_ drawn: [Drawn]) -> [OutputFile] {
        let scenes = Dictionary(uniqueKeysWithValues: drawn.map { ($0.path, $0.scene) })
        let entries = Figures.all.map { figure in
            let (english, chinese) = (path(figure.name, .en, .light, .article), path(figure.name, .zh, .light, .article))
            return GalleryPage.Entry(figure: figure.name, english: scenes[english]!, chinese: scenes[chinese]!) { language, theme, preset in
                let path = Self.path(figure.name, language, theme, preset)
                return GalleryPage.Picture(file: path, size: scenes[path]!.size)
            }
        }
        let page = OutputFile(path: "index.html", bytes: Array(GalleryPage(entries).html.utf8))
        return [page] + drawn.map { OutputFile(path: $0.path, bytes: $0.bytes) }
    }

    /// All pictures.
    func wanted() throws -> [Wanted] {
        let example = BuiltInExample(home: home)
        // The figures of traces draw the same ones, but for those with an example of their own.
        let traces = try Dictionary(
            uniqueKeysWithValues: Language.allCases.map { ($0, try example.data(for: .matrix, $0)) })
        return try Figures.all.flatMap { figure in
            try Language.allCases.flatMap { language in
                let data =
                    try figure.needs == .traces && !BuiltInExample.ofTheirOwn.contains(figure.name)
                    ? traces[language]! : example.data(for: figure, language)
                return [Preset.article, .phone].flatMap { preset in
                    // What print says of its greys takes more room.
                    [[Theme.light, .dark], [.print]].map { themes in
                        var options = FigureOptions()
                        (options.language, options.themes, options.preset) = (language, themes, preset)
                        return Wanted(figure: figure, data: data, options: options)
                    }
                }
            }
        }
    }
}
