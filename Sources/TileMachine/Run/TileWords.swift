// The words of recorded instructions: title, formula and the last part of the step's id.

import Traces

/// What an executed instruction is called.
enum TileWords {
    static let source = Bilingual(
        en: "a tile program of this project, after TileLang’s programming guide", zh: "本项目的分块程序，写法依 TileLang 编程指南")

    /// The last part of a step's id: what was done to the tile.
    static func verb(_ kind: Statement.Kind) -> String {
        switch kind {
        case .allocate: "allocate"
        case .load: "copy"
        case .store: "store"
        case .fill: "fill"
        case .gemm: "gemm"
        case .reduce(.maximum, _, _, _, _): "maximum"
        case .reduce(.sum, _, _, _, _): "sum"
        case .assign(_, .exponentialOfDifference): "exp"
        case .assign: "compute"
        case .loop: "loop"
        }
    }

    static func equation(_ kind: Statement.Kind, _ tile: Buffer) -> Equation {
        Equation(
            named: "\(tile.name).\(verb(kind))", symbol: tile.name, title(kind), formula(kind), source: source,
            axes: tile.spans.map { Axis($0.name) })
    }

    /// What the instruction does.
    static func title(_ kind: Statement.Kind) -> Bilingual {
        switch kind {
        case .allocate(let tile): Bilingual(en: "Make room for \(tile.name)", zh: "为 \(tile.name) 留出位置")
        case .load(let access, let tile):
            access.isBox
                ? Bilingual(en: "Copy a tile of \(access.buffer.name) to \(tile.name)", zh: "把 \(access.buffer.name) 的一块搬进 \(tile.name)")
                : Bilingual(
                    en: "Gather cells of \(access.buffer.name) into \(tile.name)", zh: "从 \(access.buffer.name) 各处取数，放进 \(tile.name)")
        case .store(let tile, let access):
            Bilingual(en: "Write \(tile.name) to \(access.buffer.name)", zh: "把 \(tile.name) 写回 \(access.buffer.name)")
        case .fill(let tile, let value):
            value == 0
                ? Bilingual(en: "Clear \(tile.name)", zh: "把 \(tile.name) 清零")
                : Bilingual(
                    en: "Set \(tile.name) to \(NumberText.significant(value))", zh: "把 \(tile.name) 设为 \(NumberText.significant(value))")
        case .gemm(let a, let b, let target):
            Bilingual(
                en: "Add the product of \(a.tile.name) and \(b.tile.name) to \(target.name)",
                zh: "把 \(a.tile.name) 与 \(b.tile.name) 的乘积加进 \(target.name)")
        case .reduce(.maximum, let source, _, let target, _):
            Bilingual(en: "The largest of each row of \(source.name), in \(target.name)", zh: "\(source.name) 每行的最大值，放进 \(target.name)")
        case .reduce(.sum, let source, _, let target, _):
            Bilingual(en: "The sum of each row of \(source.name), in \(target.name)", zh: "\(source.name) 每行之和，放进 \(target.name)")
        case .assign(let tile, _): Bilingual(en: "Compute \(tile.name), cell by cell", zh: "逐格计算 \(tile.name)")
        case .loop: Bilingual(en: "Repeat", zh: "重复")
        }
    }

    private static func formula(_ kind: Statement.Kind) -> String {
        switch kind {
        case .gemm: #"C \leftarrow C + A B"#
        case .reduce(.maximum, _, _, _, _): #"m \leftarrow \max(m, \max_{s} S_{t,s})"#
        case .reduce(.sum, _, _, _, _): #"l \leftarrow \sum_{s} S_{t,s}"#
        case .assign(_, .exponentialOfDifference): #"P \leftarrow \exp(S - m)"#
        case .load, .allocate, .store, .fill, .assign, .loop: ""
        }
    }
}
