// Who decided what: every choice that a schedule rests on, by its author. What the programmer wrote stands in a line of the program; what the compiler
// inferred and what the chip fixes stands in a line, or in an entry of the schedule. The sorts are those that TileLang's guide and its generated code
// show (see assets/tilelang); they are counted here, a kind and a place at a time, not in the generated code. What the same program would take in
// plain CUDA-style code is hypothetical: nobody wrote it.

public import Traces

/// One decision.
public struct Decision: Hashable, Sendable {
    /// Who decided.
    public enum Author: String, CaseIterable, Hashable, Sendable {
        /// A line of the program says it.
        case programmer
        /// It follows from the program; the compiler worked it out.
        case compiler
        /// The chip leaves no choice.
        case chip
    }

    /// What sort of thing was decided.
    public enum Sort: String, CaseIterable, Hashable, Sendable {
        /// How the work is cut into blocks.
        case grid
        /// How many threads a block asks for.
        case threads
        /// How large a tile is.
        case tileShape
        /// Near or far, shared or a fragment.
        case memoryRole
        /// How wide the numbers are in which products are added up.
        case accumulator
        /// What is moved, and when.
        case copy
        /// What is computed, and when.
        case computation
        /// Which way the loop walks.
        case order
        /// How many rounds are under way at once.
        case stages
        /// Where in its memory a tile begins.
        case address
        /// In which order its cells lie there.
        case layout
        /// Which thread holds which cell.
        case threadMap
        /// By what kind of copy, and how many bytes at a time.
        case copyKind
        /// A move that no line asks for: an operand brought to its unit.
        case operandMove
        /// Which of a tile's places a round uses.
        case places
        /// What is begun before the loop and finished after it.
        case pipeline
        /// What must wait for what.
        case wait
        /// Where a tile reaches over the edge.
        case bounds
        /// Which instruction multiplies.
        case instruction
        /// How much room a memory has.
        case room
        /// What moves data along a path.
        case engine
        /// What computes, and where its operands must lie.
        case unit
        /// How many cores work side by side.
        case cores
    }

    /// Who decided.
    public let author: Author
    /// What sort of thing.
    public let sort: Sort
    /// What was decided.
    public let what: Bilingual
    /// The line of the program's listing that says it or brings it about, from 1; nil if an entry does.
    public let line: Int?
    /// The entry of the schedule's first block in which it shows, from 0; nil if a line does.
    public let entry: Int?
}

extension Schedule {
    /// All decisions: the programmer's in the order of the program, the compiler's, the chip's.
    public var decisions: [Decision] {
        var ledger = DecisionLedger(self)
        ledger.programmer()
        ledger.compiler()
        ledger.chip()
        return ledger.decisions
    }
}

/// Collects decisions of one schedule.
private struct DecisionLedger {
    let schedule: Schedule
    let listing: Listing
    var decisions: [Decision] = []

    init(_ schedule: Schedule) {
        self.schedule = schedule
        listing = Listing(schedule.program)
    }

    private var program: TileProgram { schedule.program }

    private mutating func add(
        _ author: Decision.Author, _ sort: Decision.Sort, _ en: String, _ zh: String, line: Int? = nil, entry: Int? = nil
    ) {
        decisions.append(Decision(author: author, sort: sort, what: Bilingual(en: en, zh: zh), line: line, entry: entry))
    }

    private func line(_ statement: Int) -> Int { listing.numbers(of: statement).first ?? 1 }

    private func line(of tile: String) -> Int {
        for case .allocate(let own) in program.statements.map({ $0.kind }) where own.name == tile {
            return program.statements.first { $0.kind == .allocate(own) }.map { line($0.number) } ?? 1
        }
        return 1
    }

    // What each line says.

    mutating func programmer() {
        let counts = program.grid.map { "\($0.count.value(program.start))" }.joined(separator: " × ")
        add(.programmer, .grid, "the work is cut into \(counts) blocks", "把活儿分成 \(counts) 块", line: 1)
        add(.programmer, .threads, "a block asks for 128 threads, where the machine has threads", "每块要 128 个线程（机器有线程的话）", line: 1)
        for statement in program.statements { written(statement) }
    }

