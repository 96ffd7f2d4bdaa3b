// Running a model's forward pass for a command: what of it stays, how much memory that may take, and how far it has come.

internal import ArgumentParser
internal import AttentionKernels
internal import Diagrams
internal import Mechanisms
internal import ModelFiles
internal import Traces

struct FastOption: ParsableArguments {
    @Flag(
        help: "With --model, compute in Float32 the layers that nobody asks about; those that are asked about stay exact.")
    var fast = false

    /// Throws where no model is run.
    func check(_ source: SourceOptions) throws {
        guard !fast || source.reader.model != nil else { throw UsageError("--fast: expected with --model") }
    }
}

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
    /// How fewer steps would stay; nil where a command keeps no more than it needs.
    var advice: String?
    let model: LanguageModel
    let tokenIDs: [Int]
    let tokens: [String]
    var bound = MemoryBound.usual
    /// Whether layers that nobody asks about are computed in Float32.
    var isFast = false
    let language: Language

    /// Who computes what.
    struct Plan {
        /// The steps that stay.
        let kept: KeptSteps
        /// The layers in Float32: of none of them a step stays.
        var float32Layers: [Int] = []
        /// Whether there are several passes.
        var isRepeated = false

        /// What computes the steps that do not stay; nil for the exact engine.
        var computing: Keeping.Computing? {
            float32Layers.isEmpty ? nil : FloatEngine(holdsWeights: isRepeated).computing(in: Set(float32Layers))
        }

        /// The same for a recorder.
        var keeping: Keeping { computing.map { Keeping(kept.keeps, others: $0) } ?? Keeping(kept.keeps) }
    }

    /// Runs it, unless what stays would take more than the bound.
    func trace(_ choice: Choice) throws -> Trace {
        let layers = model.architecture.facts.layers
        let plan = try admitted(choice)
        let bar = ProgressBar()
        defer { bar.clear() }
        let begin = ContinuousClock.now
        func report(_ layer: Int) {
            guard ContinuousClock.now - begin > .seconds(1) else { return }
            let what = Bilingual(en: "layer \(layer) of \(layers)", zh: "第 \(layer) 层，共 \(layers) 层")
            bar.show(done: layer, of: layers, what[language])
        }
        var trace = try model.record(
            tokenIDs: tokenIDs, tokens: tokens, keeping: plan.kept, computing: plan.computing, progress: report)
        trace.float32Layers = plan.float32Layers
        return trace
    }

    /// What stays, if it takes no more than the bound; throws otherwise.
    /// - Parameter count: how many tokens follow, each in a pass that is given the keys and values of all before it, and hands on as many.
    func admitted(_ choice: Choice, following count: Int = 0) throws -> Plan {
        let (layers, context) = (model.architecture.facts.layers, model.architecture.facts.contextLength)
        var outline = try model.outline(tokenIDs: tokenIDs)
        let kept = try choice(outline, layers)
        let further = max(0, min(count, context - tokenIDs.count))
        if further > 0 { outline = try model.outline(tokenIDs: tokenIDs + [Int](repeating: 0, count: further)) }
        let caches = outline.steps.filter { [.key, .value].contains($0.id.role) }.reduce(0) { bytes, step in
            // One that stays is held for every token that follows: as it was given and as it is handed on. Else there are the last two.
            bytes + 2 * step.bytes * (step.cacheNames.contains(where: kept.keeps) ? further : min(further, 1))
        }
        let held = isFast && count > 0 ? outline.weights.reduce(0) { $0 + $1.bytes / 2 } : 0
        let need = outline.memory(keeping: kept) + caches + held
        guard need <= bound.bytes else {
            let gibibytes = (need + (1 << 30) - 1) >> 30
            throw FileError(
                .badData, path,
                "expected steps of at most \(MemoryBound.words(bound.bytes)), found \(MemoryBound.words(need)) for \(tokenIDs.count + further) tokens and \(layers) layers: --memory \(gibibytes)G allows it\(advice.map { "; \($0)" } ?? "")"
            )
        }
        guard isFast else { return Plan(kept: kept) }
        let needed = count > 0 ? Set(outline.steps.map(\.id.text)) : outline.needed(for: kept)
        let asked = Set(outline.steps.filter { kept.keeps($0.id) }.compactMap(\.id.layer))
        let computed = Set(outline.steps.filter { needed.contains($0.id.text) }.compactMap(\.id.layer))
        if computed.isSubset(of: asked) {
            Output.complain("--fast: every layer that is computed is asked about: nothing is left to Float32")
        }
        return Plan(kept: kept, float32Layers: computed.subtracting(asked).sorted(), isRepeated: count > 0)
    }
}

extension PassOutline.Entry {
    /// What the keys or values of a layer are called in the pass of the first token that follows: as they are given, and with its own.
    fileprivate var cacheNames: [StepID] {
        guard let layer = id.layer else { return [] }
        let name = id.role == .key ? "k" : "v"
        return [
            StepID("input.decode.0.layer.\(layer).attention.cache.\(name)"),
            StepID([.pass(.decode(0)), .layer(layer), .branch(.attention)], id.role),
        ]
    }
}

extension Trace {
    /// Says which layers were computed in Float32; nil if none was.
    var float32Note: Bilingual? {
        guard !float32Layers.isEmpty else { return nil }
        let firsts = float32Layers.filter { !float32Layers.contains($0 - 1) }
        let lasts = float32Layers.filter { !float32Layers.contains($0 + 1) }
        let ranges = zip(firsts, lasts).map { $0 == $1 ? "\($0)" : "\($0)–\($1)" }
        let word = float32Layers.count == 1 ? "layer" : "layers"
        return Bilingual(
            en: "\(word) \(ranges.joined(separator: ", ")) in Float32", zh: "第 \(ranges.joined(separator: "、")) 层以 Float32 计算")
    }
}

/// What of a model's pass stays, by options.
struct KeepOptions {
    /// The steps that `layers` and `keep` name; throws for what they do not mean.
    static func choice(layers: String?, keep: String?) throws -> ModelRun.Choice {
        let layers = try layers.map(range)
        let parts = try keep.map(parts) ?? [.everything]
        return { outline, count in
            if let layers { try check(layers, count) }
            let entries = outline.steps + outline.weights
            for part in parts {
                let kept = KeptSteps([part])
                guard entries.contains(where: { kept.keeps($0.id) }) else {
                    throw UsageError("--keep \(part.rawValue): expected steps that this pass has, found none of that kind")
                }
            }
            return KeptSteps(parts, layers: layers)
        }
    }

    /// All that is needed to compute these layers from what enters them; everything where none are named.
    static func whole(_ layers: ClosedRange<Int>?) -> ModelRun.Choice {
        guard let layers else { return { _, _ in .everything } }
        return { outline, count in
            try check(layers, count)
            return outline.whole(layers)
        }
    }

    private static func check(_ layers: ClosedRange<Int>, _ count: Int) throws {
        guard layers.upperBound < count else {
            throw EngineError(.index, "layers", expected: "0 to \(count - 1)", found: "\(layers.lowerBound) to \(layers.upperBound)")
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
