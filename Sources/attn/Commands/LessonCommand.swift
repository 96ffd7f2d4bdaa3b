// attn lesson: list, check and run the course.

internal import ArgumentParser
internal import AttentionEngine
internal import CairoRenderer
internal import Diagrams
internal import Lessons
internal import ModelFiles

struct LessonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lesson", abstract: "Run the lessons.", discussion: "Example: attn lesson run 1",
        subcommands: [List.self, Run.self, CheckFiles.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the lessons.", discussion: "Example: attn lesson list --json")

        @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir")) var home: String?
        @OptionGroup var language: LanguageOption
        @Flag(help: "Print the list as JSON.") var json = false

        func run() throws {
            let lessons = try ReaderOptions.library(home).lessons
            guard json else {
                return try Output.print(lessons.map { "\($0.order)  \($0.name.padded(24))  \($0.title[language.value])" })
            }
            func both(_ text: Bilingual) -> JSONText { .object([("en", .string(text.en)), ("zh", .string(text.zh))]) }
            let list = lessons.map { lesson in
                JSONText.object([
                    ("number", .integer(lesson.order)), ("name", .string(lesson.name)), ("track", .string(lesson.track)),
                    ("title", both(lesson.title)),
                    ("summary", both(lesson.summary)),
                ])
            }
            try Output.print(JSONText.array(list).text())
        }
    }

    struct CheckFiles: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check every lesson: steps, values, figures, sources, both languages.",
            discussion: "Example: attn lesson check")

        @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir")) var home: String?

        func run() throws {
            let problems = LessonCheck(
                try ReaderOptions.library(home), figures: Figures.all.map(\.name),
                draw: FigureWords.check
            ).problems()
            for problem in problems { Output.complain("\(problem)") }
            if !problems.isEmpty { throw ExitCode(ExitStatus.badData.rawValue) }
            try Output.print("all lessons are in order")
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a lesson in the terminal, or write it as an article.",
            discussion: """
                Examples:
                  attn lesson run 1
                  attn lesson run attention-step-by-step --lang zh --to markdown --output article
                  attn lesson run 1 --text "Breakfast: noodles. Mei in Shanghai. Mei in where?"
                  attn lesson run 1 --model DIR --text "Lily went to the park."
                """)

        enum Format: String, ExpressibleByArgument, CaseIterable { case terminal, markdown }

        @Argument(help: ArgumentHelp("The lesson's name or number.", valueName: "lesson")) var lesson: String?
        @Flag(help: "Run all lessons.") var all = false
        @OptionGroup var language: LanguageOption
        @Option(help: "Where the lesson goes: terminal or markdown.") var to = Format.terminal
        @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write to; by default under output/.", valueName: "dir")) var output:
            String?
        @Option(help: ArgumentHelp("Show this step alone, by its id or number.", valueName: "step")) var step: String?
        @OptionGroup var reader: ReaderOptions

        func validate() throws {
            guard all != (lesson != nil) else { throw ValidationError("expected a lesson's name or number, or --all") }
        }

        func run() throws {
            let library = try reader.library()
            let source = try reader.lessonSource()
            let lessons = all ? library.lessons : [try library.lesson(lesson ?? "")]
            var worst = ExitStatus.done
            if all {
                for problem in library.problems {
                    Output.complain("\(problem)")
                    worst = .badData
                }
            }
            for lesson in lessons {
                // Lessons that speak of runs of their own take no text of the reader's; asked for by name they say so.
                let page = try lesson.run(all && lesson.isFixed ? .builtIn(question: nil) : source, language: language.value)
                switch to {
                case .terminal: try play(page)
                case .markdown: try writeMarkdown(page)
                }
            }
            if worst != .done { throw ExitCode(worst.rawValue) }
        }

        private func play(_ page: Page) throws {
            let terminal = Terminal()
            let names = ["COLUMNS", "TERM", "COLORTERM", "NO_COLOR"]
            let environment = names.reduce(into: [String: String]()) { $0[$1] = Output.environment($1) }
            let player = TerminalPlayer(
                columns: terminal.columns(environment), color: terminal.color(environment), describe: FigureWords.describe)
            if let step {
                guard let shown = page.steps.first(where: { $0.id == step || "\($0.number)" == step }) else {
                    throw FigureError(
                        "\(page.name): there is no step \(step); expected one of \(page.steps.map(\.id).joined(separator: ", "))")
                }
                return try Output.print(player.parts(of: shown, in: page).flatMap(\.lines))
            }
            guard terminal.isInteractive else { return try Output.print(player.lines(of: page)) }
            var stream = ByteStream.standardOutput()
            let ending = try player.play(page, key: terminal.key) { piece in
                try stream.write(piece)
                try stream.finish()
            }
            if ending == .interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
        }

        private func writeMarkdown(_ page: Page) throws {
            let folder = output ?? "output/\(page.name)-\(page.language.rawValue)"
            let pictures = try PictureStore(drawing: page.figures)
            let files = try MarkdownWriter(draw: pictures.draw).files(of: page)
            for file in files { try WholeFile.write("\(folder)/\(file.path)", creatingFolders: file.bytes) }
            try Output.print(files.filter { $0.path.hasSuffix(".md") }.map { "\(folder)/\($0.path)" } + ["\(folder)/images"])
        }
    }
}
