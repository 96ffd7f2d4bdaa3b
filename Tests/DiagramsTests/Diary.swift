// The diary of the lessons, as data for pictures: token vectors and weights designed by hand (see the lessons' own data file), run through the
// engine. Only numbers that enter stand here; every number that is drawn comes from the trace.

import Diagrams
import Mechanisms
import Traces

enum Diary {
    private static let trip = Tensor(
        [.t, .c], [18, 8],
        [
            0, 0, 0, 0, 0, 1.4, 0, 0,
            0, 0, 0, 0, 0, 0.5, 0, 0,
            0, 0, 2, 0, 0, 1.2, 0, 0,
            0.5, 0, 0, 0, 0, 0.5, 0, 0,
            2, 0, 0, 0, 1, 1.6, 0, 0,
            0, 0, 0, 0, 0, 0.5, 0, 0,
            0, 1, 0, 0, 0, 0, 1.5, 0,
            0, 0, 0, 0, 0, 0, 0.5, 0,
            0, 2, 0, 0, 0, 0, 1.4, 0,
            0, 0, 0, 0, 0, 0, 0.5, 0,
            0, 0, 0, 0, 0, 0, 0, 1.5,
            0.5, 0, 0, 0, 0, 0, 0, 0.5,
            2, 0, 0, 0, -1, 0, 0, 1.6,
            0, 0, 0, 0, 0, 0, 0, 0.5,
            0, 0, 0, 0, 0, 1.5, 0, 0,
            0, 0, 1, 0, 0, 0.5, 0, 0,
            1, 0, 0, 1, 0, 0.5, 0, 0,
            2, 0, 0, 2, 0, 2, 0, 0,
        ])
    private static let breakfast = Tensor(
        [.t, .c], [18, 8],
        [
            0, 0, 0, 0, 0, 1.4, 0, 0,
            0, 0, 0, 0, 0, 0.5, 0, 0,
            0, 0, 2, 0, 0, 1.2, 0, 0,
            0.5, 0, 0, 0, 0, 0.5, 0, 0,
            2, 0, 0, 0, 1, 1.6, 0, 0,
            0, 0, 0, 0, 0, 0.5, 0, 0,
            0, 1, 0, 0, 0, 0, 1.5, 0,
            0, 0, 0, 0, 0, 0, 0.5, 0,
            0, 2, 0, 0, 0, 0, 1.4, 0,
            0, 0, 0, 0, 0, 0, 0.5, 0,
            0, 0, 0, 0, 0, 0, 0, 1.5,
            0.5, 0, 0, 0, 0, 0, 0, 0.5,
            2, 0, 0, 0, -1, 0, 0, 1.6,
            0, 0, 0, 0, 0, 0, 0, 0.5,
            0, 1, 0, 0, 0, 0, 1.5, 0,
            0, 0, 0, 0, 0, 0, 0.5, 0,
            0, 1, 0, 1, 0, 0, 0.5, 0,
            0, 2, 0, 2, 0, 0, 2, 0,
        ])
    private static let W_Q = Tensor(
        [.o, .c], [8, 8],
        [
            0, 0, 0, 0, 0, 3, 0, 0,
            0, 0, 0, 0, 0, 0, 3, 0,
            0, 0, 0, 0, 0, 0, 0, 3,
            0, 0, 0, -3, 0, 0, 0, 0,
            1.5, -1.5, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 2, 0, 0,
            0, 0, 0, 0, 0, 0, 2, 0,
            0, 0, 0, 0, 0, 0, 0, 2,
        ])
    private static let W_K = Tensor(
        [.o, .c], [8, 8],
        [
            0, 0, 0, 0, 0, 1, 0, 0,
            0, 0, 0, 0, 0, 0, 1, 0,
            0, 0, 0, 0, 0, 0, 0, 1,
            0, 0, 0, 1, 0, 0, 0, 0,
            1, -1, 0, 0, 0, 0, 0, 0,
            0, 0, 0, -2, 0, 1, 0, 0,
            0, 0, 0, -2, 0, 0, 1, 0,
            0, 0, 0, -2, 0, 0, 0, 1,
        ])
    private static let W_V = Tensor(
        [.o, .c], [8, 8],
        [
            0, 0, 0, 0, 0, 1, 0, 0,
            0, 0, 0, 0, 0, 0, 1, 0,
            0, 0, 0, 0, 0, 0, 0, 1,
            0, 0, 1, 0, 0, 0, 0, 0,
            1, 0, 0, -1, 0, 0, 0, 0,
            0, 1, 0, -1, 0, 0, 0, 0,
            0, 0, 0, 0, 1, 0, 0, 0,
            0, 0, 0, 1, 0, 0, 0, 0,
        ])
    private static let W_O = Tensor(
        [.o, .c], [8, 8],
        [
            0, 0, 0, 0, 1, 0, 0, 0,
            0, 0, 0, 0, 0, 1, 0, 0,
            0, 0, 0, 1, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 1,
            0, 0, 0, 0, 0, 0, 1, 0,
            1, 0, 0, 0, 0, 0, 0, 0,
            0, 1, 0, 0, 0, 0, 0, 0,
            0, 0, 1, 0, 0, 0, 0, 0,
        ])
    static let trip_en = [
        "Holiday", ":", "flew", "to", "Dali", ".", "Breakfast", ":", "noodles", ".", "Mei", "in", "Shanghai", ".", "Trip", "went", "where",
        "?",
    ]
    static let trip_zh = ["国庆", "：", "飞", "到", "大理", "。", "早餐", "：", "米线", "。", "小梅", "在", "上海", "。", "旅行", "去了", "哪儿", "？"]
    static let breakfast_en = [
        "Holiday", ":", "flew", "to", "Dali", ".", "Breakfast", ":", "noodles", ".", "Mei", "in", "Shanghai", ".", "Breakfast", ":", "what",
        "?",
    ]
    static let breakfast_zh = ["国庆", "：", "飞", "到", "大理", "。", "早餐", "：", "米线", "。", "小梅", "在", "上海", "。", "早餐", "：", "什么", "？"]

