// What figures of tile programs draw from: a program of some size, how it is cut, the chip it runs on. Schedules and values are computed from it.

public import TileMachine
import Traces

/// A tile program on a chip.
public struct TileData: Hashable, Sendable {
    /// The program with its sizes.
    public var task: TileTask
    /// How it is cut.
    public var choice: TileChoice
    /// The chip.
    public var chip: Chip
    /// Bytes of a number: 2, 4 or 8.
    public var width: Int
    /// Two chips between which the way of a result differs, for `traffic`; elsewhere none.
    public var others: [Chip]

    /// A program on a chip.
    public init(_ task: TileTask, _ choice: TileChoice, on chip: Chip, width: Int = 8, others: [Chip] = []) {
        (self.task, self.choice, self.chip, self.width, self.others) = (task, choice, chip, width, others)
    }

    /// The program, cut with other stages or another tile.
    func schedule(stages: Int? = nil, shape: TileShape? = nil, isNaive: Bool = false) throws(EngineError) -> Schedule {
        let choice = try TileChoice(shape ?? choice.shape, stages: stages ?? choice.stages)
        let program = task.program(choice)
        return try Schedule(isNaive ? program.naive : program, on: chip, width: width)
    }

    /// The schedule with the block that does more: the first, or the last where later blocks have more rounds.
    func tellingBlock() throws(EngineError) -> (schedule: Schedule, block: Int) {
        let first = try schedule()
        let last = first.program.blocks - 1
        let other = try Schedule(first.program, on: chip, width: width, keeping: last)
        return other.entries.count > first.entries.count ? (other, last) : (first, 0)
    }
}

extension FigureData {
    func tiles(_ figure: String) throws(FigureError) -> TileData {
        guard case .tiles(let data) = numbers else { throw missing(figure, .tiles) }
        return data
    }
}

extension Paint {
    /// The colour of a tile: the first matrix that a program is given is what asks, the second what is asked, the third what is carried; positions
    /// are the indexer's; what is written back is carried too, and what only helps is the colour of bars.
    static func tile(_ name: String, in program: TileProgram) -> Paint {
        guard let tile = program.tiles.first(where: { $0.name == name }) ?? program.parameters.first(where: { $0.name == name }) else {
            return .muted
        }
        if tile.element == .position { return .indexer }
        for statement in program.statements {
            switch statement.kind {
            case .load(let access, let loaded) where loaded.name == name: return matrix(access.buffer, in: program)
            case .store(let stored, _) where stored.name == name: return .value
            default: continue
            }
        }
        return tile.role == .global ? matrix(tile, in: program) : .bar
    }

    private static func matrix(_ buffer: Buffer, in program: TileProgram) -> Paint {
        if buffer == program.output { return .value }
        if buffer.element == .position { return .indexer }
        switch program.inputs.firstIndex(of: buffer) {
        case 0: return .query
        case 1: return .key
        default: return .value
        }
    }
}

extension TileData {
    /// The program with its sizes, for a reader: matmul, 40 × 40 × 72, tile 16 × 16 × 16.
    var description: Bilingual {
        let program = task.program(choice)
        let tile = tileText
        let matrices = program.parameters.map { "\($0.name) \(program.lengths(of: $0).map(String.init).joined(separator: " × "))" }
        return Bilingual(
            en: "\(program.name): \(matrices.joined(separator: ", ")); tile \(tile)",
            zh: "\(program.name)：\(matrices.joined(separator: "，"))；小块 \(tile)")
    }

    var tileText: String { choice.shape.text(task) }
}

extension Chip {
    /// A path by the names of its ends.
    func called(_ path: Path) -> Bilingual {
        let (from, to) = (called(path.from), called(path.to))
        return Bilingual(en: "\(from.en) → \(to.en)", zh: "\(from.zh) → \(to.zh)")
    }
}

extension TileShape {
    /// The lengths that cut the program.
    func text(_ task: TileTask) -> String {
        (task.wholeDepth == nil ? [rows, columns, depth] : [rows, columns]).map(String.init).joined(separator: " × ")
    }
}
