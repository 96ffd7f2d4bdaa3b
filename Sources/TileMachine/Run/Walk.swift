// Executing a program, statement by statement, whatever is made of it: values, counts or a schedule.

public import Traces

extension TileProgram {
    /// The most statements that one run executes.
    public static let mostInstructions = 1 << 21

    /// One block's place in the grid.
    struct Block {
        /// The block's number, from 0 in the order of execution.
        let number: Int
        /// Where its variables stand.
        let place: Place
    }

    /// The blocks in the order of execution: the first axis of the grid varies fastest. Throws if there are more than a run executes.
    func forEachBlock(_ body: (Block) throws(EngineError) -> Void) throws(EngineError) {
        var place = start
        let counts = grid.map { $0.count.value(place) }
        var total = 1
        for count in counts {
            let (product, overflows) = total.multipliedReportingOverflow(by: count)
            guard !overflows, product <= Self.mostInstructions else { throw tooLarge }
            total = product
        }
        for number in 0..<total {
            var rest = number
            for (axis, count) in zip(grid, counts) {
                place[axis.variable] = rest % count
                rest /= count
            }
            try body(Block(number: number, place: place))
        }
    }

    /// Calls `body` for each executed statement of one block, in order, with where loops stand; allocations and loops themselves are not executed.
    func forEachInstruction(
        of block: Block, _ body: (Statement, inout Place, _ round: Int) throws(EngineError) -> Void
    ) throws(EngineError) {
        var place = block.place
        try Self.run(self.body, &place, round: 0, body)
    }

    private static func run(
        _ statements: [Statement], _ place: inout Place, round: Int,
        _ body: (Statement, inout Place, _ round: Int) throws(EngineError) -> Void
    ) throws(EngineError) {
        for statement in statements {
            switch statement.kind {
            case .allocate: continue
            case .loop(let variable, let count, _, let inner):
                for i in 0..<count.value(place) {
                    place[variable] = i
                    try run(inner, &place, round: i, body)
                }
            default: try body(statement, &place, round)
            }
        }
    }

    /// The arithmetic of all blocks: a multiply-add is 2; add, subtract, multiply, divide and exp 1 each. Throws for more instructions than a run
    /// executes.
    public func flops() throws(EngineError) -> Int {
        var (flops, instructions) = (0, 0)
        try forEachBlock { block throws(EngineError) in
            try forEachInstruction(of: block) { statement, place, _ throws(EngineError) in
                instructions += 1
                guard instructions <= Self.mostInstructions else { throw tooLarge }
                flops += statement.kind.flops(place)
            }
        }
        return flops
    }

    var tooLarge: EngineError {
        EngineError(
            .value, name, expected: "at most \(NumberText.grouped(Self.mostInstructions)) executed instructions",
            found: "more: choose larger tiles or smaller sizes")
    }
}

extension Access {
    /// Calls `body` for each of a tile's cells in storage order, with where it stands and whether it exists.
    private func forEachCell(
        of tile: Buffer, _ place: Place, _ body: (_ here: Place, _ exists: Bool) throws(EngineError) -> Void
    ) throws(EngineError) {
        let counts = tile.spans.map { $0.count(place) }
        var here = place
        here.cell = tile.spans.map { ($0.name, 0) }
        for _ in 0..<counts.reduce(1, *) {
            try body(here, conditions.allSatisfy { $0.holds(here) })
            var axis = counts.count - 1
            while axis >= 0 {
                here.cell[axis].position += 1
                if here.cell[axis].position < counts[axis] { break }
                here.cell[axis].position = 0
                axis -= 1
            }
        }
    }

    /// The storage places in the matrix of a tile's cells in storage order, -1 for those that do not exist. Throws if one is outside the matrix.
    func places(of tile: Buffer, _ place: Place) throws(EngineError) -> [Int] {
        let shape = buffer.shape(place)
        let (lengths, strides) = (shape.lengths, shape.strides)
        var places: [Int] = []
        places.reserveCapacity(tile.count(place))
        try forEachCell(of: tile, place) { here, exists throws(EngineError) in
            guard exists else { return places.append(-1) }
            var offset = 0
            for (axis, position) in positions.enumerated() {
                let at = position.value(here)
                guard at >= 0, at < lengths[axis] else {
                    throw EngineError(
                        .index, "\(buffer.name) along \(shape.axes[axis])", expected: "a position from 0 to \(lengths[axis] - 1)",
                        found: "\(at)")
                }
                offset += at * strides[axis]
            }
            places.append(offset)
        }
        return places
    }

    /// How many of a tile's cells exist, and so are moved.
    func count(of tile: Buffer, _ place: Place) throws(EngineError) -> Int {
        guard !conditions.isEmpty else { return tile.count(place) }
        var moved = 0
        try forEachCell(of: tile, place) { _, exists in if exists { moved += 1 } }
        return moved
    }
}

extension Statement.Kind {
    /// The arithmetic of this statement where loops stand as `place` says: a multiply-add is 2; add, subtract, multiply, divide and exp 1 each;
    /// comparisons and moves 0.
    func flops(_ place: Place) -> Int {
        switch self {
        case .allocate, .load, .store, .fill, .loop: 0
        case .gemm(let a, let b, _): 2 * Self.products(a.tile, b.tile, place)
        case .reduce(.sum, let source, _, _, _): source.count(place)
        case .reduce(.maximum, _, _, _, _): 0
        case .assign(let tile, let scalar): scalar.flops * tile.count(place)
        }
    }

    /// How many pairs a product of two tiles multiplies.
    private static func products(_ a: Buffer, _ b: Buffer, _ place: Place) -> Int {
        b.spans.filter { span in !a.spans.contains { $0.name == span.name } }.reduce(a.count(place)) { $0 * $1.count(place) }
    }

    /// How many cells a unit goes through: those that it computes, or brings down.
    func cells(_ place: Place) -> Int {
        if case .reduce(_, let source, _, _, _) = self { return source.count(place) }
        return max(target?.count(place) ?? 0, 1)
    }

    /// How often each of its operands is used in all: each pair of a product fetches both its factors, each cell of a result what it is made of.
    func uses(_ place: Place) -> Int {
        switch self {
        case .gemm(let a, let b, _): Self.products(a.tile, b.tile, place)
        case .assign(let tile, _): tile.count(place)
        case .reduce(_, let source, _, _, _): source.count(place)
        default: 0
        }
    }

    /// Cells that are fetched from far memory for an operand that no tile holds: each time that one is used.
    func fetches(_ operand: Operand, _ place: Place) throws(EngineError) -> Int {
        guard let access = operand.fetched else { return 0 }
        let cells = operand.tile.count(place)
        return cells == 0 ? 0 : try access.count(of: operand.tile, place) * (uses(place) / cells)
    }
}
