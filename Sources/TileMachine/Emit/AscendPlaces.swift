// Which core of Ascend does what to a tile, and so in which memories the tile is: derived from how the program's statements use it.

import Traces

/// Where tiles live on Ascend, and under which names.
struct AscendPlaces {
    /// Tiles that enter a product: in L1.
    let factors: Set<Buffer>
    /// Tiles that products add up to: in L0C.
    let products: Set<Buffer>
    /// Second factors that are turned on their way to L1.
    let turned: Set<Buffer>
    /// Tiles that are not made, for their neighbours do not stand side by side in far memory: vector cores read cell by cell where they stand, instead
    /// of a copy of single numbers.
    let readInPlace: [Buffer: Access]
    /// Tiles that vector cores compute, read or gather.
    private let vector: Set<Buffer>
    /// Factors that vector cores gather.
    private let gathered: Set<Buffer>

    init(_ program: TileProgram) {
        var (factors, products, turned): (Set<Buffer>, Set<Buffer>, Set<Buffer>) = ([], [], [])
        for case .gemm(let a, let b, let target) in program.statements.map({ $0.kind }) {
            factors.formUnion([a.tile, b.tile])
            products.insert(target)
            if !TileProgram.isTransposed(a.tile, b.tile) { turned.insert(b.tile) }
        }
        var (vector, gathered): (Set<Buffer>, Set<Buffer>) = ([], [])
        var readInPlace: [Buffer: Access] = [:]
        for statement in program.statements {
            switch statement.kind {
            case .load(let access, let tile) where !access.isBox:
                gathered.insert(tile)
                vector.insert(tile)
            case .load(let access, let tile) where tile.role == .fragment && access.positions.last?.plainSpan == nil:
                readInPlace[tile] = access
            case .assign(let tile, let scalar): vector.formUnion([tile] + scalar.operands.map { $0.tile })
            case .reduce(_, let source, _, let target, _): vector.formUnion([source, target])
            case .fill(let tile, _) where !products.contains(tile): vector.insert(tile)
            case .allocate, .load, .store, .fill, .gemm, .loop: break
            }
        }
        vector.subtract(readInPlace.keys)
        (self.factors, self.products, self.turned) = (factors, products, turned)
        (self.vector, self.gathered, self.readInPlace) = (vector, gathered, readInPlace)
    }

    /// Whether any statement is the vector cores'.
    var usesVectorCores: Bool { !vector.isEmpty }

    /// Whether vector cores have halves of the tile.
    func isOnVector(_ tile: Buffer) -> Bool { vector.contains(tile) }

    /// Whether a statement is the vector cores'.
    func isVector(_ statement: Statement) -> Bool {
        switch statement.kind {
        case .assign, .reduce: true
        case .load(let access, _): !access.isBox
        case .fill(let tile, _): !products.contains(tile)
        case .allocate, .store, .gemm, .loop: false
        }
    }

    /// Whether no line spells a statement: it makes or fills a tile that is read in place.
    func isSaidOtherwise(_ statement: Statement) -> Bool {
        switch statement.kind {
        case .allocate(let tile), .load(_, let tile): readInPlace[tile] != nil
        case .store, .fill, .gemm, .reduce, .assign, .loop: false
        }
    }

    /// The tile as the vector cores have it: gathered ones under a name of their own, turned as the cube needs them.
    func vectorTile(_ tile: Buffer) -> Buffer {
        guard gathered.contains(tile) else { return tile }
        return Buffer(
            name: Self.name(tile, "vector"), role: tile.role, spans: turned.contains(tile) ? tile.spans.reversed() : tile.spans,
            element: tile.element)
    }

    /// The tile's name where the cube has it.
    func cubeName(_ tile: Buffer) -> String {
        if !isOnVector(tile) || gathered.contains(tile) { return tile.name }
        return Self.name(tile, factors.contains(tile) ? "shared" : "cube")
    }

    /// The names between which a tile goes from the vector cores to the cube; nil if the cube has no use for it.
    func handOver(_ tile: Buffer) -> (vector: String, cube: String)? {
        factors.contains(tile) ? (vectorTile(tile).name, cubeName(tile)) : nil
    }

    /// The tile's name with another last part: `S_cube` of `S_local`, `dots_cube` of `dots`.
    private static func name(_ tile: Buffer, _ part: String) -> String {
        for suffix in ["_local", "_shared"] where tile.name.hasSuffix(suffix) { return "\(tile.name.dropLast(suffix.count))_\(part)" }
        return "\(tile.name)_\(part)"
    }
}
