// The same program with no tile of its inputs on the chip: every factor of every product is fetched from far memory each time that it is used.

extension TileProgram {
    /// The program without its loads; tiles of positions stay, and so do results.
    public var naive: TileProgram {
        var fetched: [Buffer: Access] = [:]
        for statement in statements {
            if case .load(let access, let tile) = statement.kind, tile.element == .value { fetched[tile] = access }
        }
        func operand(_ operand: Operand) -> Operand { Operand(tile: operand.tile, fetched: fetched[operand.tile]) }
        func scalar(_ value: Scalar) -> Scalar {
            switch value {
            case .tile(let old): .tile(operand(old))
            case .constant: value
            case .sum(let a, let b): .sum(scalar(a), scalar(b))
            case .exponentialOfDifference(let a, let b): .exponentialOfDifference(scalar(a), scalar(b))
            case .product(let a, let b): .product(scalar(a), scalar(b))
            case .quotient(let a, let b): .quotient(scalar(a), scalar(b))
            case .positivePart(let a): .positivePart(scalar(a))
            case .visible(let a, let condition): .visible(scalar(a), if: condition)
            }
        }
        func all(_ statements: [Statement]) -> [Statement] {
            statements.compactMap { statement in
                let kind: Statement.Kind
                switch statement.kind {
                case .allocate(let tile) where fetched[tile] != nil: return nil
                case .load(_, let tile) where fetched[tile] != nil: return nil
                case .gemm(let a, let b, let target): kind = .gemm(operand(a), operand(b), into: target)
                case .assign(let tile, let value): kind = .assign(tile, scalar(value))
                case .loop(let variable, let count, _, let inner): kind = .loop(variable, count: count, stages: 1, all(inner))
                default: kind = statement.kind
                }
                return Statement(number: statement.number, kind: kind)
            }
        }
        return TileProgram(
            name: name, constants: constants, parameters: parameters, grid: grid, body: all(body), variables: variables)
    }
}
