// A program's text for Ascend (TileLang's `tilelang.ascend` language), the sister of `Listing`: made from the same statements, but the memories have
// names there, and two kinds of cores share the work. Products are the cube core's: factors lie in L1, what they add up to in L0C. All else is done by
// two vector cores, each with half of a tile's rows in UB; what goes from one kind of core to the other is copied to both or from both (dual_copy).
// The grid has one dimension, and the cube takes a second factor with its rows along the result's columns: one that lies the other way is turned
// on the way to L1.

import Traces

/// A program as Ascend's text.
struct AscendText {
    /// What one vector core has half of, by the name of the whole length, in the order of the program's numbers.
    private(set) var halved: [Span] = []
    /// The lines, the kernel's opening first.
    var lines: [Listing.Line] { writer.lines }
    private let program: TileProgram
    private let places: AscendPlaces
    private var writer = TileWriter(parallel: "T.Parallel")
    /// Loops that enclose the line that is written, the outermost first.
    private var loops: [Variable] = []
    /// How many loops enclosed it when an accumulator was cleared.
    private var cleared: [Buffer: Int] = [:]

    init(_ program: TileProgram) {
        self.program = program
        places = AscendPlaces(program)
        writer.spelling.readInPlace = places.readInPlace
        open()
        write(program.body, 1)
        halved = program.constants.compactMap { name, value in halved.first { $0.length == .named(name, value) } }
    }

    /// Opens the kernel, and takes the grid's places out of the one number that Ascend has.
    private mutating func open() {
        let counts = program.grid.map { writer.spelling.spell($0.count) }
        let (kernel, names) = places.usesVectorCores ? ("MixedKernel", "(block, sid)") : ("Kernel", "block")
        writer.add("with T.\(kernel)(\(counts.joined(separator: " * "))) as \(names):", 0)
        let places = counts.indices.map { axis in
            let passed = counts[..<axis].map { " // \($0)" }.joined()
            return "block\(passed)" + (axis == counts.count - 1 ? "" : " % \(counts[axis])")
        }
        writer.add("\(program.grid.map { $0.variable.name }.joined(separator: ", ")) = \(places.joined(separator: ", "))", 1)
    }

    private mutating func write(_ statements: [Statement], _ depth: Int) {
        // What vector cores do without the cube in between is one function of theirs.
        var isOpen = false
        var handedOver: [String] = []
        func close(_ writer: inout TileWriter) {
            for copy in handedOver { writer.add(copy, depth) }
            (isOpen, handedOver) = (false, [])
        }
        for statement in statements where !places.isSaidOtherwise(statement) {
            guard places.isVector(statement) else {
                close(&writer)
                write(statement, depth)
                continue
            }
            if !isOpen { writer.add("with T.SimtVF(threads=128):", depth) }
            isOpen = true
            writeVector(statement, depth + 1)
            if let target = statement.kind.target, let names = places.handOver(target) {
                handedOver.append("T.dual_copy(\(names.vector), \(names.cube))")
            }
        }
        close(&writer)
    }

    /// A statement that is none of the vector cores' functions.
    private mutating func write(_ statement: Statement, _ depth: Int) {
        let number = statement.number
        switch statement.kind {
        case .allocate(let tile): allocate(tile, depth, number)
        case .load(let access, let tile):
            let turns = places.turned.contains(tile)
            writer.spelling.half = places.isOnVector(tile) ? halve(tile.spans[0]) : nil
            let cells = writer.spelling.box(access, slices: turns)
            writer.add("T.copy(\(cells), \(tile.name)\(turns ? ", transpose=True" : ""))", depth, number)
        case .store(let tile, let access):
            writer.spelling.half = places.isOnVector(tile) ? halve(tile.spans[0]) : nil
            writer.add("T.copy(\(tile.name), \(writer.spelling.box(access)))", depth, number)
        case .fill(let tile, _): cleared[tile] = loops.count
        case .gemm(let a, let b, let target): gemm(a.tile, b.tile, target, depth, number)
        case .loop(let variable, let count, _, let inner):
            writer.pipelined(variable, count, depth, number)
            loops.append(variable)
            write(inner, depth + 1)
            loops.removeLast()
        case .reduce, .assign: preconditionFailure("a statement of the vector cores")
        }
    }

    private mutating func gemm(_ a: Buffer, _ b: Buffer, _ target: Buffer, _ depth: Int, _ number: Int) {
        let (first, second, cube) = (places.cubeName(a), places.cubeName(b), places.cubeName(target))
        // What was cleared outside of loops is cleared in their first rounds.
        let begins = cleared.removeValue(forKey: target).map { level in
            let rounds = loops[level...].map { "(\($0.name) == 0)" }
            return ", clear_accum=\(rounds.isEmpty ? "True" : rounds.joined(separator: " & "))"
        }
        writer.add("T.gemm(\(first), \(second), \(cube), transpose_B=True\(begins ?? ""))", depth, number)
        if places.isOnVector(target) { writer.add("T.dual_copy(\(cube), \(target.name))", depth, number) }
    }

    private mutating func writeVector(_ statement: Statement, _ depth: Int) {
        let number = statement.number
        switch statement.kind {
        case .load(let access, let tile):
            writer.spelling.half = halve(tile.spans[0])
            writer.gather(access, places.vectorTile(tile), depth, number)
        case .fill(let tile, let value): writer.fill(tile, value, depth, number)
        case .reduce(let reduction, let source, let span, let target, let keeps):
            writer.reduce(reduction, source, over: span, into: target, keeps: keeps, depth, number)
        case .assign(let tile, let scalar):
            writer.spelling.half = halve(tile.spans[0])
            let edges = scalar.operands.filter { places.readInPlace[$0.tile] != nil }.flatMap { $0.tile.edges }
            writer.assign(tile, scalar, if: edges.map { Condition(.position($0), .below, $0.end) }, depth, number)
        case .allocate, .store, .gemm, .loop: preconditionFailure("not a statement of the vector cores")
        }
    }

    private mutating func halve(_ span: Span) -> Span {
        if !halved.contains(where: { $0.length == span.length }) { halved.append(span) }
        return span
    }

    /// Room for a tile wherever a core needs it.
    private mutating func allocate(_ tile: Buffer, _ depth: Int, _ number: Int) {
        let kind = program.kindOfNumber(tile)
        func add(_ name: String, _ word: String, _ spans: [Span], half: Span?, _ writer: inout TileWriter) {
            writer.spelling.half = half
            writer.add("\(name) = T.\(word)(\(writer.spelling.shape(spans)), \(kind))", depth, number)
        }
        if places.isOnVector(tile) {
            let own = places.vectorTile(tile)
            add(own.name, "alloc_shared", own.spans, half: halve(tile.spans[0]), &writer)
        }
        if places.factors.contains(tile) {
            add(places.cubeName(tile), "alloc_l1", places.turned.contains(tile) ? tile.spans.reversed() : tile.spans, half: nil, &writer)
        } else if places.products.contains(tile) {
            add(places.cubeName(tile), "alloc_l0c", tile.spans, half: nil, &writer)
        } else if !places.isOnVector(tile) {
            add(tile.name, "alloc_shared", tile.spans, half: nil, &writer)
        }
    }
}
