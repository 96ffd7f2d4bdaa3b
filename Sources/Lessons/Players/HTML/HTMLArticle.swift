// The blocks of one page in one language as HTML. What came from a reader, a trace or a lesson is escaped; nothing else writes markup.

internal import Diagrams
internal import Traces

/// Writes the steps of one page.
struct HTMLArticle {
    let page: Page
    let glossary: Glossary
    /// Put before ids: empty for the page's first language.
    let idPrefix: String
    let pictures: PagePictures
    /// The cells of all pictures: the languages of a page collect them together.
    var book: CellBook
    /// The markup of all pictures: the languages of a page collect it together.
    var shared: SharedMarkup
    /// The narrow forms of pictures that no engine draws, by the numbers of the pictures.
    var narrowForms: [(number: Int, svg: String)]
    /// Terms that the whole page has marked.
    private(set) var usedTerms: Set<Int> = []
    private var termsOfStep: Set<Int> = []
    private var focus: (step: String, index: [Int])?
    private var language: Language { page.language }

    /// Pictures are drawn as wide as the column of text, in points.
    static let figureWidth = 760.0
    /// Narrower than this a picture is not shrunk any more, and scrolls in its own box.
    static let leastWidth = 700
    /// Narrow forms are as wide as a phone's column.
    static let narrowWidth = 340.0

    /// `before` has written the page's editions before this one.
    init(_ page: Page, glossary: Glossary, idPrefix: String, after before: HTMLArticle?, pictures: PagePictures) {
        (self.page, self.glossary, self.idPrefix, self.pictures) = (page, glossary, idPrefix, pictures)
        book = before?.book ?? CellBook()
        shared = before?.shared ?? SharedMarkup()
        narrowForms = before?.narrowForms ?? []
    }

    /// The inside of a step, without its heading.
    mutating func body(of step: PageStep) throws -> String {
        termsOfStep = []
        focus = step.focus
        let pathway = try step.pathway.map { figure in "<div class=\"pathway\">\(try picture(figure))</div>\n" } ?? ""
        return pathway + (try blocks(step.blocks))
    }

    /// Blocks one after the other; what follows a question is kept together, since it waits for the answer.
    private mutating func blocks(_ blocks: [Block]) throws -> String {
        var text = ""
        for (position, block) in blocks.enumerated() {
            text += try self.block(block)
            if case .predict = block, position + 1 < blocks.count {
                let rest = try self.blocks(Array(blocks[(position + 1)...]))
                return text + "<div class=\"after\">\n\(rest)</div>\n"
            }
        }
        return text
    }

    private mutating func block(_ block: Block) throws -> String {
        switch block {
        case .heading(let level, let inlines): return "<h\(min(max(level, 3), 6))>\(text(inlines))</h\(min(max(level, 3), 6))>\n"
        case .paragraph(let inlines): return "<p>\(text(inlines))</p>\n"
        case .rule: return "<hr>\n"
        case .code(let code, _):
            return "<pre tabindex=\"0\" aria-label=\"\(PageWords.code[language])\"><code>\(HTMLText.escaped(code))</code></pre>\n"
        case .codeBeside(let code): return beside(code)
        case .quote(let inner): return "<blockquote>\n\(try blocks(inner))</blockquote>\n"
        case .list(let start, let items): return try list(start, items)
        case .explanation(let explanation): return chain(explanation)
        case .formula(let formula, let title, let source): return self.formula(formula, title, source)
        case .figure(let figure): return try picture(figure)
        case .predict(let question, let answer): return try predict(question, answer)
        }
    }

    private mutating func list(_ start: Int?, _ items: [[Block]]) throws -> String {
        let name = start == nil ? "ul" : "ol"
        var text = "<\(name)\(start.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? "")>\n"
        for item in items {
            if item.count == 1, case .paragraph(let inlines) = item[0] {
                text += "<li>\(self.text(inlines))</li>\n"
            } else {
                text += "<li>\(try blocks(item))</li>\n"
            }
        }
        return text + "</\(name)>\n"
    }

    private func chain(_ explanation: Explanation) -> String {
        let lines = explanation.lines(language, inFull: false).map { "<p class=\"line\">\(HTMLText.escaped($0))</p>" }
        let notes = explanation.notes.map { "<p class=\"note\">\(HTMLText.escaped($0[language]))</p>" }
        return "<div class=\"chain\">\((lines + notes).joined(separator: "\n"))</div>\n"
    }

    private func formula(_ formula: Formula, _ title: String, _ source: String) -> String {
        let origin = [title, source].filter { !$0.isEmpty }.map(HTMLText.escaped).joined(separator: " · ")
        return
            "<div class=\"formula\"><div class=\"scroll\">\(formula.mathML(display: true))</div><p class=\"origin\">\(origin)</p></div>\n"
    }

    /// A line of code, its value and what it does, line by line; the lit one is the current one for those who listen.
    private mutating func beside(_ code: CodeBeside) -> String {
        let lines = code.lines.enumerated().map { at, line in
            let current = at == code.lit ? " aria-current=\"step\"" : ""
            return "<li\(current)><code>\(HTMLText.escaped(line.code))</code> \(value(line.value)) "
                + "<span class=\"note\">\(HTMLText.escaped(line.note))</span></li>\n"
        }
        return "<ol class=\"code-beside\" role=\"list\" aria-label=\"\(PageWords.codeBeside[language])\">\n\(lines.joined())</ol>\n"
    }

