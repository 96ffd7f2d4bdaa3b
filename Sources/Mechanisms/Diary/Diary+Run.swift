// The diary through attention, recorded: vectors = what the word is + the story of its sentence; dense attention with the
// designed weights; the lightning indexer (Eq. 1 alone) and attention to its choice; a read-out of both answers; and the dense weights
// with the mask in the wrong place, to show why it matters.

public import Traces

extension Equation {
    /// The source of what the diary's author decided.
    fileprivate static let design = Bilingual(en: "lessons/diary.yaml: designed by hand", zh: "lessons/diary.yaml：手工设计")
    private static let mistake = Bilingual(en: "a mistake, shown on purpose", zh: "这是错误做法，特意拿来对照")
    static let story = Equation(
        .story, symbol: "story", Bilingual(en: "The story of the sentence, as strongly as the word takes it on", zh: "所在句子的故事，按词的强度计"),
        #"\mathrm{story}_t = \mathrm{strength}_t \cdot \mathrm{sentence}_t"#, source: design, axes: [.t, .c])
    static let asked = Equation(
        .asked, symbol: "asked", Bilingual(en: "What the question asks for, gathered by its question mark", zh: "问号收集到的：这句话在问什么"),
        #"\mathrm{asked}_t = \mathrm{gathers}_t \cdot \mathrm{question}_t"#, source: design, axes: [.t, .c])
    static let embedding = Equation(
        .embedding, symbol: "x",
        Bilingual(en: "Vectors: what the word is, its sentence's story, what is asked", zh: "向量：词本身、所在句子的故事、问的是什么"),
        #"x_t = \mathrm{own}_t + \mathrm{story}_t + \mathrm{asked}_t"#, source: design, axes: [.t, .c])
    static let answer = Equation(
        .answer, symbol: "answer", Bilingual(en: "Read-out: the last output against each answer word", zh: "读出：最后一个输出与每个候选答案的点积"),
        #"\mathrm{answer}_n = y_T \cdot \mathrm{word}_n"#, source: design, axes: [.n])
    static let sparseAnswer = Equation(
        .answer, in: .sparse, symbol: "answer", Bilingual(en: "Read-out after sparse attention", zh: "稀疏注意力之后的读出"),
        #"\mathrm{answer}_n = y_T \cdot \mathrm{word}_n"#, source: design, axes: [.n])
    static let unmaskedWeights = Equation(
        .unmaskedWeights, symbol: "U", Bilingual(en: "Softmax over all keys, the future included", zh: "对所有键做 softmax，未来也在内"),
        #"U_{t,s} = \frac{\exp(Z_{t,s})}{\sum_{r} \exp(Z_{t,r})}"#, source: mistake, axes: [.h, .t, .s])
    static let lateMask = Equation(
        .weights, symbol: "A'", Bilingual(en: "Weights with the mask put on after the softmax", zh: "softmax 之后才掩码得到的权重"),
        #"A'_{t,s} = U_{t,s}, s \le t"#, source: mistake, axes: [.h, .t, .s])
    static let rowSums = Equation(
        .rowSums, symbol: "R", Bilingual(en: "What is left in each row", zh: "每一行还剩多少"), #"R_t = \sum_{s} A'_{t,s}"#,
        source: mistake, axes: [.h, .t])
}

extension Diary {
    /// The diary's attention over `tokens`, with labels in `language`. Steps: `input.own`, `input.strength`, `input.sentence`, `input.gathers`,
    /// `input.question`, `story`, `asked`, `embedding`, `attention.*`, `answer`, `indexer.*`, `selected`, `sparse.*`, `sparse.answer`,
    /// `mask_after_softmax.*`.
    public func trace(of tokens: [DiaryToken], language: Language, switches: [Switch] = []) throws(EngineError) -> Trace {
        let labels = tokens.map(\.text)
        let heads = self.heads.enumerated().map { Self.letter($0) + (language == .en ? ": " : "：") + $1.name[language] }
        var recorder = Recorder(
            tokens: labels, tokenIDs: tokens.map(\.word), switches: switches.map(\.description),
            labels: [.t: labels, .s: labels, .c: featureNames.map { $0[language] }, .h: heads, .g: heads])
        let x = try recordEmbedding(tokens, on: &recorder)
        let (dense, sparse) = try selectiveAttention().switching(switches).record(x, on: &recorder)
        try recordAnswer(dense, .answer, count: tokens.count, language, on: &recorder)
        try recordAnswer(sparse, .sparseAnswer, count: tokens.count, language, on: &recorder)
        try recordLateMask(count: tokens.count, on: &recorder)
        return recorder.trace
    }

    /// The attention's dimensions: one key-value head for each query head, causal, no position.
    public func attention() throws(EngineError) -> DenseAttention {
        try DenseAttention(
            heads: heads.count, keyValueHeads: heads.count, headDimension: heads[0].key.count, valueDimension: heads[0].value.count,
            isCausal: true,
            rotary: nil)
    }

    /// The attention and, beside it, attention to what the designed indexer (Eq. 1 alone) keeps.
    public func selectiveAttention() throws(EngineError) -> SelectiveAttention {
        let scorer = try LightningIndexer(
            heads: indexer.query.count, dimension: indexer.key.count, topK: topK,
            query: Self.stacked("indexer.wq", indexer.query.flatMap { $0 }), key: Self.stacked("indexer.wk", indexer.key),
            headWeights: Self.stacked("indexer.ww", indexer.weights))
        return SelectiveAttention(attention: try attention(), weights: weights, indexer: scorer)
    }

    private static func stacked(_ name: String, _ rows: [[Double]]) -> NamedTensor {
        .init(name, Tensor([.o, .c], [rows.count, rows[0].count], rows.flatMap { $0 }))
    }

    /// The designed projections.
    public var weights: DenseAttention.Weights {
        return .init(
            query: Self.stacked("wq", heads.flatMap { $0.query }), key: Self.stacked("wk", heads.flatMap { $0.key }),
            value: Self.stacked("wv", heads.flatMap { $0.value }), output: Self.stacked("wo", output))
    }

    private func recordEmbedding(_ tokens: [DiaryToken], on recorder: inout Recorder) throws(EngineError) -> Expression {
        let shape = Shape([(.t, tokens.count), (.c, featureIDs.count)])
        let stories = stories(of: tokens)
        let given = Equation.design
        let own = try recorder.input(
            "input.own", "own", Tensor(shape, tokens.flatMap { words[$0.word].own }),
            title: Bilingual(en: "What each word is", zh: "每个词本身是什么"), source: given)
        let strength = try recorder.input(
            "input.strength", "strength", Tensor([.t], [tokens.count], tokens.map { words[$0.word].storyStrength }),
            title: Bilingual(en: "How strongly each word takes on its sentence's story", zh: "每个词受本句故事影响的强度"), source: given)
        let sentence = try recorder.input(
            "input.sentence", "sentence", Tensor(shape) { stories[$0[0]] == $0[1] ? 1 : 0 },
            title: Bilingual(en: "The story that each sentence tells", zh: "每句话讲的是哪件事"), source: given)
        let story = try recorder.record(.story, strength * sentence)
        let gathers = try recorder.input(
            "input.gathers", "gathers", Tensor([.t], [tokens.count], tokens.map { words[$0.word].gathers }),
            title: Bilingual(en: "How strongly each word takes on what is asked", zh: "每个词收集“问什么”的强度"), source: given)
        let question = try recorder.input(
            "input.question", "question", Tensor(shape, askedFor(by: tokens).flatMap { $0 }),
            title: Bilingual(en: "What the question word before asks for", zh: "前面的疑问词在问什么"), source: given)
        let asked = try recorder.record(.asked, gathers * question)
        return try recorder.record(.embedding, own + story + asked)
    }

    private func recordAnswer(
        _ y: Expression, _ equation: Equation, count: Int, _ language: Language, on recorder: inout Recorder
    ) throws(EngineError) {
        let own = Tensor([.n, .c], [answers.count, featureIDs.count], answers.flatMap { words[$0].own })
        recorder.labels[.n] = answers.map { words[$0].name[language] }
        let table = try recorder.input("input.answers", "word", own, title: Bilingual(en: "Words that can answer", zh: "能当答案的词"))
        let last = try y.slicing(.t, count - 1..<count)
        _ = try recorder.record(equation, dot(last, table, over: .c).merging([.t, .n], into: .n))
    }

    private func recordLateMask(count: Int, on recorder: inout Recorder) throws(EngineError) {
        let step = try recorder.trace.step(recorder.id(.scaled, in: .attention))
        let scaled = try recorder.input(step.id, step.symbol, step.output, title: step.title)
        try recorder.within(.named("mask_after_softmax")) { recorder throws(EngineError) in
            let all = try recorder.record(.unmaskedWeights, softmax(scaled, over: .s), visible: .bidirectional(rows: count, columns: count))
            let late = try recorder.record(.lateMask, zeroed(all, .causal(rows: count, columns: count)))
            _ = try recorder.record(.rowSums, sum(late, over: .s))
        }
    }
}