    private mutating func written(_ statement: Statement) {
        let line = line(statement.number)
        switch statement.kind {
        case .allocate(let tile):
            let shape = tile.spans.map { "\($0.length.value(program.start))" }.joined(separator: " × ")
            add(.programmer, .tileShape, "\(tile.name) has \(shape) cells", "\(tile.name) 有 \(shape) 格", line: line)
            add(
                .programmer, .memoryRole, "\(tile.name) is \(tile.role == .shared ? "shared" : "a fragment")",
                "\(tile.name) 放在\(tile.role == .shared ? "共享内存（shared）" : "片段（fragment）")", line: line)
            if accumulators.contains(tile.name) {
                add(.programmer, .accumulator, "\(tile.name) adds up in float32", "\(tile.name) 用 float32 累加", line: line)
            }
        case .load(let access, let tile):
            add(.programmer, .copy, "\(access.buffer.name) → \(tile.name), here", "在这里搬：\(access.buffer.name) → \(tile.name)", line: line)
        case .store(let tile, let access):
            add(.programmer, .copy, "\(tile.name) → \(access.buffer.name), here", "在这里搬：\(tile.name) → \(access.buffer.name)", line: line)
        case .fill, .gemm, .reduce, .assign:
            let title = TileWords.title(statement.kind)
            add(.programmer, .computation, title.en.loweredFirst, title.zh, line: line)
        case .loop(let variable, _, let stages, _):
            add(.programmer, .order, "\(variable.name) goes from first to last", "\(variable.name) 从头走到尾", line: line)
            add(.programmer, .stages, "\(stages) \(stages == 1 ? "stage" : "stages")", "\(stages) 级", line: line)
        }
    }

    private var accumulators: Set<String> {
        var names: Set<String> = []
        for case .gemm(_, _, let target) in program.statements.map({ $0.kind }) { names.insert(target.name) }
        return names
    }

    // What follows from them.

    mutating func compiler() {
        addresses()
        for statement in program.statements { inferred(statement) }
        moves()
        waits()
    }

    private mutating func addresses() {
        for use in schedule.uses where use.memory != Chip.far {
            var address = 0
            for tile in use.tiles {
                let line = line(of: tile.name)
                add(
                    .compiler, .address, "\(tile.name) begins at byte \(address) of \(use.memory)",
                    "\(tile.name) 从 \(use.memory) 的第 \(address) 字节开始", line: line)
                if tile.places > 1 {
                    add(
                        .compiler, .places, "\(tile.name) has \(tile.places) places, used in turn", "\(tile.name) 有 \(tile.places) 个位置，轮流用",
                        line: line)
                }
                address += tile.bytes
            }
        }
        for tile in program.tiles {
            if tile.role == .shared {
                add(
                    .compiler, .layout, "in which order the cells of \(tile.name) lie", "\(tile.name) 的格子按什么次序摆放", line: line(of: tile.name)
                )
            } else {
                add(
                    .compiler, .threadMap, "which thread holds which cell of \(tile.name)", "\(tile.name) 的哪一格归哪个线程",
                    line: line(of: tile.name))
            }
        }
    }

    private mutating func inferred(_ statement: Statement) {
        let line = line(statement.number)
        switch statement.kind {
        case .load(let access, let tile), .store(let tile, let access):
            add(
                .compiler, .copyKind, "how \(tile.name) and \(access.buffer.name) are copied, and how many bytes at a time",
                "\(tile.name) 与 \(access.buffer.name) 之间用哪种拷贝、一次多少字节", line: line)
            let cut = tile.spans.filter { !$0.end.isMultiple(of: $0.length, program.start) }
            if !cut.isEmpty {
                let names = cut.map { $0.name }.joined(separator: ", ")
                add(.compiler, .bounds, "\(tile.name) may reach over the edge along \(names)", "\(tile.name) 沿 \(names) 可能伸出边界", line: line)
            }
        case .gemm(let a, let b, _):
            add(
                .compiler, .instruction, "which instruction multiplies \(a.tile.name) and \(b.tile.name), of what shape",
                "\(a.tile.name) 乘 \(b.tile.name) 用哪条指令、多大的形状", line: line)
        case .assign(let tile, _):
            add(.compiler, .threadMap, "which thread computes which cell of \(tile.name)", "\(tile.name) 的哪一格由哪个线程来算", line: line)
        case .loop(let variable, _, let stages, _) where stages > 1:
            add(
                .compiler, .pipeline, "which loads of \(variable.name) begin before the loop, and what is left to do after it",
                "\(variable.name) 的哪些搬运提前到循环之前，循环之后还剩什么", line: line)
        case .allocate, .fill, .reduce, .loop: return
        }
    }

