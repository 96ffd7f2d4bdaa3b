// The gallery as one HTML page: pictures arranged by the claim that each supports, in both languages and all themes, switched by the reader without a
// script or a network. A pure string builder; whoever calls it writes the pictures and this page into one folder.

public import AttentionEngine

/// The index of a folder of pictures.
public struct GalleryPage: Sendable {
    /// One figure: its words, and a picture for each language and theme.
    public struct Entry: Sendable {
        /// The figure's name.
        public let figure: String
        /// The finding.
        public let title: Bilingual
        /// The picture in words.
        public let alt: Bilingual
        /// A line to stand under it.
        public let caption: Bilingual
        /// Width and height, in points.
        public let size: Size
        /// The file's name for a language and theme, relative to the page.
        public let file: @Sendable (Language, Theme) -> String

        /// An entry from a drawn scene.
        public init(figure: String, scene: Scene, file: @escaping @Sendable (Language, Theme) -> String) {
            self.figure = figure
            title = scene.title
            alt = scene.alt
            caption = scene.caption
            size = scene.size
            self.file = file
        }
    }

    /// A claim and the figures that support it, in the order of the page.
    public static let claims: [(claim: Bilingual, figures: [String])] = [
        (Bilingual(en: "Attention is a weighted choice among earlier tokens", zh: "注意力是对之前词元的加权选择"), ["matrix", "heads", "arcs"]),
        (
            Bilingual(en: "Sparse attention picks anew for every query: not picked is not forgotten", zh: "稀疏注意力为每个查询重新挑选：没被选中不等于被忘掉"),
            ["questions", "compare"]
        ),
        (Bilingual(en: "A small indexer decides which tokens stay", zh: "由一个小小的索引器决定哪些词元留下"), ["indexer", "pipeline"]),
        (Bilingual(en: "It selects tokens, where others select blocks or neighbours", zh: "它挑选的是词元，别的方法挑选块或邻居"), ["patterns"]),
        (
            Bilingual(en: "Long contexts cost much less, and the indexer is still quadratic", zh: "长上下文便宜得多，而索引器仍是平方增长"),
            ["growth", "cost-curve", "doubling", "measured"]
        ),
        (Bilingual(en: "Prices fell; the cache did not shrink", zh: "价格降了，缓存并没有变小"), ["prices", "cache"]),
        (Bilingual(en: "Quality stayed on a par", zh: "质量旗鼓相当"), ["parity"]),
    ]

    /// The entries, in any order.
    public let entries: [Entry]

    /// A page of entries.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// The page. Figures that no claim names come last, under a heading of their own.
    public var html: String {
        let named = Set(Self.claims.flatMap(\.figures))
        var groups = Self.claims
        groups.append((Bilingual(en: "More", zh: "其他"), entries.map(\.figure).filter { !named.contains($0) }))
        let sections = groups.compactMap { group -> String? in
            let own = group.figures.flatMap { name in entries.filter { $0.figure == name } }
            return own.isEmpty
                ? nil : "<section>\n<h2>\(Self.both(group.claim))</h2>\n\(own.map(figure).joined(separator: "\n"))\n</section>"
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Attention Steps: gallery · 图集</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            \(Self.switches)
            <main>
            <h1>\(Self.both(Bilingual(en: "Attention, step by step: the pictures", zh: "逐步看懂注意力：图集")))</h1>
            \(sections.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private func figure(_ entry: Entry) -> String {
        var pictures: [String] = []
        for language in Language.allCases {
            for theme in Theme.allCases {
                pictures.append(
                    "<img class=\"\(language.rawValue) \(theme.rawValue)\" lang=\"\(Self.tag(language))\" src=\"\(Self.escaped(entry.file(language, theme)))\" alt=\"\(Self.escaped(entry.alt[language]))\" width=\"\(Int(entry.size.width))\" loading=\"lazy\">"
                )
            }
        }
        let name = Self.escaped(entry.figure)
        return
            "<figure id=\"\(name)\">\n\(pictures.joined(separator: "\n"))\n<figcaption>\(Self.both(entry.caption)) <code>attn figure \(name)</code></figcaption>\n</figure>"
    }

    private static func tag(_ language: Language) -> String { language == .zh ? "zh-CN" : "en" }

    /// A text in both languages, of which the page shows one.
    private static func both(_ text: Bilingual) -> String {
        Language.allCases.map { "<span class=\"\($0.rawValue)\" lang=\"\(tag($0))\">\(escaped(text[$0]))</span>" }.joined()
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

    private static let switches = """
        <fieldset class="switch"><legend>Language · 语言</legend>
        <label><input type="radio" name="language" id="en" checked> English</label>
        <label><input type="radio" name="language" id="zh"> 中文</label></fieldset>
        <fieldset class="switch"><legend>Theme · 主题</legend>
        <label><input type="radio" name="theme" id="light" checked> Light · 浅色</label>
        <label><input type="radio" name="theme" id="dark"> Dark · 深色</label>
        <label><input type="radio" name="theme" id="print"> Print · 印刷</label></fieldset>
        """

    private static let style = """
        :root { --paper: #fff; --ink: #1a1f29; --muted: #667085; --rule: #dbe0e8; }
        body:has(#dark:checked) { --paper: #14171f; --ink: #e9ecf2; --muted: #9ca5b8; --rule: #343b4a; color-scheme: dark; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 Inter, "Noto Sans", "Noto Sans CJK SC", system-ui, sans-serif; }
        main { max-width: 1200px; margin: 0 auto; padding: 0 20px 60px; }
        h1 { font-size: 28px; line-height: 1.25; }
        h2 { font-size: 20px; line-height: 1.3; margin: 64px 0 16px; padding-top: 16px; border-top: 1px solid var(--rule); }
        .switch { display: inline-block; border: 0; margin: 12px 20px 0; padding: 0; }
        .switch legend { float: left; margin-right: 12px; color: var(--muted); }
        .switch label { margin-right: 12px; }
        figure { margin: 0 0 44px; }
        img { display: block; max-width: 100%; height: auto; }
        figcaption { color: var(--muted); font-size: 14px; margin-top: 8px; }
        code { font: 13px ui-monospace, monospace; margin-left: 8px; }
        body:has(#en:checked) .zh, body:has(#zh:checked) .en { display: none; }
        body:has(#light:checked) img:not(.light), body:has(#dark:checked) img:not(.dark), body:has(#print:checked) img:not(.print) { display: none; }
        @media print { .switch { display: none; } }
        """
}
