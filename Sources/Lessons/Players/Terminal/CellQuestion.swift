// Which cell a reader means: by the step's id and an index, by an index alone in the figure of the lesson's step, or, typing nothing, the cell that the
// lesson's step is about. What is not understood is refused in one line, with words that are near.

internal import Diagrams
package import Traces

/// A recorded cell of a run, or a row of cells.
package struct AskedCell {
    /// The run.
    package let run: Experiment
    /// The step.
    package let step: Step
    /// One position an axis; nil along an axis of which all are meant.
    package let index: [Int?]

    /// The index of the one cell; nil for a row of cells.
    package var exact: [Int]? { index.contains(nil) ? nil : index.compactMap(\.self) }
    /// `other:attention.q[17,1,:]`: the main run is not named.
    package var name: String { (run.name.isEmpty ? "" : run.name + ":") + step.id.text + Self.brackets(index) }

    /// All cells of a row, in order.
    var cells: [[Int]] {
        zip(index, step.output.shape.lengths).reduce([[]]) { found, axis in
            let positions = axis.0.map { [$0] } ?? Array(0..<axis.1)
            return found.flatMap { start in positions.map { start + [$0] } }
        }
    }

    static func brackets(_ index: [Int?]) -> String {
        index.isEmpty ? "" : "[\(index.map { $0.map(String.init) ?? ":" }.joined(separator: ","))]"
    }
}

