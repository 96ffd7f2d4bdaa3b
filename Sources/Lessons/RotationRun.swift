// A run that shows what rotary embedding does and nothing else: the same vector at every position, rotated, and every query against every
// key. All weights are the identity, so that whatever differs between two cells is position. Frequencies as in RoFormer (Su et al. 2021).

internal import Mechanisms
internal import Traces

/// One vector, repeated: `{repeated: {vector: [1, 1, 0, 0], times: 24, layout: half}}`.
struct RotationRun: Hashable, Sendable {
    /// The vector of every token.
    let vector: [Double]
    /// How many tokens there are, at positions 0, 1, 2 …
    let times: Int
    /// Which numbers of the vector turn together.
    let layout: RotaryLayout

    /// What pictures say of it.
    static let note = Bilingual(en: "one vector, made for this, at every position", zh: "为此而设的一个向量，放在每个位置上")

    /// Reads a run; throws unless the vector has an even number of numbers and the layout is half or interleaved.
    init(_ node: YAMLNode) throws(LessonError) {
        try node.allow(["vector", "times", "layout"], in: "repeated")
        let list = try node.required("vector")
        vector = try list.items("vector").map { item throws(LessonError) in try item.number("vector") }
        guard !vector.isEmpty, vector.count.isMultiple(of: 2) else {
            throw list.error("vector: expected an even number of numbers, found \(vector.count)")
        }
        let count = try node.required("times")
        times = try count.count("times")
        guard (2...512).contains(times) else { throw count.error("times: expected 2 to 512, found \(times)") }
        let name = try node.required("layout")
        let text = try name.string("layout")
        guard let layout = RotaryLayout(rawValue: text) else {
            throw name.error("layout: expected half or interleaved, found \"\(text)\"")
        }
        self.layout = layout
    }

    /// Steps `input.x` and `attention.*`, of one head.
    func trace() throws(EngineError) -> Trace {
        let width = vector.count
        let tokens = (0..<times).map { "\($0)" }
        let attention = try DenseAttention(
            heads: 1, keyValueHeads: 1, headDimension: width, valueDimension: width, isCausal: true,
            rotary: .init(layout: layout, theta: 10_000))
        func identity(_ name: String) -> NamedTensor { .init(name, Tensor(Shape([(.o, width), (.c, width)])) { $0[0] == $0[1] ? 1 : 0 }) }
        let weights = DenseAttention.Weights(query: identity("wq"), key: identity("wk"), value: identity("wv"), output: identity("wo"))
        var recorder = Recorder(tokens: tokens, scopes: [.branch(.attention)])
        let x = try recorder.input(
            "input.x", "x", Tensor([.t, .c], [times, width], (0..<times).flatMap { _ in vector }),
            title: Bilingual(en: "The same vector at every position", zh: "每个位置放同一个向量"))
        _ = try attention.record(x, weights, on: &recorder)
        return recorder.trace
    }
}
