// Attention that somebody dumped: an array of weights in a .npy, .npz or .safetensors file. Which axis is what is said by the reader, or taken by the
// number of axes; what was taken where the file leaves a choice, and what is odd about the weights, is said in a line each.

public import Mechanisms
public import Traces

/// Attention weights of a file, with what is to be said of them.
public struct AttentionFile: Sendable {
    /// What an axis of the array counts.
    public enum Part: Character, Hashable, Sendable, CaseIterable {
        /// Layers.
        case layers = "l"
        /// Texts of a batch.
        case texts = "b"
        /// Heads.
        case heads = "h"
        /// Queries.
        case queries = "q"
        /// Keys.
        case keys = "k"

        var name: String {
            switch self {
            case .layers: "layers"
            case .texts: "texts of a batch"
            case .heads: "heads"
            case .queries: "queries"
            case .keys: "keys"
            }
        }
    }

    /// What is wanted of a file.
    public struct Request: Hashable, Sendable {
        /// The array's name; nil takes the only one.
        public var tensor: String?
        /// What each axis counts, outermost first; nil takes qk, hqk, bhqk or lhqk, lbhqk by their number.
        public var axes: [Part]?
        /// The one layer to read; nil reads all.
        public var layer: Int?
        /// The text of a batch; nil reads the first.
        public var text: Int?
        /// Everything by default.
        public init() {}
    }

    /// The weights, a layer each.
    public let layers: [GivenAttention.Layer]
    /// Where they come from, for pictures.
    public let source: Bilingual
    /// What was taken without being said, and what is odd about the weights: a line each, with the file.
    public let remarks: [String]
    /// How many keys there are.
    public let keys: Int

    /// The most weights that are read at once: 1 GiB as they are computed with.
    public static let mostWeights = 1 << 27

    /// The axes that letters spell (`lbhqk`), each at most once, queries and keys among them; nil for others.
    public static func axes(_ letters: String) -> [Part]? {
        let parts = letters.map(Part.init)
        let known = parts.compactMap(\.self)
        guard known.count == parts.count, Set(known).count == known.count, known.contains(.queries), known.contains(.keys) else {
            return nil
        }
        return known
    }

    /// Reads what is wanted; throws for an array that is no attention, a layer or text that is not there, and more than `mostWeights`.
    public init(path: String, _ request: Request = Request()) throws(FileError) {
        let array = try ArrayFile(path: path).array(request.tensor)
        let axes = try Self.axes(of: array, request)
        let places = try Self.places(array, axes, request)
        try Self.checkSize(array, axes, layers: places.layers.count)
        let kept = [Part.heads, .queries, .keys].compactMap { axes.firstIndex(of: $0) }
        let names: [Axis] = kept.count == 3 ? [.h, .t, .s] : [.t, .s]
        layers = places.layers.map { layer in
            let position = axes.map { part in
                switch part {
                case .layers: layer ?? 0
                case .texts: places.text ?? 0
                case .heads, .queries, .keys: 0
                }
            }
            return GivenAttention.Layer(
                number: layer, weights: Tensor(names, kept.map { array.lengths[$0] }, array.values(along: kept, at: position)))
        }
        keys = array.lengths[axes.firstIndex(of: .keys)!]
        let texts = axes.firstIndex(of: .texts).map { array.lengths[$0] } ?? 1
        source = Self.source(request.tensor, text: places.text ?? 0, of: texts)
        let check = WeightCheck(layers, number: array.number)
        remarks = (Self.choices(array, axes, request) + check.lines + Self.unweighted(layers)).map { "\(array.subject): \($0)" }
    }

    // MARK: Which axis is what

    private static func axes(of array: StoredArray, _ request: Request) throws(FileError) -> [Part] {
        let rank = array.lengths.count
        if let axes = request.axes {
            guard axes.count == rank else {
                throw FileError(
                    .badData, array.subject,
                    "--axes \(String(axes.map(\.rawValue))): expected \(axes.count) axes, found the shape \(array.lengths)")
            }
            return axes
        }
        switch rank {
        case 2: return [.queries, .keys]
        case 3: return [.heads, .queries, .keys]
        case 4:
            let isBatch = request.layer == nil && (request.text != nil || array.lengths[0] == 1)
            return [isBatch ? .texts : .layers, .heads, .queries, .keys]
        case 5: return [.layers, .texts, .heads, .queries, .keys]
        default:
            throw FileError(
                .badData, array.subject,
                "expected attention [q,k], [h,q,k], [b,h,q,k], [l,h,q,k] or [l,b,h,q,k], found the shape \(array.lengths)")
        }
    }

    /// The layers to read, nil for the only one, and the text of a batch.
    private static func places(_ array: StoredArray, _ axes: [Part], _ request: Request) throws(FileError) -> (layers: [Int?], text: Int?) {
        func count(_ part: Part) -> Int? { axes.firstIndex(of: part).map { array.lengths[$0] } }
        for (option, part, place) in [("--layer", Part.layers, request.layer), ("--batch", .texts, request.text)] {
            guard let place else { continue }
            guard let count = count(part) else {
                throw FileError(
                    .badData, array.subject,
                    "\(option) \(place): the shape \(array.lengths), read as \(String(axes.map(\.rawValue))), has no axis of \(part.name)")
            }
            guard (0..<count).contains(place) else {
                throw FileError(.badData, array.subject, "\(option) \(place): expected 0 to \(count - 1)")
            }
        }
        guard let layers = count(.layers) else { return ([nil], request.text) }
        return (request.layer.map { [$0] } ?? (0..<layers).map { $0 }, request.text)
    }