/// Finds the cell that somebody asks for at a step of a page.
package struct CellQuestion {
    let step: PageStep
    /// The runs, those that the step speaks of first.
    private let runs: [Experiment]

    /// - Parameter changed: the step's run with a reader's settings, named as it is to be called; nil without settings.
    package init(_ step: PageStep, of page: Page, changed: Experiment?) {
        self.step = step
        let own = page.experiments.filter { $0.name == step.focusRun } + step.figures.map(\.experiment)
        runs = (own + page.experiments + (changed.map { [$0] } ?? [])).reduce(into: []) { runs, run in
            if !runs.contains(where: { $0.name == run.name }) { runs.append(run) }
        }
    }

    /// The cell that the step is about.
    var focus: AskedCell? {
        guard let focus = step.focus, let run = runs.first(where: { $0.name == step.focusRun }), let asked = try? run.step(focus.step)
        else {
            return nil
        }
        return AskedCell(run: run, step: asked, index: focus.index)
    }

    /// The cell that `text` means; throws for what is not there.
    package func cell(_ text: String) throws(TerminalRefusal) -> AskedCell {
        let text = Self.plain(text)
        guard let first = text.first else {
            guard let focus else { throw TerminalRefusal(en: "this step is about no one cell", zh: "这一步没有专门讲哪一格") }
            return focus
        }
        if first == "[" || first.isNumber { return try cellOfFigure(text) }
        let named = text.split(separator: ":", maxSplits: 1).map(String.init)
        if named.count == 2, let run = runs.first(where: { $0.name == named[0] }) { return try cell(named[1], in: [run]) }
        return try cell(text, in: runs)
    }

    /// Full-width punctuation, as Chinese keyboards write it, is read as what it stands for; spaces do not count.
    private static func plain(_ text: String) -> String {
        let marks: [Character: Character] = ["，": ",", "、": ",", "［": "[", "】": "]", "］": "]", "【": "[", "：": ":", "。": "."]
        return String(text.filter { !$0.isWhitespace }.map { marks[$0] ?? $0 })
    }

    private func cell(_ text: String, in runs: [Experiment]) throws(TerminalRefusal) -> AskedCell {
        let reference: StepReference
        do { reference = try StepReference(parsing: text) } catch {
            throw TerminalRefusal(
                en: "expected a cell such as \(example), found “\(TerminalRefusal.shown(text))”",
                zh: "应写成 \(example) 这样，读到的是“\(TerminalRefusal.shown(text))”")
        }
        for run in runs {
            guard let step = try? run.step(reference.id) else { continue }
            return AskedCell(run: run, step: step, index: try Self.checked(reference.index, step))
        }
        let near = NearWords.of(
            reference.id, in: runs.flatMap { $0.trace.steps.map(\.id.text) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
        let known = near.isEmpty ? [example] : near
        let id = TerminalRefusal.shown(reference.id)
        throw TerminalRefusal(
            en: "there is no step “\(id)”; "
                + (near.isEmpty ? "a cell is \(example), for example" : "did you mean \(known.joined(separator: ", "))?"),
            zh: "没有叫“\(id)”的步骤；" + (near.isEmpty ? "比如可以问 \(example)" : "是不是 \(known.joined(separator: "、"))？"))
    }

    /// A cell that can be asked for here.
    var example: String {
        if let focus { return focus.name }
        let first = drawn.first.map { ($0.run, $0.step) } ?? runs.first.flatMap { run in run.trace.steps.last.map { (run, $0) } }
        return first.map { AskedCell(run: $0, step: $1, index: $1.output.shape.axes.map { _ in 0 }).name } ?? "step[0,0]"
    }

    /// Whether a row and a column mean a cell.
    var hasMatrix: Bool { drawn.contains { $0.slice != nil } }

    private static func checked(_ index: [Int], _ step: Step) throws(TerminalRefusal) -> [Int] {
        let shape = step.output.shape
        if shape.contains(index: index) { return index }
        let ranges = zip(shape.axes, shape.lengths).map { axis, length in length == 1 ? "\(axis) 0" : "\(axis) 0–\(length - 1)" }
        let axes = "\(step.id)[\(shape.axes.map(\.name).joined(separator: ","))]"
        throw TerminalRefusal(
            en: "\(step.id)\(AskedCell.brackets(index)): expected \(axes) with \(ranges.joined(separator: ", "))",
            zh: "\(step.id)\(AskedCell.brackets(index))：应为 \(axes)，其中 \(ranges.joined(separator: "，"))")
    }

    // MARK: An index alone

    /// The steps that an index alone may mean: those of the figures, then that of the cell that the step is about.
    private var drawn: [(run: Experiment, step: Step, slice: MatrixSlice?)] {
        let figures = step.figures.compactMap { figure -> (Experiment, Step, MatrixSlice?)? in
            guard let id = figure.options.step, let step = try? figure.experiment.step(id) else { return nil }
            return (figure.experiment, step, try? MatrixSlice(step, of: figure.experiment.trace, head: figure.options.head))
        }
        return figures + (focus.map { [($0.run, $0.step, nil)] } ?? [])
    }

    private func cellOfFigure(_ text: String) throws(TerminalRefusal) -> AskedCell {
        let inner = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        let index = inner.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard index.count == inner.split(separator: ",", omittingEmptySubsequences: false).count else {
            throw TerminalRefusal(
                en: "expected whole numbers such as [3,2], found “\(TerminalRefusal.shown(text))”",
                zh: "应写成 [3,2] 这样的整数，读到的是“\(TerminalRefusal.shown(text))”")
        }
        for (run, step, slice) in drawn {
            if index.count == 2, let slice {
                return AskedCell(run: run, step: step, index: try Self.cell(index[0], index[1], of: slice))
            }
            if index.count == step.output.shape.rank { return AskedCell(run: run, step: step, index: try Self.checked(index, step)) }
        }
        throw TerminalRefusal(
            en: "this step shows no matrix with an index like \(AskedCell.brackets(index)); a cell is \(example), for example",
            zh: "这一步没有能用 \(AskedCell.brackets(index)) 来指的矩阵；比如可以问 \(example)")
    }

    private static func cell(_ row: Int, _ column: Int, of slice: MatrixSlice) throws(TerminalRefusal) -> [Int] {
        guard (0..<slice.rows).contains(row), (0..<slice.columns).contains(column) else {
            throw TerminalRefusal(
                en: "[\(row),\(column)]: this step's matrix has rows 0–\(slice.rows - 1) and columns 0–\(slice.columns - 1)",
                zh: "[\(row),\(column)]：这一步的矩阵有 0–\(slice.rows - 1) 行、0–\(slice.columns - 1) 列")
        }
        let index = slice.index(row, column)
        if !index.contains(-1) { return index }
        let id = slice.step.id
        if slice.step.id.role == .selected {
            throw TerminalRefusal(
                en: "query \(row) does not keep key \(column): \(id) has the kept keys alone; ask for the score that was cut",
                zh: "查询 \(row) 没有留下键 \(column)：\(id) 里只有留下的键；可以去问没入选的那个得分")
        }
        let exact = AskedCell.brackets(index.map { $0 == -1 ? 0 : $0 })
        throw TerminalRefusal(
            en: "this matrix is a mean of heads, which nobody recorded; ask for a head, such as \(id)\(exact)",
            zh: "这个矩阵是各头的平均，平均数没有单独记录；请问某一个头，例如 \(id)\(exact)")
    }
}
