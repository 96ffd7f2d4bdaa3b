// SOURCE: where a trace comes from. Exactly one of --lesson, --case, --trace, --model with --text, --attention.

internal import ArgumentParser
internal import CCairo
internal import Diagrams
internal import Lessons
internal import Mechanisms
internal import ModelFiles
internal import ReferenceCases
internal import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a reader brings: a question, a text, a model; and where the lessons are.
struct ReaderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A model folder in the Hugging Face layout (\(ModelFamilies.names.joined(separator: ", "))), or a .gguf file.",
            valueName: "model"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "The most memory that the steps of a model may take: 512M, 8G; by default 2G. What would take more is refused before it starts.",
            valueName: "size"))
    var memory: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("A diary in the diary's vocabulary; with --model, any text.", valueName: "text"))
    var text: String?

    @Option(
        name: .customLong("word"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A word of your own in --text, and what it is: \(NewWord.Kind.allCases.map(\.rawValue).joined(separator: ", ")); with :STORY it tells that story. May be repeated.",
            valueName: "name=kind[:story]"))
    var words: [String] = []

    @Option(help: ArgumentHelp("The question asked of the diary: trip, breakfast or mei.", valueName: "question"))
    var question: String?

    @Option(help: ArgumentHelp("The folder that holds lessons and assets.", valueName: "dir"))
    var home: String?

    /// The lessons.
    func library() throws -> LessonLibrary { try Self.library(home) }

    /// The lessons of the folder named, or of the one that is found.
    static func library(_ home: String?) throws -> LessonLibrary {
        let home = try ResourceFolder(named: home).path
        return try LessonLibrary(folder: home + "/lessons", resources: LessonResources(home: home))
    }

    /// What a lesson is run on.
    func lessonSource(_ language: Language) throws -> LessonSource {
        try checkWords()
        _ = try bound()
        if question != nil, text != nil || model != nil {
            throw UsageError("--question asks the built-in diary; leave out --text and --model")
        }
        if let model {
            let source = try Source(model: model, self, language, isFast: false) { outline, _ in .lesson(in: outline) }
            return .trace(
                source.trace, text: text ?? "", layer: nil, provenance: try source.provenance(),
                runs: source.model.map { ModelRuns(of: $0, report: ProgressBar().reporter(language)) })
        }
        guard let text else { return .builtIn(question: question) }
        return try .diaryText(text, words: newWords())
    }

    /// The words of the reader's own; throws for what is none.
    private func newWords() throws -> [NewWord] {
        try words.map { word in
            do { return try NewWord(parsing: word) } catch { throw UsageError("--word \(error)") }
        }
    }

    /// Throws for a word that no text of the diary would have.
    func checkWords() throws {
        guard !words.isEmpty, text == nil || model != nil else { return }
        throw UsageError("--word: expected with --text, a diary of your own")
    }

    /// How much memory a model's steps may take; throws for what is no size, and where no model is named.
    func bound() throws -> MemoryBound {
        guard let memory else { return .usual }
        guard model != nil else { throw UsageError("--memory: expected with --model") }
        return try MemoryBound(parsing: memory)
    }
}

struct SourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A lesson's experiment.", valueName: "name"))
    var lesson: String?

    @Option(help: ArgumentHelp("A reference case.", valueName: "file.safetensors"))
    var `case`: String?

    @Option(help: ArgumentHelp("Of a case of an indexer with several sequences the one that is meant, from 0.", valueName: "n"))
    var sequence: Int?

    @Option(help: ArgumentHelp("A trace written by attn trace.", valueName: "file.json"))
    var trace: String?

    @OptionGroup var given: AttentionOptions

    @OptionGroup var reader: ReaderOptions

    /// Files that are read: none of them may be written over.
    var inputs: [String] {
        [`case`, trace, given.attention, given.tokens].compactMap(\.self) + (reader.model.map(Self.files) ?? [])
    }

    /// Of a model's folder all files, for an index may name any of them; else the file itself.
    private static func files(ofModel path: String) -> [String] {
        let names = WholeFile.names(in: path)
        return names.isEmpty ? [path] : names.map { "\(path)/\($0)" }
    }

    /// Whether any source is named.
    var isNamed: Bool { !named.isEmpty }

    private var named: [String] { [lesson, `case`, trace, reader.model, given.attention].compactMap(\.self) }

    /// Throws for a text or a question that no named source would hear of.
    /// - Parameter takesLayer: whether --layer may name the one layer of a model that is meant.
    func checkReader(takesLayer: Bool = false) throws {
        if reader.text != nil, lesson == nil, reader.model == nil { throw UsageError("--text: expected with --lesson or --model") }
        if reader.question != nil, lesson == nil { throw UsageError("--question: expected with --lesson") }
        try reader.checkWords()
        _ = try reader.bound()
        try given.check(takesLayerOfModel: takesLayer && reader.model != nil)
    }

    /// The trace with its provenance; throws UsageError unless exactly one source is named.
    /// - Parameters:
    ///   - advice: of a model, how fewer steps would stay.
    ///   - keeping: of a model, the steps that stay.
    func load(
        _ language: Language, paths: [SparseAttention.Path] = [.masked], switches: [Switch] = [], takesLayer: Bool = false,
        isFast: Bool = false, advice: String? = nil, keeping: ModelRun.Choice = { _, _ in .everything }
    ) throws -> Source {
        guard named.count == 1 else {
            throw UsageError(
                "expected one source (--lesson NAME, --case FILE, --trace FILE, --model MODEL --text TEXT or --attention FILE), found \(named.isEmpty ? "none" : "\(named.count)")"
            )
        }
        try checkReader(takesLayer: takesLayer)
        guard paths == [.masked] || `case` != nil else { throw UsageError("--path applies to --case of sparse attention alone") }
        guard sequence == nil || `case` != nil else { throw UsageError("--sequence: expected with --case") }
        if let path = `case` {
            return Source(trace: try ReferenceCase(path: path).trace(paths: paths, switches: switches, sequence: sequence), file: path)
        }
        guard switches.isEmpty || lesson != nil else {
            throw UsageError("switches apply to --case and --lesson; a trace, a model and given attention are what they are")
        }
        if let path = given.attention {
            let trace = try given.trace(path)
            return Source(trace: trace, name: Provenance.baseName(path), note: try given.note(trace), files: [path], model: nil)
        }
        if let path = trace { return Source(trace: try TraceJSON.read(path), file: path) }
        if let path = reader.model {
            let advice = advice ?? (takesLayer ? "--layer N computes what one layer needs" : nil)
            return try Source(model: path, reader, language, isFast: isFast, advice: advice, keeping: keeping)
        }
        let run = try reader.library().lesson(lesson ?? "").trace(reader.lessonSource(language), language: language, switches: switches)
        return Source(trace: run.trace, run.provenance)
    }
}

