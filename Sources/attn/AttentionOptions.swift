// Attention that somebody dumped, as a source: the file, what in it is meant, and a selection to lay over.

internal import ArgumentParser
internal import Diagrams
internal import Mechanisms
internal import ModelFiles
internal import Traces

struct AttentionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Attention weights of any model: .npy, .npz or .safetensors, [q,k], [h,q,k], [b,h,q,k], [l,h,q,k] or [l,b,h,q,k].",
            valueName: "file"))
    var attention: String?

    @Option(help: ArgumentHelp("The array in that file, where there are several.", valueName: "name"))
    var tensor: String?

    @Option(help: ArgumentHelp("Its tokens, one for each key: a JSON list of texts, or a text a line.", valueName: "file"))
    var tokens: String?

    @Option(
        help: ArgumentHelp(
            "What its axes count, a letter each: l layers, b texts of a batch, h heads, q queries, k keys. By default the shapes above; of four axes the first is a batch where it has length 1, else layers.",
            valueName: "letters"))
    var axes: String?

    @Option(help: ArgumentHelp("The one layer to read; by default all. Of a model, the one to draw.", valueName: "n"))
    var layer: Int?

    @Option(help: ArgumentHelp("The text of a batch; by default the first.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("Which keys a selection would keep: \(KeptKeys.spellings).", valueName: "rule"))
    var select: String?

    /// Throws for options that no file would hear of, and for what no file could have.
    /// - Parameter takesLayerOfModel: whether --layer means one of a model's.
    func check(takesLayerOfModel: Bool = false) throws {
        if attention == nil {
            let given = [
                ("tensor", tensor != nil), ("tokens", tokens != nil), ("axes", axes != nil),
                ("layer", layer != nil && !takesLayerOfModel),
                ("batch", batch != nil),
                ("select", select != nil),
            ]
            if let idle = given.first(where: \.1) {
                let other = idle.0 == "layer" ? "; of a model, attn figure takes it, and attn trace --layers" : ""
                throw UsageError("--\(idle.0): expected with --attention FILE\(other)")
            }
        }
        _ = try (request(), kept())
    }

    private func request() throws -> AttentionFile.Request {
        var request = AttentionFile.Request()
        (request.tensor, request.layer, request.text) = (tensor, layer, batch)
        if let axes {
            guard let parts = AttentionFile.axes(axes) else {
                throw UsageError("--axes \(axes): expected q and k, and of l, b and h those that there are, each once: lbhqk")
            }
            request.axes = parts
        }
        return request
    }

    private func kept() throws -> KeptKeys? {
        guard let select else { return nil }
        do { return try KeptKeys(parsing: select) } catch { throw UsageError("--\(error)") }
    }

    /// What pictures say of the selection: how much of the given weight it keeps in the first layer that was read; nil without one.
    func note(_ trace: Trace) throws -> Bilingual? {
        guard let select, let selected = trace.steps.first(where: { $0.id.role == .selected }) else { return nil }
        let masses = try trace.selection(selected.id).rows.compactMap(\.massKept)
        let mass = NumberText.share(masses.reduce(0, +) / Double(max(masses.count, 1)))
        return Bilingual(en: "\(select) keeps \(mass) of the given weight", zh: "\(select) 保住给定权重的 \(mass)")
    }

    /// Throws for a selection that the figure would pass over, and where it needs one.
    func check(for figure: Figure) throws {
        if attention != nil, select == nil, [Figure.compare.name, Figure.questions.name].contains(figure.name) {
            throw UsageError("\(figure.name) lays a selection over the weights: expected --select \(KeptKeys.spellings)")
        }
        if select != nil, Self.passOverSelections.contains(figure.name) { throw UsageError("\(figure.name) has no use for --select") }
    }

    /// The step that a figure draws of the trace where none is named: the one that shows the selection, if one is laid over; nil leaves it to the figure.
    func step(for figure: Figure, _ trace: Trace) throws -> String? {
        guard attention != nil else { return nil }
        let layers = trace.steps.filter { $0.id.branch == .attention }.compactMap(\.id.layer)
        let showsAll =
            figure.name == Figure.heads.name && select == nil || figure.name == Figure.headKinds.name
            || figure.name == Figure.selectionMap.name || figure.name == Figure.pipelineDetail.name
        if layers.count > 1, !showsAll {
            Output.complain("\(figure.name) draws layer \(layers[0]) of \(layers.count): --layer N names another")
        }
        guard select != nil, Self.overlaid.contains(figure.name) else { return nil }
        return GivenAttention.overlay(inLayer: layers.first).text
    }

    /// Figures of one step of weights.
    private static let overlaid = [Figure.matrix, .heads, .arcs].map(\.name)
    /// Figures that read weights, or what they were made from, and no selection.
    private static let passOverSelections = [Figure.triangles, .headKinds, .selectionMap, .nextToken, .softmax, .weightedSum, .pathway].map(
        \.name)

    /// The trace of the weights in the file at `path`; what is odd about them is said.
    func trace(_ path: String) throws -> Trace {
        let file = try AttentionFile(path: path, request())
        let tokens = try tokens.map { tokens in
            let list = try TokenFile.read(tokens)
            guard list.count == file.keys else {
                throw FileError(.badData, tokens, "expected \(file.keys) tokens, one for each key, found \(list.count)")
            }
            return list
        }
        file.remarks.forEach(Output.complain)
        return try GivenAttention.trace(file.layers, tokens: tokens ?? [], keeping: kept(), source: file.source)
    }
}
