// The gallery as one HTML page: pictures arranged by the claim that each supports, in both languages and all themes, switched by the reader without a
// script or a network. A pure string builder; whoever calls it writes the pictures and this page into one folder.

public import Diagrams
public import Traces

/// The index of a folder of pictures.
public struct GalleryPage: Sendable {
    /// One picture file.
    public struct Picture: Sendable {
        /// The name relative to the page.
        public let file: String
        /// Width and height, in points.
        public let size: Size

        /// A picture by its name and size.
        public init(file: String, size: Size) {
            self.file = file
            self.size = size
        }
    }

    /// One figure: its words, and for each language and theme a picture for a page and one for a phone.
    public struct Entry: Sendable {
        /// The figure's name.
        public let figure: String
        /// The picture in words.
        public let alt: Bilingual
        /// A line to stand under it.
        public let caption: Bilingual
        /// The picture for a language, a theme and a preset, `article` or `phone`.
        public let picture: @Sendable (Language, Theme, Preset) -> Picture

        /// An entry with the words of scenes drawn in each language: built-in data may be in the reader's language too.
        public init(
            figure: String, english: Scene, chinese: Scene, picture: @escaping @Sendable (Language, Theme, Preset) -> Picture
        ) {
            self.figure = figure
            alt = Bilingual(en: english.alt.en, zh: chinese.alt.zh)
            caption = Bilingual(en: english.caption.en, zh: chinese.caption.zh)
            self.picture = picture
        }
    }

    /// A claim and the figures that support it, in the order of the page.
    public static let claims: [(claim: Bilingual, figures: [String])] = [
        (Bilingual(en: "One diary, from words to an answer, on one sheet", zh: "一篇日记，从词到答案，一张纸讲完"), ["poster"]),
        (
            Bilingual(en: "Attention is a weighted choice among earlier tokens", zh: "注意力是对之前词元的加权选择"),
            ["pathway", "matrix", "softmax", "weighted-sum", "heads", "head-kinds", "arcs"]
        ),
        (
            Bilingual(en: "Sparse attention picks anew for every query: not picked is not forgotten", zh: "稀疏注意力为每个查询重新挑选：没被选中不等于被忘掉"),
            ["questions", "compare"]
        ),
        (Bilingual(en: "A small indexer decides which tokens stay", zh: "由一个小小的索引器决定哪些词元留下"), ["indexer", "pipeline", "pipeline-detail"]),
        (
            Bilingual(en: "It selects tokens, where others select blocks or neighbours", zh: "它挑选的是词元，别的方法挑选块或邻居"),
            ["patterns", "timeline-of-ideas"]
        ),
        (
            Bilingual(en: "Long contexts cost much less, and the indexer is still quadratic", zh: "长上下文便宜得多，而索引器仍是平方增长"),
            ["triangles", "next-token", "rows-touched", "growth", "cost-curve", "doubling", "measured"]
        ),
        (Bilingual(en: "One latent a token serves all heads, and position stays outside it", zh: "每个词元一个潜向量，各头共用，位置另放"), ["absorption"]),
        (Bilingual(en: "Prices fell; the cache did not shrink", zh: "价格降了，缓存并没有变小"), ["prices", "cache"]),
        (Bilingual(en: "Quality stayed on a par", zh: "质量旗鼓相当"), ["parity", "loss-curves", "selection-loss", "selection-map"]),
        (Bilingual(en: "A mistake in attention hides in plain sight", zh: "注意力里的错误，摆在眼前也看不出来"), ["difference"]),
        (
            Bilingual(
                en: "Between a model and a chip stands a tower of software, and data take time to fetch", zh: "模型与芯片之间隔着一座软件塔，取数据也要花时间"),
            ["stack", "roofline"]
        ),
        (
            Bilingual(
                en: "Tiles and pipelines keep a chip fed; one program says which tile, the compiler the rest",
                zh: "分块与流水让芯片不挨饿；程序只说要哪一块，其余归编译器"),
            ["tiles", "timeline", "traffic", "one-program"]
        ),
    ]