    private static func checkSize(_ array: StoredArray, _ axes: [Part], layers: Int) throws(FileError) {
        let each = axes.indices.reduce(1) { [.layers, .texts].contains(axes[$1]) ? $0 : $0 * array.lengths[$1] }
        guard each * layers > mostWeights else { return }
        let advice = layers > 1 && each <= mostWeights ? ": name one with --layer" : ""
        throw FileError(
            .badData, array.subject,
            "expected at most \(NumberText.grouped(mostWeights)) weights, found \(NumberText.grouped(each * layers)) in \(layers) layer\(layers == 1 ? "" : "s")\(advice)"
        )
    }

    /// What was taken where the file leaves a choice.
    private static func choices(_ array: StoredArray, _ axes: [Part], _ request: Request) -> [String] {
        var lines: [String] = []
        if request.axes == nil, axes.count == 4, axes[0] == .layers, request.layer == nil {
            lines.append("the first axis of \(array.lengths) is read as layers; where it is a batch, say --axes bhqk")
        }
        if let batch = axes.firstIndex(of: .texts), array.lengths[batch] > 1, request.text == nil {
            lines.append("of the \(array.lengths[batch]) texts of the batch the first is read; --batch N names another")
        }
        return lines
    }

    /// The pairs without weight, of the first layer that has some.
    private static func unweighted(_ layers: [GivenAttention.Layer]) -> [String] {
        let found = layers.lazy.compactMap { layer in layer.unweighted.map { (layer.number, $0.note.en) } }
        guard let (number, note) = found.first else { return [] }
        return ["\(number.map { "layer \($0): " } ?? "")\(note)"]
    }

    private static func source(_ tensor: String?, text: Int, of texts: Int) -> Bilingual {
        var source = Bilingual(en: "given", zh: "给定")
        if let tensor { source = source + Bilingual(en: ": \(tensor)", zh: "：\(tensor)") }
        if texts > 1 { source = source + Bilingual(en: ", text \(text) of \(texts)", zh: "，\(texts) 段文字中的第 \(text) 段") }
        return source
    }
}

/// What is odd about weights: not numbers, below 0, rows that do not add up to 1.
private struct WeightCheck {
    private(set) var lines: [String] = []

    init(_ layers: [GivenAttention.Layer], number: StoredArray.Number) {
        let tolerance = Self.tolerance(number)
        var (rows, broken, negative, off) = (0, Finding(), Finding(), Finding())
        for layer in layers {
            let shape = layer.weights.shape
            let (heads, queries, keys) = (shape[.h] ?? 1, shape[.t]!, shape[.s]!)
            for row in 0..<heads * queries {
                var (sum, isNumber) = (0.0, true)
                func place(_ key: Int?) -> String {
                    let head = shape[.h] == nil ? nil : "head \(row / queries)"
                    let parts = [layer.number.map { "layer \($0)" }, head, "query \(row % queries)", key.map { "key \($0)" }]
                    return parts.compactMap(\.self).joined(separator: ", ")
                }
                for key in 0..<keys {
                    let weight = layer.weights.values[row * keys + key]
                    sum += weight
                    if !weight.isFinite {
                        isNumber = false
                        broken.add(0, weight) { place(key) }
                    } else if weight < 0 {
                        negative.add(-weight, weight) { place(key) }
                    }
                }
                if isNumber, abs(sum - 1) > tolerance { off.add(abs(sum - 1), sum) { place(nil) } }
            }
            rows += heads * queries
        }
        if let worst = broken.worst {
            lines.append(
                "\(Self.counted(broken.count, "weight is", "weights are")) no finite number, the first at \(worst.place) (\(Self.short(worst.value)))"
            )
        }
        if let worst = negative.worst {
            lines.append(
                "\(Self.counted(negative.count, "weight is", "weights are")) below 0, the lowest at \(worst.place) (\(Self.short(worst.value)))"
            )
        }
        if let worst = off.worst {
            lines.append(
                "\(NumberText.grouped(off.count)) of \(Self.counted(rows, "row", "rows")) \(off.count == 1 ? "does" : "do") not sum to 1: \(worst.place) sums to \(Self.short(worst.value))\(off.count > 1 ? ", the furthest off" : "") (\(number.rawValue): expected within \(Self.short(tolerance)))"
            )
        }
    }

    /// The first of the largest.
    private struct Finding {
        private(set) var count = 0
        private(set) var worst: (size: Double, value: Double, place: String)?

        mutating func add(_ size: Double, _ value: Double, at place: () -> String) {
            count += 1
            if worst.map({ size > $0.size }) ?? true { worst = (size, value, place()) }
        }
    }

    /// How far rounding to that type, and a softmax computed in float32, can take a row's sum from 1.
    private static func tolerance(_ number: StoredArray.Number) -> Double {
        switch number {
        case .bfloat16: 4e-3
        case .float16: 1e-3
        case .float32: 1e-5
        case .float64: 1e-6
        }
    }

    private static func short(_ value: Double) -> String { NumberText.significant(value, digits: 6) }
    private static func counted(_ count: Int, _ one: String, _ many: String) -> String {
        "\(NumberText.grouped(count)) \(count == 1 ? one : many)"
    }
}
