// A program on a chip: which path each tile takes, how many bytes move along each, what each memory must hold, and what waits for what. Counted by
// executing the instructions. A copy waits for what it copies and for room: a tile that is loaded in a loop has as many places as the loop has
// stages, and the next load waits until the place is free. Each engine and each unit does one thing after another, in the order of the program; the
// blocks of one core follow each other. Left out: caches, banks, other blocks on the same core, and the time to issue an instruction.

public import Traces

/// A program on a chip, executed once.
public struct Schedule: Sendable {
    /// One thing that an engine or a unit does.
    public struct Entry: Hashable, Sendable {
        /// What is done.
        public enum Kind: Hashable, Sendable {
            /// A tile moves along a path, by its position in the chip.
            case move(path: Int)
            /// A unit computes, by its position in the chip.
            case compute(unit: Int)
        }
        /// What is done.
        public let kind: Kind
        /// The statement that it belongs to.
        public let statement: Int
        /// The tile that moves, or that is computed.
        public let tile: String
        /// Which of the tile's places it goes to, where it has several.
        public let place: Int
        /// The round of the loop that it belongs to.
        public let round: Int
        /// Bytes moved.
        public let bytes: Int
        /// Arithmetic.
        public let flops: Int
        /// Entries of the same block that must be done before.
        public let waitsFor: [Int]
        /// The tick at which it begins, ends, and its result is there; 0 where the chip has no speeds.
        public let start: Int
        /// When the engine is free again.
        public let end: Int
        /// When the result is there.
        public let ready: Int
    }

    /// What a memory must hold.
    public struct Use: Hashable, Sendable {
        /// The memory.
        public let memory: String
        /// Tiles in it, with how many places each has and the bytes of all its places.
        public let tiles: [(name: String, places: Int, bytes: Int)]
        /// Bytes of all of them.
        public let bytes: Int
        /// Its room; nil if unknown.
        public let room: Int?

        /// Equal when what is held is.
        public static func == (a: Use, b: Use) -> Bool {
            a.memory == b.memory && a.bytes == b.bytes && a.room == b.room
                && a.tiles.map { $0.name } == b.tiles.map { $0.name } && a.tiles.map { $0.bytes } == b.tiles.map { $0.bytes }
        }
        /// Hashes the memory.
        public func hash(into hasher: inout Hasher) { hasher.combine(memory) }
    }

    /// The program.
    public let program: TileProgram
    /// The chip.
    public let chip: Chip
    /// Bytes of a number.
    public let width: Int
    /// Bytes moved along each of the chip's paths.
    public let bytes: [Int]
    /// Executed instructions.
    public let instructions: Int
    /// Arithmetic that was executed: a multiply-add is 2.
    public let flops: Int
    /// What each memory must hold; those that hold nothing are left out.
    public let uses: [Use]
    /// What the block that was asked for did, in order.
    public let entries: [Entry]
    /// Ticks of the whole program; nil where the chip has no speeds.
    public let ticks: Int?

    /// The widths that a number may have.
    public static let widths = [2, 4, 8]

    /// Executes `program` on `chip`, with numbers of `width` bytes, which changes no value.
    /// - Parameter block: the block whose entries are kept.
    /// - Throws: for a width other than 2, 4 or 8, a unit or a path that the chip lacks, a block that is not there, and counts beyond 2^53.
    public init(_ program: TileProgram, on chip: Chip, width: Int = 8, keeping block: Int = 0) throws(EngineError) {
        guard Self.widths.contains(width) else { throw EngineError(.value, "width", expected: "2, 4 or 8 bytes", found: "\(width)") }
        let machine = try ChipRun(program, chip, width)
        var entries: [Entry]?
        var cores = [Int](repeating: 0, count: chip.cores ?? 1)
        try program.forEachBlock { each throws(EngineError) in
            try machine.execute(each)
            if each.number == block { entries = machine.entries }
            cores[each.number % cores.count] += machine.entries.reduce(0) { max($0, $1.ready) }
        }
        guard let entries else {
            throw EngineError(.index, "block", expected: "0 to \(program.blocks - 1)", found: "\(block)")
        }
        (self.program, self.chip, self.width, self.entries) = (program, chip, width, entries)
        (bytes, instructions, flops) = (machine.bytes, machine.instructions, machine.flops)
        uses = machine.uses
        ticks = chip.hasSpeeds && chip.cores != nil ? cores.max() : nil
    }

    /// The memory that overflows most, and by how many bytes.
    public var overflow: (memory: String, bytes: Int)? {
        uses.compactMap { use in use.room.map { (memory: use.memory, bytes: use.bytes - $0) } }.filter { $0.bytes > 0 }
            .max { $0.bytes < $1.bytes }
    }

    /// Whether everything fits; nil if a memory that is used has no known room and none is known to overflow.
    public var fits: Bool? { overflow != nil ? false : uses.contains { $0.room == nil } ? nil : true }

    /// Bytes between two memories along all paths between them, where any moved.
    public var traffic: [(from: String, to: String, bytes: Int)] {
        zip(chip.paths, bytes).filter { $0.1 > 0 }.map { ($0.0.from, $0.0.to, $0.1) }
    }

    /// Bytes that leave far memory and arrive there.
    public var farBytes: Int {
        traffic.reduce(0) { $0 + ($1.from == Chip.far || $1.to == Chip.far ? $1.bytes : 0) }
    }

    /// Arithmetic operations for each byte to or from far memory.
    public var intensity: Double { Double(flops) / Double(farBytes) }
}