    /// Moves that no line asks for.
    private mutating func moves() {
        var seen: Set<String> = []
        for (number, entry) in schedule.entries.enumerated() {
            guard case .move(let path) = entry.kind, let statement = program.statements.first(where: { $0.number == entry.statement })
            else {
                continue
            }
            let way = schedule.chip.paths[path]
            switch statement.kind {
            case .load(_, let tile) where path == firstPath(of: entry.statement, tile.name): continue
            case .store where way.to == Chip.far: continue
            default: break
            }
            guard seen.insert("\(entry.statement) \(entry.tile) \(path)").inserted else { continue }
            add(
                .compiler, .operandMove, "\(entry.tile) is brought from \(way.from) to \(way.to)",
                "把 \(entry.tile) 从 \(way.from) 搬到 \(way.to)",
                entry: number)
        }
    }

    private func firstPath(of statement: Int, _ tile: String) -> Int? {
        for entry in schedule.entries where entry.statement == statement && entry.tile == tile {
            if case .move(let path) = entry.kind { return path }
        }
        return nil
    }

    /// Each pair of statements of which one must wait for the other, where another engine or unit does it.
    private mutating func waits() {
        var seen: Set<String> = []
        for (number, entry) in schedule.entries.enumerated() {
            for other in entry.waitsFor {
                let before = schedule.entries[other]
                guard worker(before) != worker(entry) else { continue }
                guard seen.insert("\(worker(before)) \(before.tile) \(worker(entry)) \(entry.tile)").inserted else { continue }
                add(
                    .compiler, .wait, "\(worker(entry)) waits with \(entry.tile) for \(worker(before)) to be done with \(before.tile)",
                    "\(worker(entry)) 处理 \(entry.tile) 之前，等 \(worker(before)) 处理完 \(before.tile)", entry: number)
            }
        }
    }

    private func worker(_ entry: Schedule.Entry) -> String {
        switch entry.kind {
        case .move(let path): schedule.chip.paths[path].engine
        case .compute(let unit): schedule.chip.units[unit].name
        }
    }

    // What is as it is.

    mutating func chip() {
        let chip = schedule.chip
        for use in schedule.uses {
            let entry = schedule.entries.firstIndex { entry in
                switch entry.kind {
                case .move(let path): chip.paths[path].to == use.memory || chip.paths[path].from == use.memory
                case .compute(let unit): chip.units[unit].result == use.memory
                }
            }
            let room = use.room.map { NumberText.grouped($0) }
            add(
                .chip, .room, room.map { "\(use.memory) has \($0) bytes" } ?? "\(use.memory) has a room that no source says",
                room.map { "\(use.memory) 有 \($0) 字节" } ?? "\(use.memory) 有多大，没有可核实的出处", entry: entry)
        }
        for (number, path) in chip.paths.enumerated() {
            guard let entry = schedule.entries.firstIndex(where: { $0.kind == .move(path: number) }) else { continue }
            add(
                .chip, .engine, "\(path.engine) moves from \(path.from) to \(path.to)", "从 \(path.from) 到 \(path.to) 由 \(path.engine) 搬",
                entry: entry)
        }
        for (number, unit) in chip.units.enumerated() {
            guard let entry = schedule.entries.firstIndex(where: { $0.kind == .compute(unit: number) }) else { continue }
            let from = Set(unit.operands.flatMap { $0 }).sorted().joined(separator: ", ")
            add(
                .chip, .unit, "\(unit.name) computes, from \(from) to \(unit.result)", "\(unit.name) 负责计算，从 \(from) 取，写到 \(unit.result)",
                entry: entry)
        }
        if let cores = chip.cores {
            add(.chip, .cores, cores == 1 ? "1 core" : "\(cores) cores", "\(cores) 个核心", line: 1)
        }
    }
}

extension Index {
    /// Whether the number, known before any loop, is a multiple of `length`; an end that only a loop knows is not taken for one.
    fileprivate func isMultiple(of length: Index, _ place: Place) -> Bool {
        guard isFixed else { return false }
        return value(place) % length.value(place) == 0
    }

    private var isFixed: Bool {
        switch self {
        case .constant, .named: true
        case .variable, .position, .load: false
        case .bound(_, let inner): inner.isFixed
        case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b), .remainder(let a, let b),
            .tiles(let a, let b), .smaller(let a, let b):
            a.isFixed && b.isFixed
        }
    }
}

extension String {
    fileprivate var loweredFirst: String { isEmpty ? "" : prefix(1).lowercased() + dropFirst() }
}
