// One moment of a block on a chip: what each memory holds, what is on its way, what moves and computes, and how many bytes have moved so far. A
// moment is an entry of the schedule: the tick at which it begins, or on a chip without speeds the point at which all before it is done.

public import Traces

/// A block as it stands when one of its entries begins.
public struct TileMoment: Sendable {
    /// A tile in a place of a memory.
    public struct Holding: Hashable, Sendable {
        /// The memory.
        public let memory: String
        /// The tile.
        public let tile: String
        /// Which of its places there, from 0.
        public let place: Int
        /// The entry whose result stands there, or nil if none does yet.
        public let entry: Int?
        /// The entry that brings something new to it now, or nil.
        public let arriving: Int?
    }

    /// The entry that begins.
    public let entry: Int
    /// The tick; nil on a chip without speeds.
    public let tick: Int?
    /// Entries that are under way, this one among them: begun, and their result not yet there.
    public let active: [Int]
    /// What has been brought somewhere or is on its way, memory by memory in the chip's order, tiles in the program's.
    public let holdings: [Holding]
    /// Bytes that this block has moved along each of the chip's paths, by entries that are done.
    public let bytes: [Int]

    /// The moment at which entry `number` begins. Throws for a number that is not there.
    public init(_ schedule: Schedule, entry number: Int) throws(EngineError) {
        let entries = schedule.entries
        guard entries.indices.contains(number) else {
            throw EngineError(.index, "moment", expected: "an entry from 0 to \(entries.count - 1)", found: "\(number)")
        }
        let hasTicks = schedule.chip.hasSpeeds
        let now = entries[number].start
        func isBegun(_ i: Int) -> Bool {
            hasTicks ? entries[i].start <= now && (entries[i].start < now || i <= number || entries[i].ready > now) : i <= number
        }
        func isDone(_ i: Int) -> Bool { hasTicks ? entries[i].ready <= now && i != number && isBegun(i) : i < number }
        entry = number
        tick = hasTicks ? now : nil
        active = entries.indices.filter { isBegun($0) && !isDone($0) }
        var bytes = [Int](repeating: 0, count: schedule.chip.paths.count)
        var spots: [Holding] = []
        for (i, entry) in entries.enumerated() where isBegun(i) {
            if case .move(let path) = entry.kind, isDone(i) { bytes[path] += entry.bytes }
            let memory = schedule.target(of: entry)
            if memory == Chip.far { continue }
            let at = spots.firstIndex { $0.memory == memory && $0.tile == entry.tile && $0.place == entry.place }
            let before = at.map { spots[$0] }
            let after = Holding(
                memory: memory, tile: entry.tile, place: entry.place, entry: isDone(i) ? i : before?.entry,
                arriving: isDone(i) ? before?.arriving : i)
            if let at { spots[at] = after } else { spots.append(after) }
        }
        self.bytes = bytes
        let tiles = schedule.program.tiles.map { $0.name }
        func rank(_ holding: Holding) -> (Int, Int, Int) {
            (
                schedule.chip.memories.firstIndex { $0.name == holding.memory } ?? 0, tiles.firstIndex(of: holding.tile) ?? 0,
                holding.place
            )
        }
        holdings = spots.sorted { rank($0) < rank($1) }
    }
}

extension Schedule {
    /// The memory in which an entry's result stands.
    public func target(of entry: Entry) -> String {
        switch entry.kind {
        case .move(let path): chip.paths[path].to
        case .compute(let unit): chip.units[unit].result
        }
    }

    /// The entry that tells most of how the work overlaps: at whose beginning most is under way that moves from far memory while the matrix unit
    /// computes; of equals the last, which an edge tile belongs to. On a chip without speeds the last product.
    public var tellingEntry: Int {
        let products = entries.indices.filter { isProduct(entries[$0]) }
        guard chip.hasSpeeds else { return products.last ?? 0 }
        var best = (entry: products.last ?? 0, score: -1)
        for i in entries.indices {
            guard let moment = try? TileMoment(self, entry: i) else { continue }
            let multiplies = moment.active.contains { isProduct(entries[$0]) }
            let loads = moment.active.filter { isLoad(entries[$0]) }
            let score =
                (multiplies && !loads.isEmpty ? 4 : 0) + min(loads.count, 2) + (entries[i].round > 0 ? 1 : 0)
                + (isProduct(entries[i]) ? 1 : 0)
            if score >= best.score { best = (i, score) }
        }
        return best.entry
    }

