// attn lesson: list, check and run the course.

internal import ArgumentParser
internal import CairoRenderer
internal import Diagrams
internal import Lessons
internal import Mechanisms
internal import ModelFiles
internal import Traces

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
            try Output.print(JSONText.array(list))
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
            abstract: "Run a lesson in the terminal, or write it as a page or an article.",
            discussion: """
                Examples:
                  attn lesson run 1
                  attn lesson run attention-step-by-step --lang zh --to markdown --output article
                  attn lesson run --all --to html --output site
                  attn lesson run 1 --text "Breakfast: noodles. Mei in Shanghai. Mei in where?"
                  attn lesson run 1 --model DIR --text "Lily went to the park."
                Keys in a terminal: Enter goes on, b goes back, q quits; w asks why any number is what it is, and then why those are that it was
                made from; s sets how many keys are kept, the question, and switches; ? lists the keys.
                """)

        enum Format: String, ExpressibleByArgument, CaseIterable { case terminal, html, markdown, paste }

        @Argument(help: ArgumentHelp("The lesson's name or number.", valueName: "lesson")) var lesson: String?
        @Flag(help: "Run all lessons.") var all = false
        @OptionGroup var language: LanguageOption
        @Option(help: "Where the lesson goes: terminal, html, markdown or paste.") var to = Format.terminal
        @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write to; by default under output/.", valueName: "dir")) var output:
            String?
        @Option(help: ArgumentHelp("Show this step alone, by its id or number.", valueName: "step")) var step: String?
        @OptionGroup var reader: ReaderOptions

        func validate() throws {
            guard all != (lesson != nil) else { throw ValidationError("expected a lesson's name or number, or --all") }
            guard output == nil || to != .terminal else {
                throw ValidationError("--output: expected with --to html, markdown or paste; a terminal has no folder")
            }
            guard step == nil || to == .terminal else { throw ValidationError("--step: expected with --to terminal; a page has all steps") }
        }

        func run() throws {
            try OutputPath.check(folder: output)
            let library = try reader.library()
            // A site has the laboratory beside its lessons; a player goes through the lessons alone.
            let laboratory = to == .html ? library.laboratory : nil
            let lessons = all ? library.lessons + [laboratory].compactMap { $0 } : [try library.lesson(lesson ?? "")]
            if reader.model != nil { try checkTakeModel(lessons, library) }
            let source = try reader.lessonSource(language.value)
            var worst = ExitStatus.done
            if all {
                for problem in library.problems {
                    Output.complain("\(problem)")
                    worst = .badData
                }
            }
            let (pages, gallery) = try to == .html ? htmlPages(of: lessons, source, library.diary) : (nil, nil)
            for (position, lesson) in lessons.enumerated() {
                do { try write(lesson, source, pages?[position]) } catch let error where all {
                    guard let (status, message) = ExitStatus.known(error), status != .done else { throw error }
                    Output.complain(message)
                    worst = max(worst, status)
                }
            }
            if all, let gallery { try writeIndex(library, gallery.get()) }
            if worst != .done { throw ExitCode(worst.rawValue) }
        }

        private func play(_ lesson: LessonPlay) throws {
            let terminal = Terminal()
            let names = ["COLUMNS", "TERM", "COLORTERM", "NO_COLOR"]
            let environment = names.reduce(into: [String: String]()) { $0[$1] = Output.environment($1) }
            let page = lesson.page
            let player = TerminalPlayer(
                columns: terminal.window(environment).columns, color: terminal.color(environment), describe: FigureWords.describe)
            if let step {
                guard let shown = page.steps.first(where: { $0.id == step || "\($0.number)" == step }) else {
                    throw FigureError(
                        "\(page.name): there is no step \(step); expected one of \(page.steps.map(\.id).joined(separator: ", "))")
                }
                return try Output.write(player.parts(of: shown, in: page).flatMap(\.lines))
            }
            guard terminal.isInteractive else { return try Output.write(player.lines(of: page)) }
            func write(_ piece: String) throws {
                var stream = ByteStream.standardOutput()
                try stream.write(piece)
                try stream.finish()
            }
            let console = TerminalConsole(
                key: terminal.key, line: { try terminal.line(before: $0, columns: { terminal.window(environment).columns }, write: write) },
                window: { terminal.window(environment) }, write: write)
            if try terminal.quiet({ try player.play(lesson, on: console) }) == .interrupted {
                throw ExitCode(ExitStatus.interrupted.rawValue)
            }
        }

        private func source(of lesson: Lesson, _ source: LessonSource) -> LessonSource {
            // Lessons that speak of runs of their own take no text of the reader's; asked for by name they say so.
            if case .trace = source { return all && !lesson.takesModel ? .builtIn(question: nil) : source }
            return all && lesson.isFixed ? .builtIn(question: nil) : source
        }

        /// Throws before a model is read that no lesson would take, with the lessons that would.
        private func checkTakeModel(_ lessons: [Lesson], _ library: LessonLibrary) throws {
            guard !all, let refusing = lessons.first(where: { !$0.takesModel }) else { return }
            let takers = library.lessons.filter(\.takesModel).map { "\($0.order) \($0.name)" }.joined(separator: ", ")
            throw LessonError(.unknownName, "\(refusing.name) takes no --model: expected one of the lessons \(takers)")
        }

        private struct WantedPage {
            let lesson: Lesson
            let source: LessonSource
            let next: Lesson?
        }

        /// What a core does at a time.
        private enum Work {
            case page(WantedPage)
            case picture(FigureGallery.Wanted)
        }

        private enum Done {
            case page(Result<[OutputFile], any Error>)
            case pictures(Result<[FigureGallery.Drawn], any Error>)
        }

        /// The pages of lessons, and the pictures of a whole site's gallery; one page holds both languages, the chosen one first.
        private func htmlPages(of lessons: [Lesson], _ source: LessonSource, _ diary: Diary) throws -> (
            pages: [Result<[OutputFile], any Error>], gallery: Result<[OutputFile], any Error>
        ) {
            let languages = [language.value] + Language.allCases.filter { $0 != language.value }
            let home = try ResourceFolder(named: reader.home).path
            let engine = try EngineInPage(home: home, diary: diary)
            if engine == nil {
                Output.complain("pages are written without the engine, so that nothing in them can be changed: make page-engine builds it")
            }
            let writer = try HTMLWriter(assets: pageAssets(), engine: engine)
            let isSite = all
            let pages = lessons.enumerated().map { position, lesson in
                let next = lessons.dropFirst(position + 1).first { !$0.isLaboratory }
                return WantedPage(lesson: lesson, source: self.source(of: lesson, source), next: next)
            }
            let pictures = Result { try isSite ? FigureGallery(home: reader.home).wanted() : [] }
            // Pages take longest: they come first, and pictures fill the cores until all are done.
            let work = pages.map(Work.page) + ((try? pictures.get()) ?? []).map(Work.picture)
            let done = try Parallel.map(work, worker: CairoRenderer.init) { work, renderer in
                switch work {
                case .page(let wanted):
                    return Done.page(
                        Result {
                            let pages = try languages.map { try wanted.lesson.run(wanted.source, language: $0) }
                            let links = SiteLinks(
                                home: "index.html", next: wanted.next.map { (path: HTMLWriter.path(of: $0.name), title: $0.title) })
                            return try writer.files(of: pages, links: isSite ? links : SiteLinks(), pictures: PagePictures(renderer))
                        })
                case .picture(let wanted): return .pictures(Result { try FigureGallery.draw(wanted, renderer) })
                }
            }
            let gallery = Result {
                if try pictures.get().isEmpty { return [OutputFile]() }
                let drawn = try done.flatMap { done -> [FigureGallery.Drawn] in
                    if case .pictures(let drawn) = done { try drawn.get() } else { [] }
                }
                return FigureGallery.files(drawn)
            }
            return (done.compactMap { if case .page(let page) = $0 { page } else { nil } }, gallery)
        }

        /// Writes one lesson; `page` is its HTML page, which is written already.
        private func write(_ lesson: Lesson, _ source: LessonSource, _ page: Result<[OutputFile], any Error>?) throws {
            let source = self.source(of: lesson, source)
            switch to {
            case .terminal: try play(LessonPlay(lesson, source, language: language.value))
            case .markdown:
                let page = try lesson.run(source, language: language.value)
                try store(MarkdownWriter(draw: PictureStore(drawing: page.figures).draw).files(of: page), in: folder(of: page))
            case .paste:
                let page = try lesson.run(source, language: language.value)
                try store(PasteWriter(draw: PictureStore(drawing: page.figures).draw).files(of: page), in: folder(of: page))
            case .html: try store(page?.get() ?? [], in: output ?? "output/html")
            }
        }

        private func writeIndex(_ library: LessonLibrary, _ gallery: [OutputFile]) throws {
            let folder = output ?? "output/html"
            let gallery = gallery.map { OutputFile(path: "gallery/\($0.path)", bytes: $0.bytes) }
            let index = try HTMLWriter(assets: pageAssets()).index(
                of: library.lessons, laboratory: library.laboratory, gallery: "gallery/index.html", language: language.value)
            try store(gallery + [index], in: folder)
        }

        private func pageAssets() throws -> PageAssets {
            let home = try ResourceFolder(named: reader.home).path
            return try PageAssets(folder: home + "/assets/page", glossary: home + "/lessons/glossary.yaml")
        }

        private func folder(of page: Page) -> String {
            let name = "\(page.name)-\(page.language.rawValue)"
            return output.map { all ? "\($0)/\(name)" : $0 } ?? "output/\(to == .paste ? "paste-" : "")\(name)"
        }

        /// Writes files and prints the paths of the pages among them, and of the folder of pictures.
        private func store(_ files: [OutputFile], in folder: String) throws {
            for file in files { try WholeFile.write("\(folder)/\(file.path)", creatingFolders: file.bytes) }
            let pages = files.map(\.path).filter { $0.hasSuffix(".md") || $0.hasSuffix(".html") }
            let pictures = files.contains { $0.path.hasPrefix("images/") } ? ["\(folder)/images"] : []
            try Output.print(pages.map { "\(folder)/\($0)" } + pictures)
        }
    }
}
