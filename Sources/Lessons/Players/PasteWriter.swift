// A page as HTML to be pasted into the editors of WeChat and Zhihu, which keep elements and inline styles, and drop style elements, classes, ids
// and scripts. Pictures stand beside it. Links are spelled out too, since WeChat removes their addresses.

internal import Diagrams
internal import Traces

/// Writes pages as HTML with inline styles only.
public struct PasteWriter {
    private let draw: FigureDrawing

    /// A writer whose pictures `draw` draws, as PNG.
    public init(draw: @escaping FigureDrawing) { self.draw = draw }

    /// `index.html` and `images/NN-step.png` of one page. Throws what drawing throws.
    public func files(of page: Page) throws -> [OutputFile] {
        var article = PasteArticle(language: page.language, draw: draw)
        var body = "<section style=\"\(PasteStyle.page)\">\n<p style=\"\(PasteStyle.summary)\">\(HTMLText.escaped(page.summary))</p>\n"
        for step in page.steps {
            article.begin(step)
            body +=
                "<h2 style=\"\(PasteStyle.heading)\">\(article.text(step.heading))</h2>\n"
                + (try article.blocks((step.pathway.map { [.figure($0)] } ?? []) + step.blocks))
        }
        let text = """
            <!doctype html>
            <html lang="\(HTMLText.tag(page.language))">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(HTMLText.escaped(page.title))</title>
            </head>
            <body>
            \(body)</section>
            </body>
            </html>

            """
        return [OutputFile(path: "index.html", bytes: Array(text.utf8))] + article.pictures
    }
}

/// The inline styles; the roles' colours, and nothing that an editor would strip.
private enum PasteStyle {
    static let page = "max-width: 720px; margin: 0 auto; padding: 0 16px; font-size: 16px; line-height: 1.75; color: #1a1f29;"
    static let summary = "margin: 16px 0; color: #5c6577;"
    static let heading = "margin: 36px 0 12px; font-size: 20px; line-height: 1.4; font-weight: bold; color: #1a1f29;"
    static let subheading = "margin: 24px 0 8px; font-size: 17px; font-weight: bold;"
    static let paragraph = "margin: 14px 0;"
    static let list = "margin: 14px 0; padding-left: 24px;"
    static let quote = "margin: 16px 0; padding: 4px 16px; border-left: 3px solid #0068a3; background-color: #f5f7fa;"
    static let question = "margin: 20px 0; padding: 8px 16px; border-radius: 8px; background-color: #fff0b8;"
    static let label = "margin: 6px 0; font-weight: bold;"
    static let code =
        "margin: 14px 0; padding: 12px 16px; background-color: #f5f7fa; font-family: Consolas, Menlo, monospace; font-size: 14px; line-height: 1.6; white-space: pre-wrap; word-break: break-all;"
    static let inlineCode = "padding: 1px 4px; background-color: #f5f7fa; font-family: Consolas, Menlo, monospace; font-size: 15px;"
    static let formula = "margin: 18px 0 4px; text-align: center; font-size: 18px; font-family: Georgia, 'Times New Roman', serif;"
    static let origin = "margin: 0 0 18px; text-align: center; font-size: 14px; color: #5c6577;"
    static let note = "margin: 4px 0 14px; font-size: 14px; color: #5c6577;"
    static let picture = "margin: 18px 0; text-align: center;"
    static let image = "max-width: 100%;"
    static let rule = "margin: 28px 0; border: 0; border-top: 1px solid #dbe0e8;"
    static let link = "color: #0068a3;"
}

private struct PasteArticle {
    let language: Language
    let draw: FigureDrawing
    var pictures: [OutputFile] = []
    private var stem = ""
    private var picturesInStep = 0

    init(language: Language, draw: @escaping FigureDrawing) {
        self.language = language
        self.draw = draw
    }

    mutating func begin(_ step: PageStep) {
        stem = (step.number < 10 ? "0" : "") + "\(step.number)-\(step.id)"
        picturesInStep = 0
    }

    mutating func blocks(_ blocks: [Block]) throws -> String {
        var text = ""
        for block in blocks { text += try self.block(block) }
        return text
    }