    /// Whether the entry multiplies tiles.
    public func isProduct(_ entry: Entry) -> Bool {
        if case .gemm = statement(entry).kind, case .compute = entry.kind { true } else { false }
    }

    /// Whether the entry brings something from far memory.
    public func isLoad(_ entry: Entry) -> Bool {
        if case .move(let path) = entry.kind { chip.paths[path].from == Chip.far } else { false }
    }

    /// The program's statement that an entry belongs to.
    func statement(_ entry: Entry) -> Statement { program.statements.first { $0.number == entry.statement }! }

    /// The step of a run with values (`TileRun`, the same program, this block kept) that has the numbers which an entry computed or moves; nil for an
    /// operand that no tile holds.
    /// - Parameter number: the entry.
    /// - Parameter block: the block's number.
    public func step(of number: Int, block: Int = 0) -> StepID? {
        // What is moved on was made by the entry before that loaded or computed the tile.
        var origin = number
        while true {
            let entry = entries[origin]
            let statement = statement(entry)
            if statement.kind.target?.name == entry.tile { return step(statement, round: entry.round, block: block) }
            guard let before = entries[..<origin].lastIndex(where: { $0.tile == entry.tile }) else { return nil }
            origin = before
        }
    }

    private func step(_ statement: Statement, round: Int, block: Int) -> StepID? {
        guard let target = statement.kind.target else { return nil }
        let place = program.place(ofBlock: block)
        var scopes = [program.name(ofBlock: place)]
        if let loop = program.loop(of: statement) { scopes.append("\(loop.name)_\(round)") }
        return StepID((scopes + ["\(target.name).\(TileWords.verb(statement.kind))"]).joined(separator: "."))
    }

    /// The cells of the matrix that an entry loads or writes, as places in its storage; nil for one that neither begins nor ends in far memory.
    /// - Parameter positions: what a tile of positions holds at a place along it, for gathers.
    public func cells(of number: Int, block: Int = 0, positions: (_ tile: String, _ place: Int) -> Int) throws(EngineError) -> (
        matrix: String, cells: [Int]
    )? {
        let entry = entries[number]
        let statement = statement(entry)
        var place = program.place(ofBlock: block)
        if let loop = program.loop(of: statement) { place[loop] = entry.round }
        return try withoutActuallyEscaping(positions) { positions throws(EngineError) in
            place.lookUp = { positions($0.name, $1) }
            switch statement.kind {
            case .load(let access, let tile): return (access.buffer.name, try access.places(of: tile, place).filter { $0 >= 0 })
            case .store(let tile, let access): return (access.buffer.name, try access.places(of: tile, place))
            default: return nil
            }
        }
    }
}

extension TileProgram {
    /// Where a block's variables stand.
    func place(ofBlock number: Int) -> Place {
        var place = start
        var rest = number
        for axis in grid {
            let count = axis.count.value(start)
            place[axis.variable] = rest % count
            rest /= count
        }
        return place
    }

    /// What a block is called in steps' ids.
    func name(ofBlock place: Place) -> String {
        grid.reversed().map { "\($0.variable.name)_\(place[$0.variable])" }.joined(separator: "_")
    }

    /// The variable of the loop that a statement stands in.
    func loop(of statement: Statement) -> Variable? {
        for case .loop(let variable, _, _, let inner) in statements.map({ $0.kind }) {
            if inner.contains(where: { $0.number == statement.number }) { return variable }
        }
        return nil
    }

    /// The lengths of a tile's or a matrix's axes, whole ones.
    public func lengths(of buffer: Buffer) -> [Int] { buffer.spans.map { $0.length.value(start) } }
}

extension Schedule {
    /// Whether the entry belongs to a round of a loop.
    public func isInLoop(_ entry: Entry) -> Bool { program.loop(of: statement(entry)) != nil }

    /// What the instruction that an entry belongs to does.
    public func title(of entry: Entry) -> Bilingual { TileWords.title(statement(entry).kind) }

    /// How many places the tile has in that memory.
    public func places(of holding: TileMoment.Holding) -> Int {
        uses.first { $0.memory == holding.memory }?.tiles.first { $0.name == holding.tile }?.places ?? 1
    }
}
