// A lesson that a reader changes while it is played. Its sentences speak of the lesson's own values and stay as they are, but for the question of a
// lesson that is told for any question: then it is told anew. What other settings do is computed beside it: the run that a step speaks of, once more
// with them. So no sentence ever stands beside numbers that it is not about.

internal import Diagrams
internal import Mechanisms
public import Traces

/// A lesson with a reader's settings.
public struct LessonPlay: Sendable {
    private let lesson: Lesson
    private let source: LessonSource
    /// The lesson as it is told now.
    public private(set) var page: Page
    /// What differs from the lesson's own values.
    public private(set) var settings = LessonSettings()

    /// The lesson, told in one language about `source`. Throws as `Lesson.run` does.
    public init(_ lesson: Lesson, _ source: LessonSource, language: Language) throws {
        (self.lesson, self.source) = (lesson, source)
        page = try lesson.run(source, language: language)
    }

    /// Whether the lesson can be told for another question.
    var isToldAnew: Bool { if case .builtIn = source { !lesson.isFixed } else { false } }

    /// The questions that can be asked instead of the lesson's; none where it does not run the built-in diary.
    package var questions: [String] {
        guard case .builtIn = page.experiments[0].origin else { return [] }
        return lesson.diary.questions.map(\.name)
    }
    /// The question that the lesson asks by itself; nil where it does not run the built-in diary.
    var ownQuestion: String? {
        guard case .builtIn(let asked) = source, !questions.isEmpty else { return nil }
        return asked ?? lesson.question
    }

    /// Changes the settings; whether the page was made anew. Throws, and changes nothing, if the run of `step` cannot be made with them.
    package mutating func change(to new: LessonSettings, at step: PageStep) throws -> Bool {
        var changed = self
        changed.settings = new
        let isNew = isToldAnew && new.question != settings.question
        if isNew {
            if case .builtIn(let own) = source {
                changed.page = try lesson.run(.builtIn(question: new.question ?? own), language: page.language)
            }
        }
        _ = try changed.comparison(at: changed.step(like: step, of: page))
        self = changed
        return isNew
    }

    /// The step of that id, or, where the page has none, the nearest before it of those that the page `old` had.
    package func step(like step: PageStep, of old: Page) -> PageStep {
        let earlier = old.steps.prefix { $0.id != step.id }.map(\.id)
        for id in [step.id] + earlier.reversed() {
            if let found = page.steps.first(where: { $0.id == id }) { return found }
        }
        return page.steps[0]
    }

    // MARK: The run that a step speaks of

    /// The run of its figures or its cell, or of the nearest step before it that has any, without switches; nil where none can be changed.
    func subject(at step: PageStep) -> Experiment? {
        let steps = page.steps.prefix { $0.number <= step.number }.reversed()
        let spoken = steps.lazy.flatMap { step in
            step.figures.map(\.experiment) + page.experiments.filter { $0.name == step.focusRun }
        }
        for run in Array(spoken) + page.experiments where run.canBeChanged {
            if let right = page.experiments.first(where: { $0.subject == run.subject && $0.trace.switches.isEmpty }) { return right }
        }
        return nil
    }

    /// What the settings change in the run that a step speaks of; nil where they change nothing of it. Throws, as a `TerminalRefusal`, if it cannot be
    /// made with them.
    func comparison(at step: PageStep) throws -> LessonComparison? {
        guard !settings.switches.isEmpty || settings.question != nil && !isToldAnew else { return nil }
        guard let right = subject(at: step) else { throw Self.nothing }
        let changed = try run(right, isToldAnew ? nil : settings.question)
        return LessonComparison(right: right, changed: changed, figures: figures(of: step, right, changed))
    }

    private func run(_ right: Experiment, _ question: String?) throws -> Experiment {
        if let question {
            guard case .builtIn = right.origin else { throw Self.idle(["question=\(question)"]) }
        }
        func run(_ switches: [Switch]) throws -> Experiment {
            try lesson.run(right, question: question, switches, words: words(of: right), page.language)
        }
        let changed: Experiment
        do { changed = try run(settings.switches) } catch { throw refusal(error) { try run([$0]) } }
        try checkKeys(changed.trace.tokens.count)
        return changed
    }

    /// A number of kept keys above that of all tokens is no such number.
    private func checkKeys(_ tokens: Int) throws(TerminalRefusal) {
        for case .topK(let k) in settings.switches where k > tokens {
            throw TerminalRefusal(
                en: "k=\(k): expected at most \(tokens), the tokens of this run", zh: "k=\(k)：这次运行一共只有 \(tokens) 个词元")
        }
    }

