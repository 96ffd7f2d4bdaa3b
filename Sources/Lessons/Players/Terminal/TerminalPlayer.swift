// A page as lines of a terminal. TerminalPlay shows them one step at a time; in a pipe they come all at once.

internal import Diagrams
internal import Traces

/// Says in words what a figure shows, in the page's language: for players that do not draw it. Nil if it cannot be drawn.
public typealias FigureDescription = @Sendable (_ figure: PageFigure) -> String?

/// Plays pages on a terminal, or into a pipe.
public struct TerminalPlayer: Sendable {
    /// Columns to fill.
    public var columns: Int
    /// Rows that one screen has; nil where nobody looks at a screen.
    let rows: Int?
    /// Colours.
    public var color: TerminalColor
    let describe: FigureDescription
    /// The cell that the step being shown is about.
    private var focus: (step: String, index: [Int])?

    /// A player for a screen of that size; lines of prose are at most 92 columns. Matrices are drawn; of other figures `describe` says what
    /// they show.
    public init(columns: Int, rows: Int? = nil, color: TerminalColor, describe: @escaping FigureDescription = { _ in nil }) {
        self.columns = max(columns, 20)
        self.rows = rows.map { max($0, 6) }
        self.color = color
        self.describe = describe
    }

    /// The same for a window of another size.
    func resized(to window: Terminal.Window) -> TerminalPlayer {
        TerminalPlayer(columns: window.columns, rows: window.rows, color: color, describe: describe)
    }

    /// What a step shows at once, and what it shows after the reader has had a guess.
    public struct Part: Hashable, Sendable {
        /// Lines that belong together, with escape codes if colours are on: where a screen ends, they are kept whole if they can be.
        var blocks: [[String]]
        /// Whether a question stands at the end, and Enter shows the answer.
        public var asks: Bool

        /// All lines.
        public var lines: [String] { blocks.flatMap(\.self) }
    }

    /// The whole page, answers included: for pipes.
    public func lines(of page: Page) -> [String] {
        header(of: page) + page.steps.flatMap { step in parts(of: step, in: page).flatMap(\.lines) + [""] }
    }

    /// The title and summary.
    public func header(of page: Page) -> [String] {
        [painted([Styled(page.title, .title)]), ""] + prose([Styled(page.summary)]) + [""]
    }

    /// A step, cut after each question.
    public func parts(of step: PageStep, in page: Page) -> [Part] {
        let head = "\(step.number)/\(page.steps.count)  "
        var parts = [Part(blocks: [prose([Styled(head, .muted)] + styled(step.heading, .title)) + [""]], asks: false)]
        if let pathway = step.pathway { parts[0].blocks.append(self.pathway(pathway, page.language) + [""]) }
        var player = self
        player.focus = step.focus
        for block in step.blocks { player.add(block, to: &parts, page.language) }
        return parts
    }

    private func add(_ block: Block, to parts: inout [Part], _ language: Language) {
        guard case .predict(let question, let answer) = block else {
            parts[parts.count - 1].blocks.append(lines(of: block, language) + [""])
            return
        }
        parts[parts.count - 1].blocks.append(
            indented(question.flatMap { narrower(2).lines(of: $0, language, .question) }, first: "? ", rest: "  ") + [""])
        parts[parts.count - 1].asks = true
        parts.append(Part(blocks: [], asks: false))
        for block in answer { add(block, to: &parts, language) }
    }

    // MARK: Blocks

