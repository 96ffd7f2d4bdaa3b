// One block after another on a chip: where each tile is, when each engine and unit is free, and what is counted.

import Traces

/// A chip at work.
final class ChipRun {
    /// A tile's place in a memory.
    private struct Spot: Hashable {
        let tile: String
        let memory: String
        let place: Int
    }

    /// What happened at a spot last.
    private struct Visits {
        var writer: Int?
        var readers: [Int] = []
        var all: [Int] { (writer.map { [$0] } ?? []) + readers }
    }

    private let program: TileProgram
    private let chip: Chip
    private let width: Int
    /// How many places each tile has: as many as its loop has stages, if it is loaded in one.
    private let places: [String: Int]
    /// Tiles that the matrix unit reads or accumulates in.
    private let forMatrix: Set<String>

    private(set) var bytes: [Int]
    private(set) var instructions = 0
    private(set) var flops = 0
    /// What the block at work did.
    private(set) var entries: [Schedule.Entry] = []
    /// Where tiles have been, in any block.
    private var stays: [String: Set<String>] = [:]

    /// The block at work.
    private var visits: [Spot: Visits] = [:]
    /// The memories that hold a tile as it is now.
    private var holders: [String: [String]] = [:]
    /// Which of its places in its home each tile is in now.
    private var slots: [String: Int] = [:]
    private var free: [String: Int] = [:]

    init(_ program: TileProgram, _ chip: Chip, _ width: Int) throws(EngineError) {
        (self.program, self.chip, self.width) = (program, chip, width)
        bytes = [Int](repeating: 0, count: chip.paths.count)
        var places: [String: Int] = [:]
        var forMatrix: Set<String> = []
        for statement in program.statements {
            switch statement.kind {
            case .loop(_, _, let stages, let body):
                for case .load(_, let tile) in body.map({ $0.kind }) { places[tile.name] = stages }
            case .gemm(let a, let b, let target):
                forMatrix.formUnion([a.tile.name, b.tile.name, target.name])
            default: continue
            }
        }
        (self.places, self.forMatrix) = (places, forMatrix)
    }

    func execute(_ block: TileProgram.Block) throws(EngineError) {
        (entries, visits, holders, slots, free) = ([], [:], [:], [:], [:])
        try program.forEachInstruction(of: block) { statement, place, round throws(EngineError) in
            instructions += 1
            guard instructions <= TileProgram.mostInstructions else { throw program.tooLarge }
            try execute(statement, place, round)
        }
    }

    private func execute(_ statement: Statement, _ place: Place, _ round: Int) throws(EngineError) {
        let name = TileWords.title(statement.kind).en
        switch statement.kind {
        case .load(let access, let tile):
            let way = try chip.route(from: [Chip.far], to: [home(tile)], for: name)
            let slot = (places[tile.name] ?? 1) > 1 ? round % places[tile.name]! : 0
            slots[tile.name] = slot
            let moved = try access.count(of: tile, place) * width(tile)
            // A gather needs its positions before it can begin.
            let positions = access.positions.flatMap { $0.loads }.map { spot($0, in: home($0)) }
            try move(tile, along: way, moved, place: slot, statement, round, isFirst: true, after: positions)
        case .store(let tile, _):
            let way = try chip.route(from: holders[tile.name] ?? [], to: [Chip.far], for: name)
            try move(tile, along: way, tile.count(place) * width(tile), place: 0, statement, round, isFirst: false)
        case .gemm(let a, let b, let target):
            let unit = try chip.unit(.matrix, for: name)
            try compute(unit, [a, b], target, accumulates: true, statement, place, round, name)
        case .fill(let target, _):
            let unit = try chip.unit(forMatrix.contains(target.name) ? .matrix : .vector, for: name)
            try compute(unit, [], target, accumulates: false, statement, place, round, name)
        case .assign(let target, let scalar):
            try compute(chip.unit(.vector, for: name), scalar.operands, target, accumulates: false, statement, place, round, name)
        case .reduce(_, let source, _, let target, let keeps):
            let operands = [source] + (keeps ? [target] : [])
            try compute(
                chip.unit(.vector, for: name), operands.map { Operand(tile: $0, fetched: nil) }, target, accumulates: false, statement,
                place,
                round, name)
        case .allocate, .loop: preconditionFailure("not executed")
        }
    }

    private func width(_ tile: Buffer) -> Int { tile.element == .position ? 4 : width }

    private func home(_ tile: Buffer) -> String {
        let homes = tile.role == .shared ? chip.shared : chip.fragment
        return forMatrix.contains(tile.name) ? homes.matrix : homes.vector
    }

    /// A unit computes `target`; what its operands lack in its memories is brought there first.
    private func compute(
        _ unit: Chip.Unit, _ operands: [Operand], _ target: Buffer, accumulates: Bool, _ statement: Statement, _ place: Place, _ round: Int,
        _ name: String
    ) throws(EngineError) {
        var read: [Spot] = []
        for (number, operand) in operands.enumerated() {
            read.append(try bring(operand, to: unit.memories(ofOperand: number), statement, place, round, name))
        }
        if accumulates {
            let own = Operand(tile: target, fetched: nil)
            read.append(try bring(own, to: [unit.result], statement, place, round, name))
        }
        let flops = statement.kind.flops(place)
        let written = Spot(tile: target.name, memory: unit.result, place: 0)
        let number = chip.units.firstIndex { $0.name == unit.name }!
        append(
            .compute(unit: number), target.name, 0, flops: flops, reads: read, writes: written, statement, round,
            engine: unit.name, duration: unit.flopsPerTick.map { (max(flops, statement.kind.cells(place)) + $0 - 1) / $0 } ?? 0, latency: 0)
        self.flops += flops
        holders[target.name] = [unit.result]
        stay(target.name, unit.result)
    }

