// `{{cost …}}` and `{{data …}}`: numbers of the cost model and of published data, by name. The closed forms are the engine's; this file only
// gives them names that a lesson can write. The list stands in lessons/README.md.

internal import Records
internal import Traces

/// Looks up `{{cost name(arguments)}}`.
struct CostValues {
    let resources: LessonResources

    static let names = [
        "tokens", "flopsPerKey", "flops", "sequenceFlops", "perToken", "parameters", "model", "cachePerToken", "cache", "decodeReads",
        "conversations", "crossover", "serving", "conversation", "knee", "share", "doubling", "doublingLength", "chat", "chatTokens",
        "hardware", "constant",
    ]

    func value(_ name: String, _ arguments: [String]) throws -> LessonQuantity {
        var arguments = try CallArguments("cost \(name)", arguments, named: ["model", "hardware"])
        let model = arguments.named("model", default: "deepseek-v3.2-exp")
        let costs = try AttentionCosts(resources.model(model))
        let value = try attention(name, &arguments, costs) ?? serving(name, &arguments, costs) ?? chat(name, &arguments, costs)
        guard let value else {
            let near = NearWords.of(name, in: Self.names)
            throw LessonError(
                .badFile,
                "cost: there is no \"\(name)\"\(near.isEmpty ? "; expected one of \(Self.names.joined(separator: ", "))" : NearWords.hint(near))"
            )
        }
        try arguments.finish()
        return value
    }

    /// Work, parameters and bytes of attention.
    private func attention(_ name: String, _ a: inout CallArguments, _ costs: AttentionCosts) throws -> LessonQuantity? {
        switch name {
        case "tokens": return LessonQuantity(try a.number("a number"))
        case "flopsPerKey": return LessonQuantity(try costs.flopsPerKey(a.choice(AttentionWork.self, "work")), "FLOP")
        case "flops": return LessonQuantity(try costs.flops(a.choice(AttentionWork.self, "work"), visible: a.count("visible keys")), "FLOP")
        case "sequenceFlops":
            return LessonQuantity(try costs.sequenceFlops(a.choice(AttentionWork.self, "work"), length: a.count("length")), "FLOP")
        case "perToken":
            let work = try costs.perToken()
            return LessonQuantity(
                try a.entry([("projections", work.projections), ("expansion", work.expansion), ("indexer", work.indexer)], "work"), "FLOP")
        case "parameters":
            let all = try costs.parameters()
            let parts = [("projections", all.projections), ("expansion", all.expansion), ("indexer", all.indexer), ("total", all.total)]
            return LessonQuantity(try a.entry(parts, "part"))
        case "model": return LessonQuantity(Double(try a.entry(dimensions(costs.model), "dimension")))
        case "cachePerToken":
            let bytes = costs.cachePerToken
            return LessonQuantity(Double(try a.entry([("bf16", bytes.bf16), ("fp8", bytes.fp8), ("index", bytes.index)], "part")), "B")
        case "cache":
            return LessonQuantity(
                try costs.cache(length: a.count("length"), format: a.choice(AttentionCosts.CacheFormat.self, "format")), "B")
        case "decodeReads":
            let visible = try a.count("visible keys")
            return LessonQuantity(try costs.decodeReads(visible: visible, format: a.choice(AttentionCosts.CacheFormat.self, "format")), "B")
        case "conversations":
            let (length, bytes) = (try a.count("length"), try a.count("bytes"))
            let format = try a.choice(AttentionCosts.CacheFormat.self, "format")
            return LessonQuantity(Double(try costs.conversations(ofLength: length, in: bytes, format: format)))
        case "crossover":
            let pairs = [
                ("denseMHA", try costs.dsaVersusDenseMHA()), ("denseMQA", try costs.dsaVersusDenseMQA()),
                ("maskedMHA", try costs.maskedMHAVersusSparse()),
            ]
            guard let crossing = try a.entry(pairs, "what is crossed") else { throw LessonError(.badFile, "\(a.call): they never cross") }
            return LessonQuantity(crossing.position)
        default: return nil
        }
    }

