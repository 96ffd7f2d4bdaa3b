// Checks a lesson in all the ways it can be run: every question, a reader's own text, a model's trace; every value, in both languages.
// No digit that looks like a result may be typed in prose.

import Mechanisms
public import Diagrams
internal import Traces

/// Finds what is wrong with lessons.
public struct LessonCheck: Sendable {
    private let library: LessonLibrary
    private let figures: Set<String>
    private let draw: FigureTrial

    /// Draws a figure to see whether it can be drawn.
    public typealias FigureTrial = @Sendable (_ figure: String, _ data: FigureData, _ options: FigureOptions) throws -> Void

    /// A check of `library` for a program that draws the named figures by `draw`.
    public init(_ library: LessonLibrary, figures: some Sequence<String>, draw: @escaping FigureTrial = { _, _, _ in }) {
        self.library = library
        self.figures = Set(figures)
        self.draw = draw
    }

    /// Everything that is wrong, each once; empty if all is well.
    public func problems() -> [LessonError] {
        var problems = library.problems
        for lesson in library.lessons + [library.laboratory].compactMap({ $0 }) {
            problems += figureProblems(lesson) + conditionProblems(lesson) + digitProblems(lesson) + placeProblems(lesson)
            for source in sources(lesson) { problems += runProblems(lesson, source) }
        }
        let orders = Dictionary(grouping: library.lessons, by: \.order).filter { $0.value.count > 1 }
        problems += orders.sorted { $0.key < $1.key }.map { order, lessons in
            LessonError(.badFile, at: .init(file: lessons[1].file, line: 1, column: 1), "order: \(order) is taken by \(lessons[0].name)")
        }
        var seen: Set<LessonError> = []
        return problems.filter { seen.insert($0).inserted }
    }

    // MARK: Runs

    private func sources(_ lesson: Lesson) -> [LessonSource] {
        let diary = library.diary
        let model = [lesson.takesModel ? Self.modelSource(diary) : nil].compactMap(\.self)
        if lesson.isFixed { return [.builtIn(question: nil)] + model }
        var sources = diary.questions.map { LessonSource.builtIn(question: $0.name) }
        sources.append(.diaryText(diary.text.en + " " + diary.questions[0].text.en))
        sources.append(.diaryText(diary.words[0].name.zh + diary.words[0].name.zh))
        return sources + model
    }

    private func runProblems(_ lesson: Lesson, _ source: LessonSource) -> [LessonError] {
        Language.allCases.flatMap { language -> [LessonError] in
            do {
                return try lesson.run(source, language: language).figures.compactMap(problem)
            } catch let error as LessonError {
                return [error]
            } catch {
                return [LessonError(.badFile, at: .init(file: lesson.file, line: 1, column: 1), "\(error)")]
            }
        }
    }

    /// What is wrong with a figure that there is, or with one that a reader can choose instead of it.
    private func problem(_ figure: PageFigure) -> LessonError? {
        guard figures.contains(figure.name) else { return nil }
        do {
            try draw(figure.name, figure.data, figure.options)
            for choice in figure.panel?.choices ?? [] { try draw(choice.name, figure.data, choice.options) }
            return nil
        } catch { return LessonError(.badFile, at: figure.place, "\(error)") }
    }

    // MARK: Files

    private func figureProblems(_ lesson: Lesson) -> [LessonError] {
        lesson.steps.flatMap(\.figures).filter { !figures.contains($0.name) }.map { figure in
            LessonError(
                .badFile, at: figure.place,
                "there is no figure \"\(figure.name)\"; expected one of \(figures.sorted().joined(separator: ", "))")
        }
    }