    private static let indexerQuery = Tensor(
        [.o, .c], [8, 8],
        [
            0, 0, 0, 0, 0, 1, 0, 0,
            0, 0, 0, 0, 0, 0, 1, 0,
            0, 0, 0, 0, 0, 0, 0, 1,
            0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0, 0, 0, 0, 0,
        ])
    private static let indexerKey = Tensor(
        [.o, .c], [4, 8],
        [
            0, 0, 0, -1, 0, 1, 0, 0,
            0, 0, 0, -1, 0, 0, 1, 0,
            0, 0, 0, -1, 0, 0, 0, 1,
            1, -1, -1, -1, 0, 0, 0, 0,
        ])
    private static let indexerHeadWeights = Tensor(
        [.o, .c], [2, 8],
        [
            0, 0, 0, 0, 0, 0.5, 0.5, 0.5,
            0, 0, 0, 0.25, 0, 0, 0, 0,
        ])

    /// The diary with the question about the trip or the breakfast.
    static func trace(_ question: String, _ language: Language) throws -> Trace {
        let x = question == "trip" ? trip : breakfast
        let tokens = language == .en ? (question == "trip" ? trip_en : breakfast_en) : (question == "trip" ? trip_zh : breakfast_zh)
        var recorder = Recorder(tokens: tokens, scopes: [.branch(.attention)], labels: [.t: tokens, .s: tokens])
        let input = try recorder.input("input.x", "x", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
        let weights = DenseAttention.Weights(
            query: .init("wq", W_Q), key: .init("wk", W_K), value: .init("wv", W_V), output: .init("wo", W_O))
        let attention = try DenseAttention(heads: 2, keyValueHeads: 2, headDimension: 4, valueDimension: 4, isCausal: true, rotary: nil)
        _ = try attention.record(input, weights, on: &recorder)
        return recorder.trace
    }

    /// The diary's sparse attention: `attention.…`, `indexer.…`, `selected`, `sparse.…`, top-4.
    static func selective(_ question: String, _ language: Language, with switches: [Switch] = []) throws -> Trace {
        let x = question == "trip" ? trip : breakfast
        let tokens = language == .en ? (question == "trip" ? trip_en : breakfast_en) : (question == "trip" ? trip_zh : breakfast_zh)
        var recorder = Recorder(tokens: tokens, switches: switches.map(\.description), labels: [.t: tokens, .s: tokens])
        let input = try recorder.input("input.x", "x", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
        let weights = DenseAttention.Weights(
            query: .init("wq", W_Q), key: .init("wk", W_K), value: .init("wv", W_V), output: .init("wo", W_O))
        let attention = try DenseAttention(heads: 2, keyValueHeads: 2, headDimension: 4, valueDimension: 4, isCausal: true, rotary: nil)
        let indexer = try LightningIndexer(
            heads: 2, dimension: 4, topK: 4, query: .init("indexer.wq", indexerQuery), key: .init("indexer.wk", indexerKey),
            headWeights: .init("indexer.ww", indexerHeadWeights))
        let selective = try SelectiveAttention(attention: attention, weights: weights, indexer: indexer).switching(switches)
        _ = try selective.record(input, on: &recorder)
        return recorder.trace
    }

    /// Both questions, one trace each.
    static func questions(_ language: Language) throws -> FigureData {
        FigureData(
            traces: [("trip", try selective("trip", language)), ("breakfast", try selective("breakfast", language))],
            provenance: Provenance(name: "diary", note: Bilingual(en: "vectors designed by hand", zh: "向量由人手工设计")))
    }
}
