// A run of tiles: `{tiles: matmul, m: 6, n: 4, k: 8, tile: 2x2x4, stages: 2}`. Its matrices are seeded noise, whole numbers that are easily read, or what
// the diary's own attention computed, so that a tile's numbers are those that other lessons show. Every executed instruction is a step of its trace.

internal import Diagrams
internal import Mechanisms
internal import TileMachine
internal import Traces

/// A tile program with the matrices that it is given.
struct TileRunRequest: Hashable, Sendable {
    /// Where the matrices come from.
    enum Given: Hashable, Sendable {
        /// Seeded noise from -1 to below 1, as the command's.
        case noise
        /// The same, made whole numbers from -2 to 2.
        case whole
        /// The diary, asked this question.
        case diary(String)
    }

    private let request: TileRequest
    private let given: Given

    /// Reads a run; throws, with its place, for what is not known, and for sizes beside a question, which has its own.
    init(_ node: YAMLNode, questions: [String]) throws(LessonError) {
        let name = try node.required("tiles")
        let text = try name.string("tiles")
        guard var request = TileRequest(program: text) else {
            let known = TileProgramName.allCases.map(\.rawValue)
            throw name.error("tiles: expected one of \(known.joined(separator: ", ")), found \"\(text)\"")
        }
        try node.allow(["tiles", "numbers", "of"] + request.names, in: "a run of \(text)")
        for entry in try node.entries("a run") where !["tiles", "numbers", "of"].contains(entry.key) {
            do { try request.set(entry.key, entry.value.string(entry.key)) } catch { throw entry.value.error(error.problem) }
        }
        given = try Self.given(node, request, questions)
        self.request = request
        if case .diary = given { return }
        do { _ = try request.cut() } catch { throw node.error("\(error)") }
    }

    private static func given(_ node: YAMLNode, _ request: TileRequest, _ questions: [String]) throws(LessonError) -> Given {
        if let question = node.optional("of") {
            let asked = try question.string("of")
            guard questions.contains(asked) else {
                throw question.error("of: expected one of \(questions.joined(separator: ", ")), found \"\(asked)\"")
            }
            guard [.indexer, .attention, .sparseAttention].contains(request.program) else {
                throw question.error("of: expected indexer, attention or sparse-attention, found \(request.program.rawValue)")
            }
            guard request.sizes.isEmpty, node.optional("numbers") == nil else {
                throw node.error("of: expected no sizes and no numbers beside it: the diary has its own")
            }
            return .diary(asked)
        }
        guard let numbers = node.optional("numbers") else { return .noise }
        let text = try numbers.string("numbers")
        guard ["noise", "whole"].contains(text), text == "noise" || request.program != .sparseAttention else {
            throw numbers.error("numbers: expected noise, or whole where there are no positions, found \"\(text)\"")
        }
        return text == "whole" ? .whole : .noise
    }

    /// What pictures say of the numbers.
    private var note: Bilingual? {
        switch given {
        case .noise: Bilingual(en: "matrices of seeded random numbers", zh: "矩阵是按种子生成的随机数")
        case .whole: Bilingual(en: "matrices of small whole numbers, drawn from a seed", zh: "矩阵是按种子抽取的小整数")
        case .diary: Diary.designedByHand
        }
    }

    /// Runs it.
    func experiment(_ diary: Diary, name: String, language: Language) throws -> Experiment {
        let inputs: [Tensor]
        var request = request
        switch given {
        case .noise: inputs = try request.task().noise()
        case .whole:
            inputs = try request.task().noise().map { noise in
                Tensor(noise.shape, noise.values.map { (($0 + 1) / 2 * 5).rounded(.down) - 2 })
            }
        case .diary(let question):
            let asked = try diary.tokens(of: diary.text(question: question, language: language))
            (inputs, request) = try Self.inputs(of: diary.trace(of: asked, language: language), request)
        }
        let run = try TileRun(request.cut(), inputs)
        return Experiment(name: name, trace: run.trace, of: request, provenance: Provenance(name: provenanceName, note: note))
    }

    private var provenanceName: String { if case .diary = given { "diary" } else { "tiles-\(request.program.rawValue)" } }

    /// The matrices of the program in the diary's own attention, and the request with their sizes.
    private static func inputs(of trace: Trace, _ request: TileRequest) throws -> ([Tensor], TileRequest) {
        func step(_ id: String) throws -> Tensor { try trace.step(id).output }
        /// Renames axes and puts them in order.
        func matrix(_ id: String, _ axes: [(Axis, Axis)]) throws -> Tensor {
            try step(id).transposed(to: axes.map(\.0)).on(axes.map(\.1))
        }
        let isIndexer = request.program == .indexer
        let keys = try step(isIndexer ? "indexer.k" : "attention.k")
        let values = try step("attention.v")
        let (length, width) = (keys.shape[.s] ?? 0, keys.shape[.d] ?? 0)
        var sizes = [(name: "queries", value: length), (name: "keys", value: length), (name: "dim", value: width)]
        switch request.program {
        case .indexer:
            let q = try matrix("indexer.q", [(.t, .t), (.j, .j), (.d, .d)])
            sizes.append((name: "heads", value: q.shape[.j] ?? 0))
            let inputs = [q, try matrix("indexer.k", [(.s, .s), (.d, .d)]), try matrix("indexer.weights", [(.t, .t), (.j, .j)])]
            return (inputs, request.sized(sizes))
        case .attention:
            let q = try matrix("attention.q", [(.t, .t), (.h, .h), (.d, .d)])
            sizes += [(name: "heads", value: q.shape[.h] ?? 0), (name: "value-dim", value: values.shape[.d] ?? 0)]
            let inputs = [
                q, try matrix("attention.k", [(.s, .s), (.g, .h), (.d, .d)]), try matrix("attention.v", [(.s, .s), (.g, .h), (.d, .e)]),
            ]
            return (inputs, request.sized(sizes))
        default:
            // One head's keys and values: the program's heads share them.
            let q = try step("attention.q").slice(.h, at: 0)
            sizes += [(name: "heads", value: 1), (name: "value-dim", value: values.shape[.d] ?? 0)]
            let selected = try step("selected")
            let kept = selected.shape[.k] ?? 0
            sizes.append((name: "top-k", value: kept))
            let k = try step("attention.k").slice(.g, at: 0).transposed(to: [.s, .d])
            let v = values.slice(.g, at: 0).transposed(to: [.s, .d]).on([.s, .e])
            let queries = Tensor([.t, .h, .d], [length, 1, width], q.transposed(to: [.t, .d]).values)
            return ([queries, k, v, selected.transposed(to: [.t, .k]).on([.t, "r"])], request.sized(sizes))
        }
    }
}