    private func dimensions(_ model: ModelDimensions) -> [(String, Int)] {
        var all = [("width", model.width), ("layers", model.layers), ("heads", model.heads)]
        if case .latent(let mla) = model.attention {
            all += [
                ("latentRank", mla.latentRank), ("nopeDimension", mla.nopeDimension), ("ropeDimension", mla.ropeDimension),
                ("valueDimension", mla.valueDimension),
            ]
            if let rank = mla.queryRank { all.append(("queryRank", rank)) }
        }
        if let indexer = model.indexer {
            all += [("indexHeads", indexer.heads), ("indexDimension", indexer.headDimension), ("topK", indexer.topK)]
        }
        return all
    }

    /// Time and dollars of serving.
    private func serving(_ name: String, _ a: inout CallArguments, _ costs: AttentionCosts) throws -> LessonQuantity? {
        guard ["serving", "conversation", "knee", "share", "doubling", "doublingLength", "hardware", "constant"].contains(name) else {
            return nil
        }
        let hardware = try resources.hardware(a.named("hardware", default: "h800"))
        let cost = try ServingCost(costs.model, on: hardware)
        switch name {
        case "hardware":
            let numbers = [
                ("bf16", LessonQuantity(hardware.bf16, "FLOP/s")), ("fp8", LessonQuantity(hardware.fp8, "FLOP/s")),
                ("bandwidth", LessonQuantity(hardware.bandwidth, "B/s")), ("memory", LessonQuantity(hardware.memory, "B")),
                ("dollarsPerHour", LessonQuantity(hardware.dollarsPerHour, "USD")),
            ]
            return try a.entry(numbers, "what")
        case "constant": return LessonQuantity(cost.constant(try a.choice(ServingPanel.self, "panel")), "s")
        case "serving":
            let panel = try a.choice(ServingPanel.self, "panel")
            return LessonQuantity(try cost.dollarsPerMillionTokens(panel, position: a.number("position")), "USD")
        case "conversation":
            let panel = try a.choice(ServingPanel.self, "panel")
            return LessonQuantity(try cost.conversationSeconds(panel, length: a.count("length")), "s")
        case "knee":
            let panel = try a.choice(ServingPanel.self, "panel")
            guard let knee = cost.knee(panel) else { throw LessonError(.badFile, "\(a.call): the line of a dense model has no knee") }
            return LessonQuantity(knee)
        case "share":
            let p = cost.profile
            let shares = [
                ("denseMHA", p.denseMHA), ("denseMQA", p.denseMQA), ("maskedMHA", p.maskedMHA), ("sparsePrefill", p.sparsePrefill),
                ("sparseDecode", p.sparseDecode), ("indexerPrefill", p.indexerPrefill), ("indexerDecode", p.indexerDecode),
            ]
            return LessonQuantity(try a.entry(shares, "work"))
        case "doubling":
            let (panel, scope) = (try a.choice(ServingPanel.self, "panel"), try a.choice(Doubling.Scope.self, "scope"))
            return LessonQuantity(try Doubling(cost).factor(panel, scope, length: a.count("length")))
        default:
            let (panel, scope) = (try a.choice(ServingPanel.self, "panel"), try a.choice(Doubling.Scope.self, "scope"))
            guard let length = try Doubling(cost).length(panel, scope, reaching: a.number("factor")) else {
                throw LessonError(.badFile, "\(a.call): the factor is never reached")
            }
            return LessonQuantity(Double(length))
        }
    }

    /// What a chat costs its user.
    private func chat(_ name: String, _ a: inout CallArguments, _ costs: AttentionCosts) throws -> LessonQuantity? {
        guard ["chat", "chatTokens"].contains(name) else { return nil }
        let chat = try Conversation(turns: a.count("turns"), tokensPerTurn: a.count("tokens per turn"))
        if name == "chatTokens" {
            let tokens = try chat.tokens()
            return LessonQuantity(try a.entry([("history", tokens.history), ("new", tokens.new), ("output", tokens.output)], "part"))
        }
        let currency = try a.text("a currency")
        let hits = try a.entry([("hits", true), ("misses", false)], "cache")
        guard let list = try resources.prices().first(where: { $0.name == costs.model.name && $0.currency == currency }) else {
            throw LessonError(.badFile, "\(a.call): there is no price list of \(costs.model.name) in \(currency)")
        }
        return LessonQuantity(try chat.price(list, withCacheHits: hits), currency)
    }
}