/// A trace and where it came from.
struct Source {
    let trace: Trace
    /// What pictures say of the data, without the hash of `file`.
    private let known: Provenance
    /// The files whose SHA-256 pictures carry, one after the other; none if `known` says all. Hashed only when a picture is drawn: a model may
    /// be large.
    private let files: [String]
    /// The model that was run, if one was.
    let model: LanguageModel?

    /// A trace read or computed from `file`.
    init(trace: Trace, file: String) {
        self.init(trace: trace, name: Provenance.baseName(file), note: trace.float32Note, files: [file], model: nil)
    }

    fileprivate init(trace: Trace, name: String, note: Bilingual? = nil, files: [String], model: LanguageModel?) {
        self.trace = trace
        self.model = model
        known = Provenance(name: name, note: note)
        self.files = files
    }

    /// A trace whose run said where its data come from.
    init(trace: Trace, _ provenance: Provenance) {
        self.trace = trace
        model = nil
        known = provenance
        files = []
    }

    /// A forward pass over the reader's text through the model in the folder or the GGUF file `path`.
    init(
        model path: String, _ reader: ReaderOptions, _ language: Language, isFast: Bool, advice: String? = nil, keeping: ModelRun.Choice
    ) throws {
        guard let text = reader.text else { throw UsageError("--model needs --text TEXT") }
        guard !text.isEmpty else { throw FileError(.badData, "--text", "expected at least one character, found an empty text") }
        let folder = try ModelFolder(path: path)
        let ids = folder.tokenizer.encode(text)
        let tokens = ids.map { folder.tokenizer.token($0) ?? "?" }
        let loaded = try folder.load()
        loaded.warnings.forEach(Output.complain)
        let run = ModelRun(
            path: path, advice: advice, model: loaded.model, tokenIDs: ids, tokens: tokens, bound: try reader.bound(), isFast: isFast,
            language: language)
        let trace = try run.trace(keeping)
        self.init(
            trace: trace, name: Provenance.baseName(path), note: trace.float32Note, files: loaded.weightPaths, model: loaded.model)
    }

    func provenance() throws -> Provenance {
        guard !files.isEmpty else { return known }
        return Provenance(name: known.name, sha256: try Provenance.sha256(ofAll: files), note: known.note)
    }
}

extension Provenance {
    static func baseName(_ path: String) -> String {
        path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? "input"
    }

    /// SHA-256 of a file, in hexadecimal.
    static func sha256(of path: String) throws -> String { try sha256(ofAll: [path]) }

    /// SHA-256 of the files' bytes, one file after the other, in hexadecimal; by GLib (which Pango brings along).
    static func sha256(ofAll paths: [String]) throws -> String {
        guard let checksum = g_checksum_new(G_CHECKSUM_SHA256) else { throw FileError(.noInput, paths.first ?? "", "no SHA-256 here") }
        defer { g_checksum_free(checksum) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        for path in paths {
            guard let file = fopen(path, "rb") else {
                throw FileError(.noInput, path, "cannot be opened: \(String(cString: strerror(errno)))")
            }
            defer { fclose(file) }
            while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { g_checksum_update(checksum, buffer, count) }
            guard ferror(file) == 0 else { throw FileError(.noInput, path, "cannot be read") }
        }
        return g_checksum_get_string(checksum).map { String(cString: $0) } ?? ""
    }
}