    /// Brings a tile to one of `memories`, or fetches an operand that no tile holds; returns where it is then.
    private func bring(
        _ operand: Operand, to memories: [String], _ statement: Statement, _ place: Place, _ round: Int, _ name: String
    ) throws(EngineError) -> Spot {
        let tile = operand.tile
        if operand.fetched != nil {
            let way = try chip.route(from: [Chip.far], to: memories, for: name)
            let fetched = try statement.kind.fetches(operand, place) * width(tile)
            return try move(tile, along: way, fetched, place: 0, statement, round, isFirst: true, isKept: false)
        }
        guard let held = holders[tile.name] else { preconditionFailure("\(tile.name) holds nothing yet") }
        if let memory = held.first(where: memories.contains) {
            return self.spot(tile, in: memory)
        }
        let way = try chip.route(from: held, to: memories, for: name)
        return try move(tile, along: way, tile.count(place) * width(tile), place: 0, statement, round, isFirst: false)
    }

    /// Moves a tile along paths; on the way it is held in every memory it passes. A tile that arrives anew replaces what was held.
    @discardableResult
    private func move(
        _ tile: Buffer, along way: [Int], _ moved: Int, place slot: Int, _ statement: Statement, _ round: Int, isFirst: Bool,
        isKept: Bool = true, after others: [Spot] = []
    ) throws(EngineError) -> Spot {
        if isFirst { holders[tile.name] = [] }
        var spot: Spot?
        for number in way {
            let path = chip.paths[number]
            let isHome = path.to == home(tile)
            let from = spot ?? self.spot(tile, in: path.from)
            let to = Spot(tile: tile.name, memory: path.to, place: isHome ? slot : 0)
            append(
                .move(path: number), tile.name, to.place, bytes: moved, reads: isFirst && spot == nil ? others : [from], writes: to,
                statement,
                round, engine: path.engine, duration: path.bytesPerTick.map { (moved + $0 - 1) / $0 } ?? 0, latency: path.latency)
            let (sum, overflows) = bytes[number].addingReportingOverflow(moved)
            guard !overflows, sum <= 1 << 53 else { throw program.tooLarge }
            bytes[number] = sum
            if isKept {
                holders[tile.name, default: []].append(path.to)
                stay(tile.name, path.to)
            }
            spot = to
        }
        return spot ?? Spot(tile: tile.name, memory: home(tile), place: slot)
    }

    /// Where a tile is in a memory: at home in the place that it was loaded to last.
    private func spot(_ tile: Buffer, in memory: String) -> Spot {
        Spot(tile: tile.name, memory: memory, place: memory == home(tile) ? slots[tile.name] ?? 0 : 0)
    }

    private func stay(_ tile: String, _ memory: String) { stays[memory, default: []].insert(tile) }

    @discardableResult
    private func append(
        _ kind: Schedule.Entry.Kind, _ tile: String, _ slot: Int, bytes: Int = 0, flops: Int = 0, reads: [Spot], writes: Spot,
        _ statement: Statement, _ round: Int, engine: String, duration: Int, latency: Int
    ) -> Int {
        let number = entries.count
        var waits = Set(reads.compactMap { visits[$0]?.writer })
        waits.formUnion(visits[writes]?.all ?? [])
        waits.remove(number)
        let start = waits.reduce(free[engine] ?? 0) { max($0, entries[$1].ready) }
        entries.append(
            Schedule.Entry(
                kind: kind, statement: statement.number, tile: tile, place: slot, round: round, bytes: bytes, flops: flops,
                waitsFor: waits.sorted(), start: start, end: start + duration, ready: start + duration + latency))
        free[engine] = start + duration
        for read in reads where read != writes { visits[read, default: Visits()].readers.append(number) }
        visits[writes] = Visits(writer: number)
        return number
    }

    /// What each memory must hold.
    var uses: [Schedule.Use] {
        chip.memories.compactMap { memory in
            let start = program.start
            if memory.name == Chip.far {
                let matrices = program.parameters.map { (name: $0.name, places: 1, bytes: $0.capacity(start) * width($0)) }
                return Schedule.Use(
                    memory: memory.name, tiles: matrices, bytes: matrices.reduce(0) { $0 + $1.bytes }, room: memory.bytes)
            }
            guard let held = stays[memory.name] else { return nil }
            let tiles = program.tiles.filter { held.contains($0.name) }.map { tile in
                let count = memory.name == home(tile) ? places[tile.name] ?? 1 : 1
                return (name: tile.name, places: count, bytes: tile.capacity(start) * width(tile) * count)
            }
            return Schedule.Use(memory: memory.name, tiles: tiles, bytes: tiles.reduce(0) { $0 + $1.bytes }, room: memory.bytes)
        }
    }
}