    /// Why the run cannot be made: by the first of the switches that fails alone.
    private func refusal(_ error: any Error, alone: (Switch) throws -> Experiment) -> TerminalRefusal {
        for one in settings.switches {
            let name = LessonSettings.short(one.description)
            do { _ = try alone(one) } catch {
                let reason = Self.reason(error)
                if reason.hasSuffix("found none here") { return Self.idle([name]) }
                return TerminalRefusal(en: "\(name): \(reason)", zh: "\(name)：这次运行不能这样设（\(reason)）")
            }
        }
        let all = settings.switches.map { LessonSettings.short($0.description) }.joined(separator: " ")
        return TerminalRefusal(en: "\(all): \(Self.reason(error))", zh: "\(all)：不能一起用（\(Self.reason(error))）")
    }

    /// What was expected and found, without the names of files and runs around it.
    private static func reason(_ error: any Error) -> String {
        let text = TerminalText.sanitized("\(error)")
        return text.firstRange(of: "expected").map { String(text[$0.lowerBound...]) } ?? text
    }

    /// Where no run can be changed.
    static let nothing = TerminalRefusal(
        en: "nothing to set here: this lesson runs no sparse attention of the course", zh: "这里没有可设置的：这一课运行的不是课程自带的稀疏注意力")

    /// The words that a reader added to the diary of this run.
    private func words(of run: Experiment) -> [NewWord] {
        if case .diaryText(let text, let words) = source, text == run.subject { words } else { [] }
    }

    private static func idle(_ names: [String]) -> TerminalRefusal {
        TerminalRefusal(
            en: "\(names.joined(separator: ", ")): nothing to change in the run that this step speaks of",
            zh: "\(names.joined(separator: "、"))：这一步所讲的运行里没有可改的地方")
    }

    /// The step's figures of that run alone, each with the lesson's values and with the reader's.
    private func figures(of step: PageStep, _ right: Experiment, _ changed: Experiment) -> [(lesson: PageFigure, reader: PageFigure)] {
        let requests = lesson.steps.first { $0.id == step.id }?.figures ?? []
        let others = page.experiments.map { $0.name == changed.name ? changed : $0 }
        let name = right.name.isEmpty ? "main" : right.name
        return requests.filter { $0.data == nil && $0.experiments == nil && $0.experiment ?? "main" == name }.compactMap { request in
            guard let before = try? lesson.figure(request, page.experiments, page.language),
                let after = try? lesson.figure(request, others, page.language)
            else { return nil }
            return (lesson: before, reader: after)
        }
    }
}

/// The run that a step speaks of, with the lesson's values and with a reader's.
struct LessonComparison {
    let right: Experiment
    let changed: Experiment
    /// The step's figures, drawn from both.
    let figures: [(lesson: PageFigure, reader: PageFigure)]
    /// Of how many queries the selection differs, and of how many there are; nil where the runs are of different texts.
    var differing: (count: Int, of: Int)? {
        guard right.subject == changed.subject, let report = try? WhatIf(right: right.trace, variant: changed.trace) else { return nil }
        return (report.rowsThatDiffer, report.rows.count)
    }
}

extension Experiment {
    /// What the last query of the run comes to; nil without a selection.
    var readout: SelectionReadout? {
        guard let last = trace.steps.last(where: { $0.id.role == .selected }) else { return nil }
        return try? SelectionReadout(trace, at: last.id.scopes)
    }
}

extension Experiment {
    /// Whether the course can run it again with switches: a model, a trace from a file and tiles are what they are.
    fileprivate var canBeChanged: Bool {
        switch origin {
        case .builtIn, .ownDiary, .referenceCase: true
        case .model, .tiles: false
        }
    }
}

extension Lesson {
    /// A run of this lesson once more, with switches, and, where it is the built-in diary, with that question; it keeps its name.
    fileprivate func run(_ right: Experiment, question: String?, _ switches: [Switch], words: [NewWord], _ language: Language)
        throws -> Experiment
    {
        switch right.origin {
        case .builtIn(let own):
            let asked = question ?? own
            return try .diary(
                diary, name: right.name, text: diary.text(question: asked, language: language), origin: .builtIn(asked), language: language,
                switches: switches)
        case .ownDiary:
            return try .diary(
                diary, name: right.name, text: right.subject, words: words, origin: .ownDiary, language: language,
                switches: switches)
        default:
            guard var request = right.name.isEmpty ? mainRun : extraRuns.first(where: { $0.name == right.name }) else {
                throw LessonError(.unknownName, "there is no run \"\(right.name)\"")
            }
            request.switches = switches
            return try request.experiment(diary, resources, current: self.question, language: language)
        }
    }

    /// A figure of these runs.
    fileprivate func figure(_ request: Step.FigureRequest, _ runs: [Experiment], _ language: Language) throws -> PageFigure {
        let resolver = Resolver(experiments: runs, language: language, resources: resources, log: SourceLog())
        return try PageBuilder(lesson: self, resolver: resolver, narration: narrations[language]!).figure(request)
    }
}
