// A chip as far as tiles need it: memories with their room, the paths between them with the engine that moves along each, and units that compute,
// each with the memories that its operands come from. What no source confirms is nil, and what depends on it is not said.

public import Traces

/// A chip.
public struct Chip: Hashable, Sendable {
    /// A memory.
    public struct Memory: Hashable, Sendable {
        /// The name in the file: `global` is the far one.
        public let name: String
        /// Its room in bytes, one core's if it is a core's; nil if no source says it.
        public let bytes: Int?
        /// Whether each core has one of its own.
        public let isPerCore: Bool

        /// A memory.
        public init(name: String, bytes: Int?, isPerCore: Bool) { (self.name, self.bytes, self.isPerCore) = (name, bytes, isPerCore) }
    }

    /// A path along which tiles move.
    public struct Path: Hashable, Sendable {
        /// The memory at its beginning.
        public let from: String
        /// The memory at its end.
        public let to: String
        /// What moves data along it; engines of the same name are one, and do one thing at a time.
        public let engine: String
        /// Bytes a tick; nil where the file gives no speed.
        public let bytesPerTick: Int?
        /// Ticks from the last byte sent to its arrival.
        public let latency: Int

        /// A path.
        public init(from: String, to: String, engine: String, bytesPerTick: Int? = nil, latency: Int = 0) {
            (self.from, self.to, self.engine) = (from, to, engine)
            (self.bytesPerTick, self.latency) = (bytesPerTick, latency)
        }
    }

    /// What computes.
    public struct Unit: Hashable, Sendable {
        /// What a unit can do.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// Products of tiles.
            case matrix
            /// Arithmetic cell by cell, and reductions.
            case vector
        }
        /// The name.
        public let name: String
        /// What it does.
        public let kind: Kind
        /// For each operand in order the memories that it may come from; of more operands the last applies.
        public let operands: [[String]]
        /// The memory that its result goes to.
        public let result: String
        /// Arithmetic operations a tick; nil where the file gives no speed.
        public let flopsPerTick: Int?

        /// A unit.
        public init(name: String, kind: Kind, operands: [[String]], result: String, flopsPerTick: Int? = nil) {
            (self.name, self.kind, self.operands) = (name, kind, operands)
            (self.result, self.flopsPerTick) = (result, flopsPerTick)
        }