    private mutating func picture(_ figure: PageFigure) throws -> String {
        var options = figure.options
        options.width = options.width ?? Self.figureWidth
        options.themes = [.light, .dark]
        let scene = try pictures.scene(figure.name, figure.data, options)
        // A demonstration's own steps are in no run of the lesson: nothing could say why.
        let cells = scene.cells.filter { (try? figure.experiment.step($0.step)) != nil }
        let number = book.add(cells, of: figure, focus: focus)
        let width = Int(scene.size.width.rounded())
        let drawn = drawn(figure, options)
        if drawn == nil, Double(width) > Self.narrowWidth { try addNarrow(figure, options, number) }
        let attribute = drawn.map { " data-drawn=\"\(HTMLText.escaped($0.line))\"" } ?? ""
        let picture =
            "<figure class=\"picture\" data-figure=\"\(number)\"\(attribute)><div class=\"scroll\">"
            + "<div class=\"sheet\" style=\"--width:\(width)px;--least:\(min(width, Self.leastWidth))px\"><noscript>\(scene.svg(shared.add(try pictures.markup(scene))))</noscript></div></div></figure>\n"
        guard let panel = figure.panel else { return picture }
        return
            "<section class=\"panel\" aria-label=\"\(PanelWords.panel[language])\" data-panel=\"\(HTMLText.escaped(panel.json.line))\">\n\(picture)</section>\n"
    }

    /// What the page's engine is asked for where it draws the picture anew, in a narrow form or one stage at a time; nil for a picture that it cannot draw.
    private func drawn(_ figure: PageFigure, _ options: FigureOptions) -> JSONText? {
        // What stands beside other runs is drawn from all of them; the page knows this one.
        guard let known = Figures.ofRuns.first(where: { $0.name == figure.name && $0.needs == .traces }),
            known.name != Figure.questions.name,
            figure.experiment.engineRun != nil
        else { return nil }
        var fields: [(String, JSONText)] = [
            ("figure", .string(figure.name)), ("options", options.json), ("least", .number(known.leastWidth)),
        ]
        if known.takes.contains(.stage) {
            let named = [("", PageWords.allStages)] + SoftmaxStage.allCases.map { ($0.rawValue, $0.name) }
            let stages = named.map { id, name in JSONText.object([("id", .string(id)), ("name", .string(name[language]))]) }
            fields += [("words", .string(PageWords.oneStage[language])), ("stages", .array(stages))]
        }
        return .object(fields)
    }

    private mutating func addNarrow(_ figure: PageFigure, _ options: FigureOptions, _ number: Int) throws {
        var narrow = options
        (narrow.preset, narrow.width) = (.phone, max(Self.narrowWidth, try Figures.named(figure.name).leastWidth))
        let scene = try pictures.scene(figure.name, figure.data, narrow)
        narrowForms.append((number, scene.svg(shared.add(try pictures.markup(scene)))))
    }

    private mutating func predict(_ question: [Block], _ answer: [Block]) throws -> String {
        """
        <div class="predict"><p class="label">\(PageWords.think[language])</p>
        \(try blocks(question))<details><summary><span class="ask">\(PageWords.reveal[language])</span><span class="shown">\(PageWords.answer[language])</span></summary>
        \(try blocks(answer))</details></div>

        """
    }

    // MARK: Inlines

    private mutating func text(_ inlines: [Inline], marksTerms: Bool = true) -> String {
        inlines.map { inline in
            switch inline {
            case .text(let text): return marksTerms ? marked(text) : HTMLText.escaped(text)
            case .value(let value): return self.value(value)
            case .code(let code): return "<code>\(HTMLText.escaped(code))</code>"
            case .emphasis(let inner): return "<em>\(text(inner, marksTerms: marksTerms))</em>"
            case .strong(let inner):
                // A term in bold is being introduced: the text itself explains it.
                _ = glossary.pieces(Inline.plain(inner), language, seen: &termsOfStep)
                return "<strong>\(text(inner, marksTerms: false))</strong>"
            case .link(let url, let inner): return link(url, text(inner, marksTerms: false))
            case .lineBreak: return "<br>"
            }
        }.joined()
    }

    private mutating func marked(_ text: String) -> String {
        glossary.pieces(text, language, seen: &termsOfStep).map { piece in
            guard let term = piece.term else { return HTMLText.escaped(piece.text) }
            usedTerms.insert(term)
            let id = "term-\(language.rawValue)-\(HTMLText.escaped(glossary.terms[term].id))"
            return "<a class=\"term\" href=\"#\(id)\">\(HTMLText.escaped(piece.text))</a>"
        }.joined()
    }

    private mutating func value(_ value: ResolvedValue) -> String {
        let text = HTMLText.escaped(value.text)
        guard let cell = value.cell, let experiment = page.experiments.first(where: { $0.name == value.experiment }),
            let number = book.explanation(cell.step, cell.index, in: experiment)
        else { return "<bdi>\(text)</bdi>" }
        let step = book.step(cell.step, in: experiment)
        let run =
            book.run(of: experiment).map { " data-run=\"\($0)\" data-index=\"\(cell.index.map(String.init).joined(separator: ","))\"" }
            ?? ""
        return "<bdi class=\"value\" data-why=\"\(number)\" data-from=\"\(step)\"\(run)>\(text)</bdi>"
    }

    /// `#step` leads to the step in this language, `../lesson` to that lesson's page; what may not be followed stays as words.
    private func link(_ url: String, _ text: String) -> String {
        guard HTMLText.isSafe(link: url) else { return text }
        var target = url
        if url.hasPrefix("#") {
            target = "#" + idPrefix + url.dropFirst()
        } else if url.hasPrefix("../") {
            let parts = url.dropFirst(3).split(separator: "#", maxSplits: 1).map(String.init)
            let name = parts.first?.split(separator: "/").first.map(String.init) ?? ""
            target = name + ".html" + (parts.count > 1 ? "#" + parts[1] : "")
        }
        return "<a href=\"\(HTMLText.escaped(target))\">\(text)</a>"
    }
}
