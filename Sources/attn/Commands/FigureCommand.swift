// attn figure: pictures from traces.

public import ArgumentParser
internal import CairoRenderer
public import Diagrams
internal import Lessons
internal import Mechanisms
internal import ModelFiles
internal import Traces

struct FigureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figure", abstract: "Draw a figure as PNG, SVG or PDF.",
        discussion: """
            Figures: \(Figures.all.map(\.name).joined(separator: ", ")).
            Example: attn figure matrix --lesson attention-step-by-step --output weights.png
            """,
        subcommands: [List.self, Gallery.self, Draw.self], defaultSubcommand: Draw.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the figures.", discussion: "Example: attn figure list --json")

        @OptionGroup var language: LanguageOption
        @Flag(help: "Print the list as JSON.") var json = false

        func run() throws {
            guard json else { return try Output.print(Figures.all.map { "\($0.name.padded(12))  \($0.summary[language.value])" }) }
            let list = Figures.all.map { JSONText.object([("name", .string($0.name)), ("summary", .string($0.summary[language.value]))]) }
            try Output.print(JSONText.array(list))
        }
    }

    struct Gallery: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw all figures in both languages and all themes, with an index.html arranged by claim.",
            discussion: "Example: attn figure gallery --output gallery")

        @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir")) var home: String?
        @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write to.", valueName: "dir")) var output: String

        func run() throws {
            try OutputPath.check(folder: output)
            try WholeFile.check(creatingFolders: "\(output)/index.html")
            let files = try FigureGallery(home: home).files()
            for file in files { try WholeFile.write("\(output)/\(file.path)", creatingFolders: file.bytes) }
            try Output.print("\(output)/index.html")
        }
    }

    struct Draw: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "draw", abstract: "Draw one figure (`draw` may be left out).",
            usage: "attn figure <name> [SOURCE] [figure options] --output FILE.png|.svg|.pdf|.scene.json",
            discussion: """
                Examples:
                  attn figure matrix --output weights.png
                  attn figure matrix --model DIR --text "Once upon a time" --step layer.1.attention.weights --head 3 --output m.svg
                  attn figure compare --attention a.npz --tokens tokens.json --select topk:16 --output c.png
                """, shouldDisplay: false)

        enum Form: String, CaseIterable {
            case png, svg, pdf
            /// The scene itself, for those who draw it elsewhere.
            case scene = "scene.json"
        }

        @Argument(help: ArgumentHelp("The figure's name; see attn figure list.", valueName: "figure")) var name: String
        @OptionGroup var source: SourceOptions
        @OptionGroup var speed: FastOption
        @OptionGroup var language: LanguageOption
        @Option(help: ArgumentHelp("The step to draw.", valueName: "id")) var step: String?
        @Option(help: ArgumentHelp("The head to draw: a number, or mean.", valueName: "n|mean")) var head: String?
        @Option(help: ArgumentHelp("The query to highlight.", valueName: "n")) var query: Int?
        @Option(help: ArgumentHelp("The key to frame, for matrix.", valueName: "n")) var key: Int?
        @Option(help: "What a pixel shows of several cells, in matrices larger than the picture: max (the default) or mean.")
        var aggregate: Aggregation?
        @Option(help: ArgumentHelp("The phase: prefill (the default) or decode.N.", valueName: "phase")) var phase: String?
        @Option(help: "The looks: light (the default), dark or print.") var theme: Theme?
        @Option(help: "The use: article (the default), cover, phone or slide.") var preset: Preset?
        @Option(help: ArgumentHelp("Width in points instead of the preset's.", valueName: "points")) var width: Double?
        @Option(help: ArgumentHelp("Pixels a point, for PNG.", valueName: "n")) var scale: Double?
        @Flag(help: "In SVG, draw letters as outlines, for viewers without the fonts.") var textAsOutlines = false
        @Option(help: ArgumentHelp("Draw N tokens of seeded noise through causal attention instead.", valueName: "N")) var random: Int?
        @Option(help: ArgumentHelp("An accelerator for figures of costs, like assets/hardware/h800.json.", valueName: "file")) var hardware:
            String?
        @Option(help: ArgumentHelp("Results of attn measure, for measured.", valueName: "file.json")) var measurement: String?
        @Option(
            help: ArgumentHelp(
                "Recorded losses like assets/data/selection-loss.csv, for loss-curves and selection-loss.", valueName: "file.csv"))
        var losses: String?
        @Option(help: ArgumentHelp("How many keys a query selects, for selection-map.", valueName: "N")) var topK: Int?
        @Option(
            name: .customLong("with"), parsing: .singleValue,
            help: ArgumentHelp("A what-if switch to turn on, with --lesson or --case; may be repeated.", valueName: "switch"))
        var switches: [String] = []
        @Option(help: ArgumentHelp("The moment of tiles: an entry of the schedule, from 0.", valueName: "n")) var moment: Int?
        @Option(help: "The one stage of softmax to draw: scores, exponentials or shares.") var stage: SoftmaxStage?
        @Option(
            help: ArgumentHelp(
                "The part of pathway that is lit: \(PathwayPart.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "part"))
        var part: PathwayPart?
        @Option(help: ArgumentHelp("A tile program, for tiles, timeline, traffic and one-program; see attn tiles list.", valueName: "name"))
        var program: String?
        @Option(help: ArgumentHelp("A chip or its file, for tiles, timeline and traffic; see attn tiles chips.", valueName: "chip"))
        var chip: String?
        @Flag(help: "Every step that was recorded instead of the lanes, for pipeline.") var detail = false
        @Flag(help: "Print the figure's one-line caption.") var caption = false
        @Option(
            name: .shortAndLong,
            help: ArgumentHelp("Where to write: .png, .svg, .pdf, or .scene.json for the scene itself.", valueName: "file")) var output:
            String?

        func validate() throws {
            guard output != nil || caption else {
                throw ValidationError("expected --output FILE.png, FILE.svg, FILE.pdf or FILE.scene.json, or --caption")
            }
            if let scale, !(scale > 0 && scale <= 16) {
                throw ValidationError("--scale: expected more than 0 and at most 16, found \(scale)")
            }
        }

        func run() throws {
            let figure = try figure()
            if let output {
                try OutputPath.check(file: output, inputs: source.inputs + [hardware, measurement, losses].compactMap(\.self))
            }
            let form = try output.map(Self.form)
            try refuseWhatWouldBeIgnored(figure, form)
            let renderer = CairoRenderer()
            let data = try data()
            try check(data, figure)
            // A scene is for whoever draws it elsewhere: its text is measured as a page does.
            let measurer = form == .scene ? try AdvanceTable(home: source.reader.home).measurer : renderer.measurer
            let scene = try figure.draw(data, options(for: figure, data), measurer)
            if let output, let form {
                let bytes =
                    switch form {
                    case .png: try renderer.png(scene, theme ?? .light, scale: scale ?? 1)
                    case .svg: try renderer.svg(scene, theme ?? .light, idPrefix: "\(name)-", textAsOutlines: textAsOutlines)
                    case .pdf: try renderer.pdf(scene, theme ?? .light)
                    case .scene: scene.json(theme ?? .light)
                    }
                try WholeFile.write(output, bytes)
            }
            if caption { try Output.print(scene.caption[language.value]) }
        }

        private func figure() throws -> Figure {
            let figure = try Figures.named(name)
            guard detail else { return figure }
            guard figure.name == Figure.pipeline.name else { throw UsageError("\(name) has no use for --detail") }
            return .pipelineDetail
        }

        private static func form(_ path: String) throws -> Form {
            let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
            guard
                let form = Form.allCases.first(where: { name.hasSuffix("." + $0.rawValue) && name.utf8.count > $0.rawValue.utf8.count + 1 })
            else { throw UsageError("\(path): expected a name ending in .png, .svg, .pdf or .scene.json") }
            return form
        }

        /// Throws for an option that this figure, this source or this form has no use for.
        private func refuseWhatWouldBeIgnored(_ figure: Figure, _ form: Form?) throws {
            let given: [(FigureChoice, Bool)] = [
                (.step, step != nil), (.head, head != nil), (.query, query != nil), (.key, key != nil), (.aggregate, aggregate != nil),
                (.phase, phase != nil), (.moment, moment != nil), (.stage, stage != nil), (.part, part != nil),
                (.topK, topK != nil),
            ]
            for (choice, isGiven) in given where isGiven && !figure.takes.contains(choice) {
                // A step that is not there is told as such, once the trace is.
                if choice != .step || figure.needs != .traces { throw uselessness(of: choice, figure) }
            }
            if form == nil, let looks = [("theme", theme != nil), ("preset", preset != nil), ("width", width != nil)].first(where: \.1) {
                throw UsageError("--\(looks.0): expected with --output FILE; a caption has no looks")
            }
            if scale != nil, form != .png { throw UsageError("--scale: expected with --output FILE.png alone") }
            if textAsOutlines, form != .svg { throw UsageError("--text-as-outlines: expected with --output FILE.svg alone") }
            if hardware != nil, figure.needs != .costs { throw UsageError("\(name) has no use for --hardware") }
            if measurement != nil, figure.needs != .measurements { throw UsageError("\(name) has no use for --measurement") }
            if losses != nil, figure.needs != .losses { throw UsageError("\(name) has no use for --losses") }
            if let topK, topK < 1 { throw UsageError("--top-k: expected a number of at least 1, found \(topK)") }
            if program != nil, figure.needs != .tiles, figure.needs != .lowerings { throw UsageError("\(name) has no use for --program") }
            if chip != nil, figure.needs != .tiles { throw UsageError("\(name) has no use for --chip") }
            if !switches.isEmpty, source.lesson == nil, source.case == nil {
                throw UsageError("--with: expected with --lesson or --case; a trace, a model and a built-in example are what they are")
            }
            if figure.name == Figure.difference.name, switches.isEmpty, source.isNamed || random != nil {
                throw UsageError("\(name) draws two runs: expected --with SWITCH and --lesson or --case")
            }
            try source.checkReader(takesLayer: true)
            try speed.check(source)
            if source.reader.model != nil, let layer = source.given.layer, let step, StepID(step).layer != layer {
                throw UsageError("--layer \(layer): expected that of the step \(step)")
            }
            try source.given.check(for: figure)
        }

        private func uselessness(of choice: FigureChoice, _ figure: Figure) -> UsageError {
            let taken = FigureChoice.allCases.filter(figure.takes.contains).map { "--\($0.rawValue)" }.joined(separator: ", ")
            return UsageError("\(name) has no use for --\(choice.rawValue)" + (taken.isEmpty ? "" : "; it takes \(taken)"))
        }

        /// Throws for a step that the figure passes over, and for a phase of a trace that has none.
        private func check(_ data: FigureData, _ figure: Figure) throws {
            if let step, !figure.takes.contains(.step), data.traces.contains(where: { $0.trace.contains(StepID(step)) }) {
                throw uselessness(of: .step, figure)
            }
            // What a figure does not look for must be there all the same.
            if let step, !figure.takes.contains(.step) {
                guard let trace = data.traces.first?.trace else {
                    throw FigureError("\(step): there is no step of this name in recorded data")
                }
                _ = try trace.step(StepID(step))
            }
            if let phase, let step, let conflict = FigureOptions.conflict(ofPhase: phase, step: step) { throw UsageError("--\(conflict)") }
            guard let phase, data.traces.allSatisfy({ $0.trace.passes.isEmpty }) else { return }
            throw UsageError("--phase \(phase): this trace has no phases")
        }

        private func data() throws -> FigureData {
            let figure = try figure()
            if let random {
                guard !source.isNamed else { throw UsageError("--random takes no other source") }
                guard figure.needs == .traces else { throw UsageError("\(name) draws no trace: leave out --random") }
                let trace = try RandomAttention.trace(tokens: random)
                return FigureData(
                    traces: [(name: "random", trace: trace)], provenance: Provenance(name: "random-\(random)", note: RandomAttention.note))
            }
            guard source.isNamed else {
                let example = BuiltInExample(
                    home: source.reader.home, hardware: hardware, measurement: measurement, losses: losses, program: program, chip: chip)
                return try example.data(for: figure, language.value)
            }
            guard figure.needs != .parts else {
                throw UsageError("\(name) is made of the built-in examples: leave out --lesson, --case, --trace, --model and --attention")
            }
            guard figure.needs == .traces else {
                throw UsageError("\(name) draws no trace: leave out --lesson, --case, --trace, --model and --attention")
            }
            let changes = try switches.map { try Switch(parsing: $0) }
            let options = try chosen(figure)
            let layer = source.given.layer
            var layerCount: Int?
            let loaded = try source.load(language.value, switches: changes, takesLayer: true, isFast: speed.fast) { _, layers in
                layerCount = layers
                if let layer, !(0..<layers).contains(layer) {
                    throw EngineError(.index, "layer", expected: "0 to \(layers - 1)", found: "\(layer)")
                }
                return figure.keeping(options, layers: layers, layer: layer)
            }
            // What differs from what: the run without the switches comes first.
            let right = figure.name == Figure.difference.name ? [try source.load(language.value).trace] : []
            var data = FigureData(traces: (right + [loaded.trace]).map { (name: "", trace: $0) }, provenance: try loaded.provenance())
            data.layerCount = layerCount
            return data
        }

        private func options(for figure: Figure, _ data: FigureData) throws -> FigureOptions {
            var options = try chosen(figure)
            options.step = try options.step ?? data.traces.first.flatMap { try source.given.step(for: figure, $0.trace) }
            return options
        }

        /// The weights of the model's layer that is named, for a figure that says of how many layers it is one.
        private func stepOfLayer(_ figure: Figure) -> String? {
            guard figure.name == Figure.pathway.name, source.reader.model != nil else { return nil }
            return source.given.layer.map { StepID([.layer($0), .branch(.attention)], .weights).text }
        }

        /// What the reader chose.
        private func chosen(_ figure: Figure) throws -> FigureOptions {
            var options = FigureOptions()
            options.language = language.value
            options.themes = [theme ?? .light]
            options.preset = preset ?? .article
            options.width = width
            do { _ = try options.checkedWidth(atLeast: figure.leastWidth) } catch { throw UsageError("--\(error)") }
            options.step = step ?? stepOfLayer(figure)
            options.query = query
            options.key = key
            options.aggregate = aggregate
            if let phase { options.phase = phase }
            options.moment = moment
            options.stage = stage
            options.part = part
            options.topK = topK
            if let head {
                guard let choice = head == "mean" ? .mean : Int(head).map(HeadChoice.one) else {
                    throw UsageError("--head: expected a number or mean, found \"\(head)\"")
                }
                options.head = choice
            }
            return options
        }
    }
}

extension Theme: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}
extension Aggregation: ExpressibleByArgument {}
extension SoftmaxStage: ExpressibleByArgument {}
extension PathwayPart: ExpressibleByArgument {}