    private func lines(of block: Block, _ language: Language, _ style: Styled.Style = .plain) -> [String] {
        switch block {
        case .heading(_, let inlines): prose(styled(inlines, .title))
        case .paragraph(let inlines): prose(styled(inlines, style))
        case .rule: [String(repeating: "─", count: min(columns, 40))]
        case .code(let code, _):
            code.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
                let pieces = TerminalText.wrapped([Styled(String(line), .code)], columns: columns - 6)
                return pieces.enumerated().map { ($0 == 0 ? "    " : "      ") + painted($1) }
            }
        case .codeBeside(let code): beside(code)
        case .quote(let blocks): narrower(2).joined(blocks, language).map { painted([Styled("│ ", .muted)]) + $0 }
        case .list(let start, let items):
            items.enumerated().flatMap { offset, item in
                let bullet = "  " + (start.map { "\($0 + offset). " } ?? "• ")
                return indented(
                    narrower(bullet.count).joined(item, language), first: bullet, rest: String(repeating: " ", count: bullet.count))
            }
        case .explanation(let explanation): self.explanation(explanation, language)
        case .formula(let formula, _, let source):
            ["    " + painted([Styled(formula.text, .bold)])] + prose([Styled(source, .muted)], indent: 4)
        case .figure(let figure): self.figure(figure, language)
        case .predict(let question, let answer): joined(question, language) + joined(answer, language)
        }
    }

    private func figure(_ figure: PageFigure, _ language: Language) -> [String] {
        if figure.name == "matrix" { return TerminalMatrix(figure, focus: focus, language, on: self).lines() }
        return words(of: figure, language)
    }

    /// A figure in words.
    func words(of figure: PageFigure, _ language: Language) -> [String] {
        guard let words = describe(figure) else { return [] }
        let label = Bilingual(en: "Figure: ", zh: "图：")[language]
        return prose([Styled(label + TerminalText.sanitized(words), .muted)], indent: 4)
    }

    /// The picture that stays, as a line of its parts: the one that is lit in brackets.
    private func pathway(_ figure: PageFigure, _ language: Language) -> [String] {
        guard let pathway = try? Pathway(figure.data, figure.options) else { return [] }
        var pieces: [Styled] = []
        for (number, entry) in pathway.parts.enumerated() {
            if number > 0 { pieces.append(Styled(" → ", .muted)) }
            let name = TerminalText.sanitized(entry.name[language])
            pieces.append(entry.part == figure.options.part ? Styled("[\(name)]", .bold) : Styled(name, .muted))
        }
        return prose(pieces)
    }

    private func joined(_ blocks: [Block], _ language: Language) -> [String] {
        Array(blocks.map { lines(of: $0, language) }.joined(separator: [""]))
    }

    private func explanation(_ explanation: Explanation, _ language: Language) -> [String] {
        chain(explanation) + explanation.notes.flatMap { note in prose([Styled(note[language], .muted)], indent: 4) }
    }

    /// The chain of equalities of a cell.
    func chain(_ explanation: Explanation) -> [String] {
        explanation.pieces.enumerated().flatMap { offset, line in
            line.flatMap { TerminalText.wrapped([Styled($0, .code)], columns: columns - (offset == 0 ? 4 : 8)) }.enumerated().map {
                (offset == 0 ? "    " : $0 == 0 ? "      " : "        ") + painted($1)
            }
        }
    }

    private func narrower(_ count: Int) -> TerminalPlayer {
        var player = self
        player.columns = max(columns - count, 20)
        return player
    }
    /// Code and values in columns; where the window is too narrow for that, the value in a line of its own. The lit line is marked and bold.
    private func beside(_ code: CodeBeside) -> [String] {
        let rows = code.text.map(TerminalText.sanitized)
        if rows.allSatisfy({ TerminalText.width($0) <= columns - 2 }) {
            return rows.enumerated().map { "  " + painted([Styled($1, $0 == code.lit ? .bold : .code)]) }
        }
        return code.lines.enumerated().flatMap { at, line in
            let mark = at == code.lit ? CodeBeside.mark : "  "
            let under = "# \(TerminalText.sanitized(line.value.text))  \(TerminalText.sanitized(line.note))"
            func wrapped(_ text: String, _ style: Styled.Style, first: String) -> [String] {
                TerminalText.wrapped([Styled(text, style)], columns: max(columns - 8, 8)).enumerated().map {
                    "  " + ($0 == 0 ? first : "    ") + painted($1)
                }
            }
            return wrapped(TerminalText.sanitized(line.code), at == code.lit ? .bold : .code, first: mark)
                + wrapped(under, at == code.lit ? .bold : .muted, first: "    ")
        }
    }

    /// Lines after a beginning, or under it.
    func indented(_ lines: [String], first: String, rest: String) -> [String] {
        lines.enumerated().map { ($0 == 0 ? first : rest) + $1 }
    }

    // MARK: Text

    /// Words in lines, as wide as they are easily read.
    func prose(_ pieces: [Styled], indent: Int = 0) -> [String] {
        TerminalText.wrapped(pieces, columns: min(columns - indent, 92)).map { String(repeating: " ", count: indent) + painted($0) }
    }

    private func styled(_ inlines: [Inline], _ style: Styled.Style) -> [Styled] {
        inlines.flatMap { inline -> [Styled] in
            switch inline {
            case .text(let text): [Styled(TerminalText.sanitized(text), style)]
            case .value(let value): [Styled(TerminalText.sanitized(value.text), .value)]
            case .code(let code): [Styled(TerminalText.sanitized(code), .code)]
            case .emphasis(let inner): styled(inner, .italic)
            case .strong(let inner): styled(inner, .bold)
            case .link(let url, let inner): styled(inner, style) + [Styled(" <\(TerminalText.sanitized(url))>", .muted)]
            case .lineBreak: [Styled("\n", style)]
            }
        }
    }

    /// The pieces as one string; equal neighbours share their escape codes.
    func painted(_ pieces: [Styled]) -> String {
        guard color != .none else { return pieces.map(\.text).joined() }
        var result = ""
        var previous = Styled.Style.plain
        for piece in pieces {
            if piece.style != previous {
                if previous != .plain { result += "\u{1B}[0m" }
                result += Self.codes[piece.style] ?? ""
                previous = piece.style
            }
            result += piece.text
        }
        return previous == .plain ? result : result + "\u{1B}[0m"
    }

    private static let codes: [Styled.Style: String] = [
        .bold: "\u{1B}[1m", .italic: "\u{1B}[3m", .value: "\u{1B}[1m", .code: "\u{1B}[36m", .muted: "\u{1B}[2m", .title: "\u{1B}[1;34m",
        .question: "\u{1B}[1;33m",
    ]
}