/// Looks up `{{data name(arguments)}}`.
struct DataValues {
    let resources: LessonResources

    func value(_ name: String, _ arguments: [String]) throws -> LessonQuantity {
        if let count = try ofCode(name, arguments) { return count }
        var a = try CallArguments("data \(name)", arguments, named: ["model"])
        let model = try resources.model(a.named("model", default: "deepseek-v3.2-exp"))
        let value: LessonQuantity
        switch name {
        case "curve": value = LessonQuantity(try curve(&a, model).dollars(at: a.number("position")), "USD")
        case "slope": value = LessonQuantity(try curve(&a, model).slope(at: a.number("position")), "USD")
        case "crossing":
            let panel = try a.choice(ServingPanel.self, "panel")
            let lines = try resources.curves().filter { $0.panel == panel }
            guard lines.count == 2, let crossing = try lines[0].lastCrossing(with: lines[1]) else {
                throw LessonError(.badFile, "\(a.call): expected two published lines that cross")
            }
            value = LessonQuantity(crossing)
        case "error":
            let cost = try ServingCost(model, on: resources.hardware("h800"))
            value = LessonQuantity(try curve(&a, model).compared(with: cost).map { abs($0.relativeError) }.max() ?? 0)
        case "knee":
            guard let knee = try curve(&a, model).points.first(where: \.isKnee) else {
                throw LessonError(.badFile, "\(a.call): the line has no knee")
            }
            value = LessonQuantity(knee.position)
        case "price":
            let currency = try a.text("a currency")
            guard let list = try resources.prices().first(where: { $0.name == model.name && $0.currency == currency }) else {
                throw LessonError(.badFile, "\(a.call): there is no price list of \(model.name) in \(currency)")
            }
            let items = [("cacheHit", list.cacheHit), ("cacheMiss", list.cacheMiss), ("output", list.output)]
            value = LessonQuantity(try a.entry(items, "item"), currency)
        case "benchmark":
            let table = try resources.benchmarks()
            let row = try a.entry(table.map { ($0.name, $0) }, "benchmark")
            value = LessonQuantity(model.indexer == nil ? row.before : row.after)
        case "benchmarks":
            let table = try resources.benchmarks()
            let counts = [
                ("all", table.count), ("wins", table.count { $0.after > $0.before }), ("losses", table.count { $0.after < $0.before }),
                ("ties", table.count { $0.after == $0.before }),
            ]
            value = LessonQuantity(Double(try a.entry(counts, "which")))
        default:
            throw LessonError(
                .badFile,
                "data: expected one of curve, slope, crossing, error, knee, price, benchmark, benchmarks, lines, speed, found \"\(name)\"")
        }
        try a.finish()
        return value
    }

    /// Lines of code and speeds of tile programs, which belong to no model.
    private func ofCode(_ name: String, _ arguments: [String]) throws -> LessonQuantity? {
        guard ["lines", "speed"].contains(name) else { return nil }
        var a = try CallArguments("data \(name)", arguments, named: [])
        let value: LessonQuantity
        if name == "lines" {
            value = LessonQuantity(Double(try a.entry(resources.codeCounts().map { ($0.id, $0.lines) }, "what was counted")))
        } else {
            let speed = try a.entry(resources.tileSpeeds().map { ($0.id, $0) }, "what was timed")
            value = LessonQuantity(speed.value, speed.isTime ? "s" : "")
        }
        try a.finish()
        return value
    }

    private func curve(_ a: inout CallArguments, _ model: ModelDimensions) throws -> PublishedCurve {
        let panel = try a.choice(ServingPanel.self, "panel")
        guard let curve = try resources.curves().first(where: { $0.panel == panel && $0.model == model.name }) else {
            throw LessonError(.badFile, "\(a.call): there is no published line of \(model.name)")
        }
        return curve
    }
}
