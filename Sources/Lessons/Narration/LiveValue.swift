// Live values: what stands between {{ and }} in a lesson's text. The syntax is described in lessons/README.md; this file only reads it.

/// A parsed live value with its place in the file.
struct LiveValue: Hashable, Sendable {
    /// One index inside brackets: a number, or a role or name that is looked up in the experiment.
    enum Position: Hashable, Sendable {
        case number(Int)
        case name(String)
    }

    /// What is asked for.
    indirect enum Request: Hashable, Sendable {
        /// `attention.scores[0,17,4]`: a cell, or with fewer indices the row, written out.
        case cell
        /// `sum attention.weights[1,query]`: the cells left open, added up.
        case sum
        /// `name answer[best]`: the label at the last index.
        case name
        /// `explain attention.scores[0,17,4]`: a block with the chain of equalities; `|all` for every term of its sums.
        case explain
        /// `formula attention.scores`, `title …`, `source …`.
        case formula, title, source
        /// `figure`: where the step's figure stands.
        case figure
        /// `code`: where the step's code beside numbers stands.
        case code
        /// `listing matmul`: a block with the text of a tile program.
        case listing
        /// `token.query`, `position.top`, `count.tokens`, `text`: about the text.
        case word
        /// `fact selected.massKept[query]`: a remark that was computed with a step; `name fact …` is the token of its row.
        case fact, nameOfFact
        /// `whatif norelu:outputError[query]`: a variant against the run without switches.
        case whatIf
        /// `names selected[query]`, `names whatif norelu:lost[query]`: tokens in a row; `count …`: how many.
        case names(Request), count(Request)
        /// `visible sparse.scores`, `flops indexer.dot`, `contractions indexer.dot`, `length indexer.q[j]`: about a step.
        case visible, flops, contractions, length
        /// `cost flops(dsa, 128K)`, `data price(USD, output)`, `measured …`, `tiles …`: a number from outside of traces.
        case call(source: String, arguments: [String])
        /// A number beside an operator: `1 - fact …`. Alone it would be a typed number.
        case literal(Double)
        /// Two values and an operator.
        case arithmetic(LiveValue, Operator, LiveValue)
    }

    /// What joins two values; always between spaces.
    enum Operator: String, Hashable, Sendable {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
    }

    /// How a number is written.
    enum Format: Hashable, Sendable {
        case significant(Int)
        case decimals(Int)
        case percent(Int)
        /// As it is most easily read: whole numbers in full with thousands apart.
        case plain
    }

    /// A prefix that divides the number.
    struct Scale: Hashable, Sendable {
        var prefix: String
        var divisor: Double

        static let known = [
            Scale(prefix: "K", divisor: 1e3), Scale(prefix: "M", divisor: 1e6), Scale(prefix: "G", divisor: 1e9),
            Scale(prefix: "T", divisor: 1e12),
            Scale(prefix: "Ki", divisor: 1024), Scale(prefix: "Mi", divisor: 1_048_576), Scale(prefix: "Gi", divisor: 1_073_741_824),
            Scale(prefix: "m", divisor: 1e-3), Scale(prefix: "µ", divisor: 1e-6),
        ]
    }

    var request: Request
    var experiment: String?
    /// A step id, or a word such as `token.query`.
    var path: String
    var index: [Position]
    var format: Format?
    var scale: Scale?
    var showsUnit = false
    /// Whether an explanation writes out every term of a long sum.
    var allTerms = false
    var place: LessonError.Place

    /// Reads the text between the braces.
    init(_ text: String, at place: LessonError.Place) throws(LessonError) {
        var parts = text.split(separator: "|", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        self = try LiveValueReader(text: text, place: place).value(parts.removeFirst())
        for part in parts { try read(format: part, in: text) }
    }

    init(_ request: Request, experiment: String? = nil, path: String, index: [Position] = [], at place: LessonError.Place) {
        self.request = request
        self.experiment = experiment
        self.path = path
        self.index = index
        self.place = place
    }

    private mutating func read(format part: String, in text: String) throws(LessonError) {
        if let decimals = Int(part), (0...12).contains(decimals) {
            format = .decimals(decimals)
        } else if part.first == "~", let digits = Int(part.dropFirst()), (1...15).contains(digits) {
            format = .significant(digits)
        } else if part == "percent" {
            format = .percent(1)
        } else if part == "percent0" {
            format = .percent(0)
        } else if part == "unit" {
            showsUnit = true
        } else if part == "all", request == .explain {
            allTerms = true
        } else if let scale = Scale.known.first(where: { $0.prefix == part }) {
            self.scale = scale
        } else {
            let scales = Scale.known.map(\.prefix).joined(separator: ", ")
            throw LessonError(
                .badFile, at: place,
                "{{\(text)}}: expected the format to be a number of decimals, ~ and digits, percent, percent0, unit, \(scales), or all after explain, found \"\(part)\""
            )
        }
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
