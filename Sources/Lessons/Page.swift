// A lesson that has been run: steps of blocks of inlines, with every value filled in. Terminal, Markdown, HTML and paste all start here,
// and none of them computes or parses anything.

public import Diagrams
public import Traces

/// A lesson in one language, run on one text.
public struct Page: Sendable {
    /// The lesson's name: its folder.
    public let name: String
    /// The lesson's number in the course.
    public let order: Int
    /// The track of the course: `story`, `engine-room`.
    public let track: String
    /// The language of all words.
    public let language: Language
    /// The title.
    public let title: String
    /// What the lesson shows, in a sentence.
    public let summary: String
    /// Steps in order.
    public let steps: [PageStep]
    /// The runs, the main one first: explanations of any cell come from their traces.
    public let experiments: [Experiment]
    /// Where the numbers that it shows came from.
    public let sources: [PageSource]

    /// All figures, in the order of the page.
    public var figures: [PageFigure] { steps.flatMap { ($0.pathway.map { [$0] } ?? []) + $0.figures } }

    fileprivate static func figures(in blocks: [Block]) -> [PageFigure] {
        blocks.flatMap { block -> [PageFigure] in
            switch block {
            case .figure(let figure): [figure]
            case .list(_, let items): items.flatMap(figures)
            case .quote(let inner): figures(in: inner)
            case .predict(let question, let answer): figures(in: question) + figures(in: answer)
            default: []
            }
        }
    }

    /// Why a cell has its value. Throws for a step or index that is not there.
    public func explain(_ step: String, _ index: [Int], experiment: String = "") throws -> Explanation {
        let run = experiments.first { $0.name == experiment } ?? experiments[0]
        return try run.step(step).explain(index)
    }
}

/// One step of a lesson.
public struct PageStep: Sendable {
    /// The id, the same in both languages: `#dot` in pages.
    public let id: String
    /// The position among the steps shown, from 1.
    public let number: Int
    /// The heading.
    public let heading: [Inline]
    /// The picture that stays, with this step's part lit: at the head of the step. Nil in lessons without one.
    public let pathway: PageFigure?
    /// What it says and shows, in order.
    public let blocks: [Block]
    /// The cell that the step is about.
    public let focus: (step: String, index: [Int])?
    /// The run that this cell is taken from, by its name; nil without a cell.
    let focusRun: String?

    /// A step; `focus` with the name of its run, or none.
    package init(
        id: String, number: Int, heading: [Inline], pathway: PageFigure? = nil, blocks: [Block], focus: (step: String, index: [Int])? = nil,
        focusRun: String? = nil
    ) {
        (self.id, self.number, self.heading, self.pathway, self.blocks) = (id, number, heading, pathway, blocks)
        (self.focus, self.focusRun) = (focus, focusRun)
    }

    /// Its figures, in order, without the picture that stays.
    var figures: [PageFigure] { Page.figures(in: blocks) }
}

/// A piece of a page that stands on its own.
public indirect enum Block: Sendable {
    /// A heading inside a step; level 3 and below.
    case heading(level: Int, [Inline])
    /// A paragraph.
    case paragraph([Inline])
    /// A list; `start` is its first number, or nil if it is not numbered.
    case list(start: Int?, items: [[Block]])
    /// A quotation.
    case quote([Block])
    /// Lines of code.
    case code(String, language: String)
    /// Lines of code with a value beside each, one of them lit.
    case codeBeside(CodeBeside)
    /// A rule between parts.
    case rule
    /// A figure, not drawn yet.
    case figure(PageFigure)
    /// A cell's chain of equalities.
    case explanation(Explanation)
    /// A step's formula.
    case formula(Formula, title: String, source: String)
    /// A question to think about, and its answer.
    case predict(question: [Block], answer: [Block])
}

/// A piece of text.
public indirect enum Inline: Sendable, Hashable {
    /// Words.
    case text(String)
    /// A live value: to be escaped like any text of a reader.
    case value(ResolvedValue)
    /// Code.
    case code(String)
    /// Emphasis.
    case emphasis([Inline])
    /// Strong emphasis.
    case strong([Inline])
    /// A link.
    case link(String, [Inline])
    /// A line break that must be kept.
    case lineBreak

    /// The words alone.
    public static func plain(_ inlines: [Inline]) -> String {
        inlines.map { inline in
            switch inline {
            case .text(let text), .code(let text): text
            case .value(let value): value.text
            case .emphasis(let inner), .strong(let inner), .link(_, let inner): plain(inner)
            case .lineBreak: " "
            }
        }.joined()
    }
}

/// A figure of a step: what to draw, from which data.
public struct PageFigure: Sendable {
    /// The figure's name in the list of figures.
    public let name: String
    /// Its data.
    public let data: FigureData
    /// Its options, the language among them.
    public let options: FigureOptions
    /// The experiment that it shows; terminals draw from its trace.
    public let experiment: Experiment
    /// What a page lets its reader change of it, if anything.
    var panel: PagePanel?
    /// Where lesson.yaml asks for it.
    let place: LessonError.Place
}

/// A picture as the renderer returns it.
public struct DrawnFigure: Sendable {
    /// The encoded picture.
    public let bytes: [UInt8]
    /// The file's ending without a dot: `png`.
    public let fileExtension: String
    /// The finding, as the figure's title says it.
    public let title: String
    /// The alt text.
    public let alt: String

    /// A picture with its words in the page's language.
    public init(bytes: [UInt8], fileExtension: String, title: String, alt: String) {
        self.bytes = bytes
        self.fileExtension = fileExtension
        self.title = title
        self.alt = alt
    }
}

/// Draws a figure by name. Lessons know no renderer: whoever runs them brings one.
public typealias FigureDrawing = (_ figure: String, _ data: FigureData, _ options: FigureOptions) throws -> DrawnFigure