    private func conditionProblems(_ lesson: Lesson) -> [LessonError] {
        let questions = library.diary.questions.map(\.name)
        func unknown(_ nodes: [NarrationNode]) -> [String] {
            nodes.flatMap { node -> [String] in
                switch node {
                case .text: []
                case .condition(let condition, let inner): condition.unknown(questions: questions) + unknown(inner)
                case .predict(let question, let answer): unknown(question) + unknown(answer)
                }
            }
        }
        return lesson.narrations.values.flatMap { narration in
            narration.sections.flatMap { section in
                unknown(section.nodes).map { name in
                    LessonError(
                        .badFile, at: .init(file: narration.file, line: section.title.number, column: 1),
                        ":::\(name): expected one of predict, \((NarrationCondition.known + questions).joined(separator: ", "))")
                }
            }
        }
    }

    private func digitProblems(_ lesson: Lesson) -> [LessonError] {
        let code = (lesson.code?.lines ?? []).flatMap { line in
            [line.code, line.note.en, line.note.zh].flatMap { Self.typedNumbers($0).map(\.number) }.filter {
                !lesson.allowedDigits.contains($0)
            }.map { number in
                LessonError(
                    .badFile, at: line.place,
                    "the number \(number) is typed: expected a live value, a word, or an entry in digits of lesson.yaml")
            }
        }
        return code
            + lesson.narrations.values.flatMap { narration in
                narration.sections.flatMap { section in
                    ([section.title] + Self.lines(section.nodes)).flatMap { line in
                        Self.typedNumbers(line.text).filter { !lesson.allowedDigits.contains($0.number) }.map { number, column in
                            LessonError(
                                .badFile, at: .init(file: narration.file, line: line.number, column: column),
                                "the number \(number) is typed: expected a live value, a word, or an entry in digits of lesson.yaml")
                        }
                    }
                }
            }
    }

    static func lines(_ nodes: [NarrationNode]) -> [NarrationLine] {
        nodes.flatMap { node -> [NarrationLine] in
            switch node {
            case .text(let lines): lines
            case .condition(_, let inner): Self.lines(inner)
            case .predict(let question, let answer): Self.lines(question) + Self.lines(answer)
            }
        }
    }

    /// Digits of any script; 一 and ½ are words here.
    private static func isDigit(_ character: Character) -> Bool {
        character.unicodeScalars.first?.properties.generalCategory == .decimalNumber
    }

    /// How long the number of a list's item is, with its point: 0 if the line begins otherwise.
    private static func bullet(_ characters: [Character]) -> Int {
        var end = 0
        while end < characters.count, characters[end] == " " { end += 1 }
        let start = end
        while end < characters.count, isDigit(characters[end]) { end += 1 }
        guard end > start, end + 1 < characters.count, ".)".contains(characters[end]), characters[end + 1] == " " else { return 0 }
        return end + 1
    }

    /// Numbers outside live values and links, with their columns. The number of a list's item is none, nor is a digit in a name (FP8, V3.2).
    static func typedNumbers(_ line: String) -> [(number: String, column: Int)] {
        var numbers: [(number: String, column: Int)] = []
        let characters = Array(line)
        var at = Self.bullet(characters)
        func skip(to end: String, from start: Int) -> Int {
            let end = Array(end)
            var i = start
            while i + end.count <= characters.count, Array(characters[i..<i + end.count]) != end { i += 1 }
            return min(i + end.count, characters.count)
        }
        while at < characters.count {
            let pair = at + 1 < characters.count ? String([characters[at], characters[at + 1]]) : ""
            if pair == "{{" {
                at = skip(to: "}}", from: at)
            } else if pair == "](" {
                at = skip(to: ")", from: at)
            } else if Self.isDigit(characters[at]) {
                var end = at
                while end < characters.count, Self.isDigit(characters[end]) || ".,".contains(characters[end]) { end += 1 }
                while !Self.isDigit(characters[end - 1]) { end -= 1 }
                let isInName = at > 0 && characters[at - 1].isASCII && characters[at - 1].isLetter
                if !isInName { numbers.append((String(characters[at..<end]), at + 1)) }
                at = end
            } else {
                at += 1
            }
        }
        return numbers
    }
}
