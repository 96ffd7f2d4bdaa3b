// The software between a model and a chip: two stacks, layer by layer, what stands beside them, and a language that reaches both. Names and who stands
// where are the vendors' and projects' own, each with its source; which layer answers which is this project's pairing. Left out: versions, drivers and
// whatever a stack holds besides.

public import Traces

/// Two towers of software on two kinds of chips.
public struct SoftwareStacks: Hashable, Sendable {
    /// Something with a name of its own: a framework, a library, a language, an instruction set, a core.
    public struct Part: Hashable, Sendable {
        /// How a part stands to the one before it in its list.
        public enum Joint: String, CaseIterable, Hashable, Sendable {
            /// Beside it.
            case and
            /// On it: it makes the one before run here.
            case with
            /// After it: what the one before is turned into.
            case then
        }

        /// Its name.
        public let name: Bilingual
        /// A few words on it, or nil.
        public let note: Bilingual?
        /// How it stands to the part before it; without meaning for the first.
        public let joint: Joint
        /// The document that says so.
        public let source: String

        /// A part.
        public init(name: Bilingual, note: Bilingual? = nil, joint: Joint = .and, source: String) {
            self.name = name
            self.note = note
            self.joint = joint
            self.source = source
        }
    }

    /// One of the two towers.
    public struct Tower: Hashable, Sendable {
        /// Its name in the file: `nvidia`.
        public let id: String
        /// Its name.
        public let name: Bilingual

        /// A tower.
        public init(id: String, name: Bilingual) {
            self.id = id
            self.name = name
        }
    }

    /// One layer of both towers.
    public struct Layer: Hashable, Sendable {
        /// Its name in the file: `language`.
        public let id: String
        /// Its name.
        public let name: Bilingual
        /// What it is for.
        public let role: Bilingual
        /// What each tower has there, one list a tower, in the towers' order.
        public let parts: [[Part]]

        /// A layer.
        public init(id: String, name: Bilingual, role: Bilingual, parts: [[Part]]) {
            self.id = id
            self.name = name
            self.role = role
            self.parts = parts
        }
    }

    /// A part that stands beside its tower, at the height of a layer.
    public struct SidePart: Hashable, Sendable {
        /// The part.
        public let part: Part
        /// The index of its tower.
        public let tower: Int
        /// The index of its layer.
        public let layer: Int

        /// A part beside a tower.
        public init(_ part: Part, tower: Int, layer: Int) {
            self.part = part
            self.tower = tower
            self.layer = layer
        }
    }

    /// A language between the towers, whose programs become a part of either.
    public struct Bridge: Hashable, Sendable {
        /// The language.
        public let part: Part
        /// The index of the layer in which it stands.
        public let layer: Int
        /// For each tower the index of the part of that layer which it emits.
        public let emits: [Int]

        /// A bridge.
        public init(_ part: Part, layer: Int, emits: [Int]) {
            self.part = part
            self.layer = layer
            self.emits = emits
        }
    }

    /// The two towers, from left to right.
    public let towers: [Tower]
    /// Layers from the model down to the chip.
    public let layers: [Layer]
    /// What stands beside, in the file's order.
    public let beside: [SidePart]
    /// What joins them.
    public let bridge: Bridge

    /// How many layers a picture can show.
    public static let layerCount = 2...8
    /// How many parts a tower may have in one layer.
    public static let partCount = 1...4

    /// Checked: throws, naming the layer, unless there are two towers of different names, 2 to 8 layers of different names with 1 to 4 parts for each
    /// tower, and parts beside and the bridge stand where there is something.
    public init(towers: [Tower], layers: [Layer], beside: [SidePart], bridge: Bridge) throws(EngineError) {
        guard towers.count == 2, towers[0].id != towers[1].id else {
            throw EngineError(.value, "towers", expected: "two of different names", found: "\(towers.map { $0.id })")
        }
        guard Self.layerCount.contains(layers.count), Set(layers.map { $0.id }).count == layers.count else {
            throw EngineError(
                .value, "layers", expected: "2 to 8 of different names", found: "\(layers.count): \(layers.map { $0.id })")
        }
        for layer in layers {
            guard layer.parts.count == towers.count, layer.parts.allSatisfy({ Self.partCount.contains($0.count) }) else {
                throw EngineError(
                    .value, "layer \(layer.id)", expected: "1 to 4 parts for each tower", found: "\(layer.parts.map { $0.count })")
            }
        }
        for side in beside where !towers.indices.contains(side.tower) || !layers.indices.contains(side.layer) {
            throw EngineError(
                .value, "beside \(side.part.name.en)", expected: "a tower and a layer that are there",
                found: "tower \(side.tower), layer \(side.layer)")
        }
        guard layers.indices.contains(bridge.layer), bridge.emits.count == towers.count,
            zip(bridge.emits, layers[bridge.layer].parts).allSatisfy({ $1.indices.contains($0) })
        else {
            throw EngineError(
                .value, "bridge \(bridge.part.name.en)", expected: "a part of one layer for each tower",
                found: "layer \(bridge.layer), parts \(bridge.emits)")
        }
        self.towers = towers
        self.layers = layers
        self.beside = beside
        self.bridge = bridge
    }

    /// The part that the bridge emits for a tower.
    public func emitted(_ tower: Int) -> Part { layers[bridge.layer].parts[tower][bridge.emits[tower]] }
}
