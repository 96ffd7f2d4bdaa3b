// Running a model's forward pass for a command: what of it stays, how much memory that may take, and how far it has come.

internal import Diagrams
internal import Mechanisms
internal import ModelFiles
internal import Traces

/// Bytes, as people write them.
struct MemoryBound {
    /// What the steps of a pass may take where nobody says otherwise.
    static let usual = MemoryBound(bytes: 2 << 30)

    let bytes: Int

    private init(bytes: Int) { self.bytes = bytes }

    /// Reads `512M`, `8G`: mebibytes, gibibytes; `K` are kibibytes.
    init(parsing text: String) throws {
        let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
        guard let unit = text.last.flatMap({ shifts[$0] }), let count = Int(text.dropLast()), (1...(1 << 30)).contains(count) else {
            throw UsageError("--memory: expected a size like 512M or 8G, found \"\(text)\"")
        }
        bytes = count << unit
    }

    /// A size in words: 8.3 GiB.
    static func words(_ bytes: Int) -> String {
        guard bytes >= 1 << 20 else { return "\(NumberText.significant(Double(bytes) / 1024, digits: 3)) KiB" }
        let mebibytes = Double(bytes) / 0x1p20
        return mebibytes < 1000
            ? "\(NumberText.significant(mebibytes, digits: 3)) MiB" : "\(NumberText.significant(mebibytes / 1024, digits: 3)) GiB"
    }
}

/// One forward pass over a text.
struct ModelRun {
    /// Chooses what stays, from what there would be.
    typealias Choice = (_ outline: PassOutline, _ layers: Int) throws -> KeptSteps

    /// The model's folder or file, for messages.
    let path: String
    let model: LanguageModel
    let tokenIDs: [Int]
    let tokens: [String]
    var bound = MemoryBound.usual
    let language: Language

    /// Runs it, unless what stays would take more than the bound.
    func trace(_ choice: Choice) throws -> Trace {
        let layers = model.architecture.facts.layers
        let kept = try admitted(choice)
        let bar = ProgressBar()
        defer { bar.clear() }
        let begin = ContinuousClock.now
        return try model.record(tokenIDs: tokenIDs, tokens: tokens, keeping: kept) { layer in
            guard ContinuousClock.now - begin > .seconds(1) else { return }
            let what = Bilingual(en: "layer \(layer) of \(layers)", zh: "第 \(layer) 层，共 \(layers) 层")
            bar.show(done: layer, of: layers, what[language])
        }
    }

    /// What stays, if it takes no more than the bound; throws otherwise.
    /// - Parameter count: how many tokens follow, each in a pass that is given the keys and values of all before it, and hands on as many.
    func admitted(_ choice: Choice, following count: Int = 0) throws -> KeptSteps {
        let (layers, context) = (model.architecture.facts.layers, model.architecture.facts.contextLength)
        var outline = try model.outline(tokenIDs: tokenIDs)
        let kept = try choice(outline, layers)
        let further = max(0, min(count, context - tokenIDs.count))
        if further > 0 { outline = try model.outline(tokenIDs: tokenIDs + [Int](repeating: 0, count: further)) }
        let caches = outline.steps.filter { [.key, .value].contains($0.id.role) }.reduce(0) { $0 + 2 * $1.bytes }
        let need = outline.memory(keeping: kept) + caches * further
        guard need <= bound.bytes else {
            let gibibytes = (need + (1 << 30) - 1) >> 30
            throw FileError(
                .badData, path,
                "expected steps of at most \(MemoryBound.words(bound.bytes)), found \(MemoryBound.words(need)) for \(tokenIDs.count) tokens and \(layers) layers: --memory \(gibibytes)G allows it; attn trace --layers A-B --keep attention keeps less"
            )
        }
        return kept
    }
}

/// What of a model's pass stays, by options.
struct KeepOptions {
    /// The steps that `layers` and `keep` name; throws for what they do not mean.
    static func choice(layers: String?, keep: String?) throws -> ModelRun.Choice {
        let layers = try layers.map(range)
        let parts = try keep.map(parts) ?? [.everything]
        return { _, count in
            if let layers, layers.upperBound >= count {
                throw EngineError(.index, "layers", expected: "0 to \(count - 1)", found: "\(layers.lowerBound) to \(layers.upperBound)")
            }
            return KeptSteps(parts, layers: layers)
        }
    }

    /// The names that --keep knows.
    static let names = KeptSteps.Part.allCases.map(\.rawValue).joined(separator: ", ")

    private static func parts(_ text: String) throws -> Set<KeptSteps.Part> {
        Set(
            try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
                guard let part = KeptSteps.Part(rawValue: String(name)) else {
                    throw UsageError("--keep: expected some of \(names), with commas between them, found \"\(text)\"")
                }
                return part
            })
    }

    /// The layers that `text` names: 3, or 3-5.
    static func range(_ text: String) throws -> ClosedRange<Int> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
            throw UsageError("--layers: expected a layer N, or layers A-B, found \"\(text)\"")
        }
        return first...last
    }
}