    private mutating func block(_ block: Block) throws -> String {
        switch block {
        case .heading(_, let inlines): return element("h3", PasteStyle.subheading, text(inlines))
        case .paragraph(let inlines): return element("p", PasteStyle.paragraph, text(inlines))
        case .rule: return "<hr style=\"\(PasteStyle.rule)\">\n"
        case .code(let code, _): return lines(code.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        case .codeBeside(let code): return beside(code)
        case .quote(let inner): return element("blockquote", PasteStyle.quote, "\n" + (try blocks(inner)))
        case .list(let start, let items): return try list(start, items)
        case .explanation(let explanation):
            let notes = explanation.notes.map { element("p", PasteStyle.note, HTMLText.escaped($0[language])) }
            return lines(explanation.lines(language, inFull: false)) + notes.joined()
        case .formula(let formula, let title, let source):
            let origin = [title, source].filter { !$0.isEmpty }.map(HTMLText.escaped).joined(separator: " · ")
            // Pango's markup is `i`, `sub` and `sup`, which are HTML too.
            return element("p", PasteStyle.formula, formula.pangoMarkup) + element("p", PasteStyle.origin, origin)
        case .figure(let figure): return try picture(figure)
        case .predict(let question, let answer):
            let inner = element("p", PasteStyle.label, PageWords.think[language]) + (try blocks(question))
            return element("section", PasteStyle.question, "\n" + inner) + element("p", PasteStyle.label, PageWords.answer[language])
                + (try blocks(answer))
        }
    }

    private func element(_ name: String, _ style: String, _ inner: String) -> String { "<\(name) style=\"\(style)\">\(inner)</\(name)>\n" }

    /// Code, value and note of a line after each other: editors keep no columns. The lit line is marked and bold.
    private func beside(_ code: CodeBeside) -> String {
        let lines = code.lines.enumerated().map { at, line in
            let text = HTMLText.escaped("\(line.code)  # \(line.value.text)  \(line.note)")
            return at == code.lit ? "<strong>\(CodeBeside.mark)\(text)</strong>" : text
        }
        return element("section", PasteStyle.code, lines.joined(separator: "<br>"))
    }

    /// Lines that keep their breaks: editors drop those of `pre`.
    private func lines(_ lines: [String]) -> String {
        element("section", PasteStyle.code, lines.map { HTMLText.escaped($0) }.joined(separator: "<br>"))
    }

    private mutating func list(_ start: Int?, _ items: [[Block]]) throws -> String {
        var inner = "\n"
        for item in items {
            if item.count == 1, case .paragraph(let inlines) = item[0] {
                inner += "<li>\(text(inlines))</li>\n"
            } else {
                inner += "<li>\(try blocks(item))</li>\n"
            }
        }
        guard let start else { return element("ul", PasteStyle.list, inner) }
        return "<ol start=\"\(start)\" style=\"\(PasteStyle.list)\">\(inner)</ol>\n"
    }

    private mutating func picture(_ figure: PageFigure) throws -> String {
        let drawn = try draw(figure.name, figure.data, figure.options)
        picturesInStep += 1
        let path = "images/\(stem)\(picturesInStep > 1 ? "-\(picturesInStep)" : "").\(drawn.fileExtension)"
        pictures.append(OutputFile(path: path, bytes: drawn.bytes))
        return element(
            "p", PasteStyle.picture, "<img src=\"\(path)\" alt=\"\(HTMLText.escaped(drawn.alt))\" style=\"\(PasteStyle.image)\">")
    }

    func text(_ inlines: [Inline]) -> String {
        inlines.map { inline in
            switch inline {
            case .text(let text): HTMLText.escaped(text)
            case .value(let value): HTMLText.escaped(value.text)
            case .code(let code): "<code style=\"\(PasteStyle.inlineCode)\">\(HTMLText.escaped(code))</code>"
            case .emphasis(let inner): "<em>\(text(inner))</em>"
            case .strong(let inner): "<strong>\(text(inner))</strong>"
            case .link(let url, let inner): link(url, inner)
            case .lineBreak: "<br>"
            }
        }.joined()
    }

    private func link(_ url: String, _ inner: [Inline]) -> String {
        guard HTMLText.isSafe(link: url), url.contains("://") else { return text(inner) }
        let address = HTMLText.escaped(url)
        let words = Inline.plain(inner) == url ? "" : Bilingual(en: " (\(address))", zh: "（\(address)）")[language]
        return "<a href=\"\(address)\" style=\"\(PasteStyle.link)\">\(text(inner))</a>\(words)"
    }
}
