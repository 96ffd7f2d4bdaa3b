// A page as an article folder: index.md, ready for GitHub, and its pictures. What came from a reader or a trace is escaped.

internal import Diagrams
internal import Traces

/// A file of a result, to be written under the output folder.
public struct OutputFile: Hashable, Sendable {
    /// The path below the output folder, with `/`.
    public let path: String
    /// The contents.
    public let bytes: [UInt8]

    /// A file.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// Writes pages as Markdown (CommonMark with GitHub's front matter).
public struct MarkdownWriter {
    private let draw: FigureDrawing

    /// A writer whose pictures `draw` draws.
    public init(draw: @escaping FigureDrawing) { self.draw = draw }

    /// `index.md` and `images/NN-step.png` of one page. Throws what drawing throws.
    public func files(of page: Page) throws -> [OutputFile] {
        var article = Article(language: page.language, draw: draw)
        article.frontMatter(page)
        for step in page.steps {
            article.add("## " + article.text(step.heading))
            article.beginStep(step)
            try article.blocks((step.pathway.map { [.figure($0)] } ?? []) + step.blocks)
        }
        return [OutputFile(path: "index.md", bytes: Array(article.lines.joined(separator: "\n").utf8) + [10])] + article.pictures
    }
}

private struct Article {
    let language: Language
    let draw: FigureDrawing
    var lines: [String] = []
    var pictures: [OutputFile] = []
    private var stem = ""
    private var picturesInStep = 0

    init(language: Language, draw: @escaping FigureDrawing) {
        self.language = language
        self.draw = draw
    }

    mutating func frontMatter(_ page: Page) {
        lines += [
            "---", "title: \(quoted(page.title))", "summary: \(quoted(page.summary))", "lang: \(language == .en ? "en" : "zh-Hans")", "---",
            "",
        ]
        lines += ["# " + MarkdownText.escaped(page.title)]
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    mutating func beginStep(_ step: PageStep) {
        stem = (step.number < 10 ? "0" : "") + "\(step.number)-\(step.id)"
        picturesInStep = 0
    }

    /// One block of lines, with an empty line before it.
    mutating func add(_ block: String) { lines += ["", block] }

    mutating func blocks(_ blocks: [Block]) throws { for block in blocks { try self.block(block) } }

    private mutating func block(_ block: Block) throws {
        switch block {
        case .heading(let level, let inlines): add(String(repeating: "#", count: max(level, 3)) + " " + text(inlines))
        case .paragraph(let inlines): add(MarkdownText.safeStart(text(inlines)))
        case .rule: add("---")
        case .code(let code, let language): add(MarkdownText.fenced(code, language))
        case .codeBeside(let code): add(MarkdownText.fenced(code.text.map(TerminalText.sanitized).joined(separator: "\n"), ""))
        case .quote(let inner): try nested(inner, first: "> ", rest: "> ")
        case .list(let start, let items):
            for (offset, item) in items.enumerated() {
                let bullet = start.map { "\($0 + offset). " } ?? "- "
                try nested(item, first: bullet, rest: String(repeating: " ", count: bullet.count), isTight: offset > 0)
            }
        case .explanation(let explanation): self.explanation(explanation)
        case .formula(let formula, let title, let source):
            add("$$\(formula.latex)$$")
            add("*\(MarkdownText.escaped(title))* (\(MarkdownText.escaped(source)))")
        case .figure(let figure): try picture(figure)
        case .predict(let question, let answer):
            try nested(question, first: "> ", rest: "> ")
            add("<details><summary>\(Bilingual(en: "Answer", zh: "看答案")[language])</summary>")
            try blocks(answer)
            add("</details>")
        }
    }

    private mutating func nested(_ inner: [Block], first: String, rest: String, isTight: Bool = false) throws {
        var part = self
        part.lines = []
        try part.blocks(inner)
        pictures = part.pictures
        picturesInStep = part.picturesInStep
        let text = part.lines.dropFirst().joined(separator: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        if !isTight { lines.append("") }
        for (offset, line) in text.enumerated() { lines.append((offset == 0 ? first : rest) + line) }
    }

    private mutating func explanation(_ explanation: Explanation) {
        let lines = explanation.pieces.flatMap { line in line.enumerated().map { ($0 == 0 ? "" : "  ") + $1 } }
        add(MarkdownText.fenced(lines.joined(separator: "\n"), ""))
        for note in explanation.notes { add(MarkdownText.escaped(note[language])) }
    }

    private mutating func picture(_ figure: PageFigure) throws {
        let drawn = try draw(figure.name, figure.data, figure.options)
        picturesInStep += 1
        let path = "images/\(stem)\(picturesInStep > 1 ? "-\(picturesInStep)" : "").\(drawn.fileExtension)"
        pictures.append(OutputFile(path: path, bytes: drawn.bytes))
        add("![\(MarkdownText.escaped(drawn.alt))](\(path))")
    }

    /// `../lesson#step` leads to that lesson's article in this language, which stands in a folder beside this one; Markdown's headings have no names.
    private func target(_ url: String) -> String {
        guard url.hasPrefix("../"), let name = url.dropFirst(3).split(whereSeparator: { "#/".contains($0) }).first else { return url }
        return "../\(name)-\(language.rawValue)/index.md"
    }

    func text(_ inlines: [Inline]) -> String {
        inlines.map { inline in
            switch inline {
            case .text(let text): MarkdownText.escaped(text)
            case .value(let value): MarkdownText.escaped(value.text)
            case .code(let code): MarkdownText.codeSpan(code)
            case .emphasis(let inner): "*\(text(inner))*"
            case .strong(let inner): "**\(text(inner))**"
            case .link(let url, let inner): "[\(text(inner))](<\(target(url))>)"
            case .lineBreak: "\\\n"
            }
        }.joined()
    }
}

/// Text that Markdown must not read as markup.
enum MarkdownText {
    /// Every character that could begin markup has a backslash before it; `<` and `&` are entities; line ends are spaces.
    static func escaped(_ text: String) -> String {
        TerminalText.sanitized(text.map { $0.isNewline ? " " : String($0) }.joined()).map { character in
            switch character {
            case "\\", "`", "*", "_", "[", "]", "#", "!", "|", "~", "$", ">": "\\\(character)"
            case "<": "&lt;"
            case "&": "&amp;"
            default: String(character)
            }
        }.joined()
    }

    /// A paragraph that does not begin like a list, heading or rule.
    static func safeStart(_ text: String) -> String {
        guard let first = text.first else { return text }
        if "-+=:".contains(first) { return "\\" + text }
        let digits = text.prefix(while: \.isNumber)
        if !digits.isEmpty, let next = text.dropFirst(digits.count).first, next == "." || next == ")" {
            return digits + "\\" + text.dropFirst(digits.count)
        }
        return text
    }

    /// A code span whose fence is longer than any run of backticks inside.
    static func codeSpan(_ code: String) -> String {
        let fence = String(repeating: "`", count: longestTicks(code) + 1)
        let pad = code.hasPrefix("`") || code.hasSuffix("`") ? " " : ""
        return fence + pad + code + pad + fence
    }

    /// A fenced block whose fence is longer than any run of backticks inside.
    static func fenced(_ code: String, _ language: String) -> String {
        let fence = String(repeating: "`", count: max(longestTicks(code) + 1, 3))
        let body = code.hasSuffix("\n") ? String(code.dropLast()) : code
        return "\(fence)\(language)\n\(body)\n\(fence)"
    }

    private static func longestTicks(_ text: String) -> Int {
        var longest = 0
        var run = 0
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }
}