        func memories(ofOperand number: Int) -> [String] { operands[min(number, operands.count - 1)] }
    }

    /// What the whole chip can do in a second, where the file gives it.
    public struct Peak: Hashable, Sendable {
        /// Arithmetic operations a second (dense bf16), or of a chip without a clock a tick.
        public let flops: Double
        /// Bytes a second from far memory, or a tick.
        public let bandwidth: Double

        /// Both.
        public init(flops: Double, bandwidth: Double) { (self.flops, self.bandwidth) = (flops, bandwidth) }

        /// Operations a byte at which arithmetic takes as long as fetching.
        public var ridge: Double { flops / bandwidth }
    }

    /// Where a tile lives, by what the programmer said and which unit it is for.
    public struct Homes: Hashable, Sendable {
        /// Tiles of a role that the matrix unit reads or accumulates in.
        public let matrix: String
        /// All others of the role.
        public let vector: String

        /// Both.
        public init(matrix: String, vector: String) { (self.matrix, self.vector) = (matrix, vector) }
    }

    /// The name of its file: `h800`.
    public let id: String
    /// Its full name.
    public let name: Bilingual
    /// Where its numbers are published.
    public let source: Bilingual
    /// Cores that work side by side; nil if no source says it.
    public let cores: Int?
    /// Its memories; the far one is first, and called `global`.
    public let memories: [Memory]
    /// Its paths.
    public let paths: [Path]
    /// Its units.
    public let units: [Unit]
    /// Where tiles of a role live.
    public let shared: Homes
    /// Where fragments live.
    public let fragment: Homes
    /// What the whole chip can do, or nil.
    public let peak: Peak?
    /// What memories, engines and units are called in each language, where their names are words and no terms of the maker's.
    public let names: [String: Bilingual]

    /// What a memory, an engine or a unit is called.
    public func called(_ name: String) -> Bilingual { names[name] ?? Bilingual(same: name) }

    /// The far memory's name in every chip.
    public static let far = "global"

    /// A chip, checked.
    /// - Throws: for a name used twice or not known, room or speed that is not above zero, no far memory, and a role without a home.
    public init(
        id: String, name: Bilingual, source: Bilingual, cores: Int?, memories: [Memory], paths: [Path], units: [Unit], shared: Homes,
        fragment: Homes, peak: Peak?, names spoken: [String: Bilingual] = [:]
    ) throws(EngineError) {
        let names = memories.map { $0.name }
        guard names.first == Self.far else {
            throw EngineError(.value, "memories", expected: "the far memory, \(Self.far), first", found: names.first ?? "none")
        }
        guard Set(names).count == names.count else { throw EngineError(.value, "memories", "a name is used twice") }
        if let cores, cores < 1 { throw EngineError(.value, "cores", expected: "1 or more", found: "\(cores)") }
        for memory in memories {
            if let bytes = memory.bytes, bytes < 1 {
                throw EngineError(.value, "memory \(memory.name)", expected: "bytes above 0, or null", found: "\(bytes)")
            }
        }
        func known(_ memory: String, _ subject: String) throws(EngineError) {
            guard names.contains(memory) else {
                throw EngineError(.value, subject, expected: "one of \(names.joined(separator: ", "))", found: "\"\(memory)\"")
            }
        }
        for path in paths {
            let subject = "path \(path.from) to \(path.to)"
            try known(path.from, subject)
            try known(path.to, subject)
            if path.from == path.to || (path.bytesPerTick ?? 1) < 1 || path.latency < 0 {
                throw EngineError(.value, subject, "expected two memories, bytes a tick above 0 and no negative latency")
            }
        }
        for unit in units {
            guard !unit.operands.isEmpty, unit.operands.allSatisfy({ !$0.isEmpty }), (unit.flopsPerTick ?? 1) >= 1 else {
                throw EngineError(.value, "unit \(unit.name)", "expected memories for its operands, and operations a tick above 0")
            }
            for memory in unit.operands.flatMap({ $0 }) + [unit.result] { try known(memory, "unit \(unit.name)") }
        }
        for home in [shared.matrix, shared.vector, fragment.matrix, fragment.vector] { try known(home, "homes") }
        (self.id, self.name, self.source, self.cores) = (id, name, source, cores)
        (self.memories, self.paths, self.units) = (memories, paths, units)
        let said = memories.map { $0.name } + paths.map { $0.engine } + units.map { $0.name }
        for name in spoken.keys.sorted() where !said.contains(name) {
            throw EngineError(.value, "names.\(name)", "no memory, engine or unit is called so")
        }
        self.names = spoken
        (self.shared, self.fragment, self.peak) = (shared, fragment, peak)
    }

    /// The unit of that kind; throws if the chip has none.
    func unit(_ kind: Unit.Kind, for statement: String) throws(EngineError) -> Unit {
        if let unit = units.first(where: { $0.kind == kind }) { return unit }
        throw EngineError(.value, id, "has no \(kind.rawValue) unit, which \(statement) needs")
    }

    /// The shortest way from one of `sources` to one of `targets`, as positions among the paths; of equals the one whose paths stand first.
    /// Throws if there is none.
    func route(from sources: [String], to targets: [String], for statement: String) throws(EngineError) -> [Int] {
        var ways: [(memory: String, way: [Int])] = sources.map { ($0, []) }
        var seen = Set(sources)
        var next = 0
        while next < ways.count {
            let (memory, way) = ways[next]
            if targets.contains(memory) { return way }
            next += 1
            for (number, path) in paths.enumerated() where path.from == memory && !seen.contains(path.to) {
                seen.insert(path.to)
                ways.append((path.to, way + [number]))
            }
        }
        throw EngineError(
            .value, id,
            "has no path from \(sources.joined(separator: " or ")) to \(targets.joined(separator: " or ")), which \(statement) needs")
    }

    /// Whether every path and every unit has a speed, so that a schedule has times.
    public var hasSpeeds: Bool {
        paths.allSatisfy { $0.bytesPerTick != nil } && units.allSatisfy { $0.flopsPerTick != nil }
    }
}