    /// The entries, in any order.
    public let entries: [Entry]

    /// A page of entries.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// Claims with the entries that support them. Figures that no claim names come last, under a heading of their own.
    private var groups: [(claim: Bilingual, entries: [Entry])] {
        let named = Set(Self.claims.flatMap { $0.figures })
        let others = entries.map { $0.figure }.filter { !named.contains($0) }
        let all = Self.claims + [(claim: Bilingual(en: "More", zh: "其他"), figures: others)]
        return all.map { group in (group.claim, group.figures.flatMap { name in entries.filter { $0.figure == name } }) }
            .filter { !$0.entries.isEmpty }
    }

    /// The page.
    public var html: String {
        let sections = groups.enumerated().map { number, group in
            "<section id=\"claim-\(number + 1)\">\n<h2>\(Self.both(group.claim))</h2>\n\(group.entries.map(figure).joined(separator: "\n"))\n</section>"
        }
        let contents = groups.enumerated().map { "<li><a href=\"#claim-\($0 + 1)\">\(Self.both($1.claim))</a></li>" }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Attention Steps: gallery · 图集</title>
            <style>
            \(GalleryStyle.css)
            </style>
            </head>
            <body>
            <header>
            \(GalleryStyle.switches)
            </header>
            <main>
            <h1>\(Self.both(Self.title))</h1>
            <p>\(Self.both(Self.introduction))</p>
            <nav aria-label="Contents · 目录"><ol>
            \(contents.joined(separator: "\n"))
            </ol></nav>
            \(sections.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private static let title = Bilingual(en: "Attention, step by step: the pictures", zh: "逐步看懂注意力：图集")

    private static let introduction = Bilingual(
        en:
            "Each picture under the claim that it supports. A picture opens in full size; a click selects a caption. Made with Attention Steps: free to use, for any purpose.",
        zh: "每张图都归在它所支持的论点之下。点图看原图，点图注即可整句选中。由 Attention Steps 绘制，可自由用于任何用途。")

    private func figure(_ entry: Entry) -> String {
        let pictures = Language.allCases.flatMap { language in Theme.allCases.map { Self.picture(entry, language, $0) } }
        let name = Self.escaped(entry.figure)
        return """
            <figure id="\(name)">
            \(pictures.joined(separator: "\n"))
            <figcaption>\(Self.both(entry.caption, tag: "p"))
            <details><summary>\(Self.both(Bilingual(en: "Alt text", zh: "替代文字")))</summary>\(Self.both(entry.alt, tag: "p"))</details>
            <code>attn figure \(name)</code></figcaption>
            </figure>
            """
    }

    private static func picture(_ entry: Entry, _ language: Language, _ theme: Theme) -> String {
        let (wide, narrow) = (entry.picture(language, theme, .article), entry.picture(language, theme, .phone))
        func size(_ picture: Picture) -> String { "width=\"\(Int(picture.size.width))\" height=\"\(Int(picture.size.height))\"" }
        return """
            <a class="\(language.rawValue) \(theme.rawValue)" href="\(escaped(wide.file))"><picture>\
            <source media="(max-width: 640px)" srcset="\(escaped(narrow.file))" \(size(narrow))>\
            <img lang="\(tag(language))" src="\(escaped(wide.file))" alt="\(escaped(entry.alt[language]))" \(size(wide)) loading="lazy">\
            </picture></a>
            """
    }

    private static func tag(_ language: Language) -> String { language == .zh ? "zh-CN" : "en" }

    /// A text in both languages, of which the page shows one.
    private static func both(_ text: Bilingual, tag element: String = "span") -> String {
        Language.allCases.map { "<\(element) class=\"\($0.rawValue)\" lang=\"\(tag($0))\">\(escaped(text[$0]))</\(element)>" }.joined()
    }

    /// `text` for HTML, in elements and attributes alike.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
