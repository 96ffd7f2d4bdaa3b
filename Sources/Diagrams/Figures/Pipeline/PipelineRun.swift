// What the figure `pipeline` reads of a trace: the steps behind its boxes and the bytes of them that one query needs. A step's bytes are those that were
// recorded with it: FP8 in one byte, positions and all else in eight.

import Mechanisms
import Traces

struct PipelineRun {
    /// The boxes, lane by lane.
    enum Box: CaseIterable { case indexKeys, scores, kept, keys, values, query, weights, output }

    /// What stands behind a box.
    struct Part {
        let step: Step
        let name: Bilingual
        let note: Bilingual
        /// What the query reads or writes of it.
        let bytes: Int
    }

    private(set) var parts: [Box: Part] = [:]
    let selection: Step?
    /// The keys that the query keeps, in order of position; all that it sees where nothing selects.
    let kept: [Int]
    /// How many keys the query sees.
    let visible: Int
    /// The bytes of one position that the weights need, and of one that the output needs.
    let (keyBytes, valueBytes): (Int, Int)
    /// Whether keys and values are made from the same latents, which are read once for both.
    let isLatent: Bool
    /// The query by its token, or by its position.
    let queryName: Bilingual

    init(_ trace: Trace, _ options: FigureOptions) throws(FigureError) {
        // The steps are known by their roles; a name that is not there is still a mistake.
        if let id = options.step { _ = try trace.recorded(StepID(id)) }
        try trace.checkPhase(options, figure: "pipeline")
        let here = trace.pass(options).map { trace.attentions(at: $0) } ?? trace.attentions
        guard let view = here.first(where: { !$0.isDense && $0.branch != .gathered }) ?? here.first else {
            throw FigureError("pipeline needs a trace with attention weights, found none")
        }
        guard let query = view.query, let key = view.key, let value = view.value, let output = view.output else {
            throw FigureError("pipeline needs the queries, keys, values and output of \(view.weights), found not all of them")
        }
        let steps = try [query, key, value, view.weights, output].map { id throws(FigureError) in try trace.recorded(id) }
        guard let rows = steps[0].output.shape[.t], let columns = steps[1].output.shape[.s], rows <= columns else {
            throw FigureError("pipeline: \(query): expected the axis t, and s in \(key), found \(steps[0].output.shape)")
        }
        let row = options.query ?? rows - 1
        guard (0..<rows).contains(row) else { throw FigureError("pipeline: query \(row): expected 0 to \(rows - 1) of the axis t") }
        let visible = row + columns - rows + 1
        self.visible = visible
        selection = try view.selection.map { id throws(FigureError) in try trace.recorded(id) }
        kept =
            try selection.map { step throws(FigureError) in
                try computing { () throws(EngineError) in try trace.selection(step.id).rows[row].kept.filter { $0 < visible } }
            } ?? Array(0..<visible)
        let place = row + columns - rows
        queryName = Words.position(
            trace.tokens.indices.contains(place) ? TokenText.visible(trace.tokens)[place] : NumberText.grouped(place),
            Bilingual(en: "query", zh: "查询"))
        // A latent is key and value at once; a rotary key goes with it, and with keys made from latents.
        let rotary = trace.first(.keyRopeCache, in: view.place) ?? trace.first(.keyRope, in: view.place)
        isLatent = steps[1].id == steps[2].id
        let asked = [steps[1]] + (steps[1].id.role == .key ? [] : [rotary].compactMap { $0 })
        (keyBytes, valueBytes) = (asked.reduce(0) { $0 + Self.bytes($1, .s) }, Self.bytes(steps[2], .s))
        parts[.keys] = Part(
            step: steps[1],
            name: isLatent ? Bilingual(en: "Latents of keys and values", zh: "键值潜向量") : Bilingual(en: "Keys", zh: "键"),
            note: Self.note(visible, keyBytes), bytes: visible * keyBytes)
        if !isLatent {
            parts[.values] = Part(
                step: steps[2], name: Bilingual(en: "Values", zh: "值"), note: Self.note(visible, valueBytes), bytes: visible * valueBytes)
        }
        parts[.query] = Self.part(steps[0], Bilingual(en: "Query", zh: "查询"), Self.bytes(steps[0], .t))
        let width = Self.bytes(steps[3], .t) / max(columns, 1)
        parts[.weights] = Self.part(steps[3], Bilingual(en: "Weights", zh: "权重"), width * kept.count)
        parts[.output] = Self.part(steps[4], Bilingual(en: "Output", zh: "输出"), Self.bytes(steps[4], .t))
        if let selection { try select(selection, trace) }
    }

    /// The bytes that attention reads of so many positions.
    func read(_ count: Int) -> Int { count * (isLatent ? keyBytes : keyBytes + valueBytes) }

    /// The boxes of indexer and selection: by the steps that entered them.
    private mutating func select(_ selection: Step, _ trace: Trace) throws(FigureError) {
        let width = Self.bytes(selection, .t) / max(selection.output.shape[.k] ?? 1, 1)
        parts[.kept] = Part(
            step: selection, name: Bilingual(en: "The top \(kept.count)", zh: "前 \(kept.count) 名"), note: Self.note(kept.count, width),
            bytes: kept.count * width)
        guard let score = try selection.inputs.first.map({ id throws(FigureError) in try trace.recorded(id) }) else { return }
        let cell = Self.bytes(score, .t) / max(score.output.shape[.s] ?? 1, 1)
        let isIndex = score.id.role == .indexScore
        parts[.scores] = Part(
            step: score, name: isIndex ? Bilingual(en: "Index scores", zh: "索引得分") : score.title, note: Self.note(visible, cell),
            bytes: visible * cell)
        let place = score.id.place
        guard isIndex, let dot = trace.first(.indexDot, in: place), let id = dot.inputs.last, let keys = try? trace.step(id) else { return }
        let each = Self.bytes(keys, .s) + (trace.first(.indexKeyScale, in: place).map { Self.bytes($0, .s) } ?? 0)
        parts[.indexKeys] = Part(
            step: keys, name: Bilingual(en: "Index keys", zh: "索引键"), note: Self.note(visible, each), bytes: visible * each)
    }

    /// The recorded bytes of one position along `axis`; eight a number where none were stated.
    private static func bytes(_ step: Step, _ axis: Axis) -> Int {
        let stated = step.cost.bytesWritten
        return (stated > 0 ? stated : step.output.shape.count * 8) / max(step.output.shape[axis] ?? 1, 1)
    }

    private static func part(_ step: Step, _ name: Bilingual, _ bytes: Int) -> Part {
        Part(step: step, name: name, note: Bilingual(same: size(bytes)), bytes: bytes)
    }

    private static func note(_ count: Int, _ each: Int) -> Bilingual { Bilingual(same: "\(NumberText.grouped(count)) × \(size(each))") }

    static func size(_ bytes: Int) -> String { NumberText.grouped(bytes) + " B" }
}

/// What the figure `pipeline` says.
struct PipelineWords {
    let run: PipelineRun

    let lanes = [
        Bilingual(en: "Indexer", zh: "索引器"), Bilingual(en: "Selection", zh: "选择"), Bilingual(en: "Attention", zh: "注意力"),
    ]

    static let gather = Bilingual(en: "gather", zh: "收集")

    /// What a lane does, for its right half.
    func deed(_ lane: Int) -> Bilingual {
        let (kept, all) = (NumberText.grouped(run.kept.count), NumberText.grouped(run.visible))
        switch lane {
        case 0:
            let size = PipelineRun.size(bytes(.indexKeys))
            return bytes(.indexKeys) > 0
                ? Bilingual(en: "skims all \(all) keys: \(size)", zh: "粗读全部 \(all) 个键：\(size)")
                : Bilingual(en: "scores all \(all) keys", zh: "给全部 \(all) 个键打分")
        case 1: return Bilingual(en: "keeps \(kept) of \(all) positions", zh: "\(all) 个位置留下 \(kept) 个")
        default:
            let size = PipelineRun.size(run.read(run.kept.count))
            return Bilingual(en: "reads \(kept) rows in full: \(size)", zh: "细读 \(kept) 行：\(size)")
        }
    }

    private func bytes(_ box: PipelineRun.Box) -> Int { run.parts[box]?.bytes ?? 0 }

    var title: Bilingual {
        let (kept, all) = (NumberText.grouped(run.kept.count), NumberText.grouped(run.visible))
        if run.selection == nil {
            return Bilingual(en: "Dense attention reads every key: all \(all), in full", zh: "稠密注意力把键全读一遍：\(all) 个，个个细读")
        }
        if run.kept.count == run.visible {
            return Bilingual(en: "So short a text is read in full: all \(all) keys stay", zh: "文本这么短，\(all) 个键全部留下细读")
        }
        return run.parts[.indexKeys] == nil
            ? Bilingual(en: "Attention reads \(kept) of \(all) keys in full", zh: "注意力只细读 \(all) 个键中的 \(kept) 个")
            : Bilingual(
                en: "The indexer skims all \(all) keys, attention reads \(kept) of them in full", zh: "索引器把 \(all) 个键粗读一遍，注意力只细读 \(kept) 个")
    }

    var subtitle: Bilingual {
        let thick = Bilingual(
            en: "For \(run.queryName.en). Arrows are as thick as the bytes that they carry.", zh: "以\(run.queryName.zh)为例。箭头粗细按所传的字节数。")
        guard run.selection != nil else { return thick }
        let (small, full, dense) = (bytes(.indexKeys), run.read(run.kept.count), run.read(run.visible))
        let sums =
            small > 0
            ? Bilingual(
                en:
                    " Index keys and kept rows are \(PipelineRun.size(small)) and \(PipelineRun.size(full)); dense attention would read \(PipelineRun.size(dense)).",
                zh: "索引键 \(PipelineRun.size(small))，留下的行 \(PipelineRun.size(full))；稠密注意力要读 \(PipelineRun.size(dense))。")
            : Bilingual(
                en: " Kept rows are \(PipelineRun.size(full)); dense attention would read \(PipelineRun.size(dense)).",
                zh: "留下的行 \(PipelineRun.size(full))；稠密注意力要读 \(PipelineRun.size(dense))。")
        return thick + sums
    }

    func source(_ provenance: Provenance) -> Bilingual {
        let steps = Bilingual(same: run.parts[.weights]!.step.id.text)
        let width = Bilingual(
            en: "bytes as recorded (8 a number, FP8 1), of a kernel that reads kept rows alone",
            zh: "字节数按记录（每个数 8 字节，FP8 为 1），按只读留下各行的内核计")
        return Words.source(run.selection == nil ? [steps] : [steps, width], provenance)
    }

    var caption: Bilingual { Bilingual(en: "\(title.en).", zh: "\(title.zh)。") }

    var alt: Bilingual {
        let boxes = Words.list(
            PipelineRun.Box.allCases.compactMap { run.parts[$0] }.map { part in
                Bilingual(en: "\(part.name.en) (\(part.note.en))", zh: "\(part.name.zh)（\(part.note.zh)）")
            })
        return Bilingual(
            en: "Flow of one query, \(run.queryName.en), in lanes of indexer, selection and attention. \(title.en). Boxes: \(boxes.en).",
            zh: "一个查询（\(run.queryName.zh)）的流程，分索引器、选择、注意力三道。\(title.zh)。方框：\(boxes.zh)。")
    }
}
