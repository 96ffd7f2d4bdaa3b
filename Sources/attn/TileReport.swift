// What attn tiles prints of an executed program, as text and as JSON (schema/tiles.schema.json), and of chips.

internal import Lessons
internal import TileMachine
internal import Traces

struct TileReport {
    private let task: TileTask
    private let choice: TileChoice
    private let schedule: Schedule
    private let isNaive: Bool
    private let maxAbsoluteError: Double?

    init(_ task: TileTask, _ choice: TileChoice, _ schedule: Schedule, isNaive: Bool, maxAbsoluteError: Double?) {
        (self.task, self.choice, self.schedule) = (task, choice, schedule)
        (self.isNaive, self.maxAbsoluteError) = (isNaive, maxAbsoluteError)
    }

    private func count(_ author: Decision.Author) -> Int { schedule.decisions.count { $0.author == author } }

    // JSON.

    func json(_ language: Language, decisions: Bool) -> JSONText {
        var fields: [(String, JSONText)] = [
            ("program", .string(task.name.rawValue)), ("chip", .string(schedule.chip.id)),
            ("fits", schedule.fits.map(JSONText.bool) ?? .null),
        ]
        if let overflow = schedule.overflow {
            fields.append(("overflow", .object([("memory", .string(overflow.memory)), ("bytes", .integer(overflow.bytes))])))
        }
        fields += [
            ("steps", .integer(schedule.instructions)),
            (
                "traffic",
                .array(
                    schedule.traffic.map {
                        .object([("from", .string($0.from)), ("to", .string($0.to)), ("bytes", .integer($0.bytes))])
                    })
            ),
            ("flops", .integer(schedule.flops)),
            ("decisions", .object(Decision.Author.allCases.map { ($0.rawValue, .integer(count($0))) })),
        ]
        if let maxAbsoluteError { fields.append(("maxAbsoluteError", .number(maxAbsoluteError))) }
        fields += [
            (
                "memories",
                .array(
                    schedule.uses.map {
                        .object([
                            ("memory", .string($0.memory)), ("bytes", .integer($0.bytes)), ("room", $0.room.map(JSONText.integer) ?? .null),
                        ])
                    })
            ), ("intensity", .number(schedule.intensity)), ("ridge", schedule.chip.peak.map { .number($0.ridge) } ?? .null),
            ("ticks", schedule.ticks.map(JSONText.integer) ?? .null),
        ]
        if decisions { fields.append(("decisionList", .array(schedule.decisions.map { Self.json($0, language) }))) }
        return .object(fields)
    }

    private static func json(_ decision: Decision, _ language: Language) -> JSONText {
        .object([
            ("author", .string(decision.author.rawValue)), ("sort", .string(decision.sort.rawValue)),
            ("what", .string(decision.what[language])), ("line", decision.line.map(JSONText.integer) ?? .null),
            ("entry", decision.entry.map(JSONText.integer) ?? .null),
        ])
    }

    // Text.

    /// - Parameter ways: the same program with no inputs kept, and with one to three stages.
    func lines(_ language: Language, decisions: Bool, ways: [(name: Bilingual, schedule: Schedule)]) -> [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        var lines = [title(language), ""] + listing + [""] + memories(said) + [""] + traffic(said) + [""] + arithmetic(said) + [""]
        lines += compared(ways, language, said) + [""]
        lines += decided(said)
        if decisions { lines += [""] + list(language, said) }
        if let maxAbsoluteError {
            lines += [
                "",
                said("Largest difference from the engine: ", "与引擎相差最多：") + NumberText.significant(maxAbsoluteError),
            ]
        }
        return lines
    }

    private func title(_ language: Language) -> String {
        let shape = choice.shape
        let cut = task.wholeDepth == nil ? "\(shape.rows) x \(shape.columns) x \(shape.depth)" : "\(shape.rows) x \(shape.columns)"
        let stages = choice.stages == 1 ? "1 stage" : "\(choice.stages) stages"
        let way = Bilingual(
            en: isNaive ? "tiles of \(cut), inputs never kept" : "tiles of \(cut), \(stages)",
            zh: isNaive ? "小块 \(cut)，输入不留在芯片上" : "小块 \(cut)，\(choice.stages) 级流水")
        return "\(task.name.rawValue), \(schedule.chip.name[language]): \(way[language])"
    }

    private var listing: [String] {
        Listing(schedule.program).lines.enumerated().map { number, line in
            TerminalText.padded("\(number + 1)", to: 3, right: true) + "  " + String(repeating: "  ", count: line.depth) + line.text
        }
    }

    private func memories(_ said: (String, String) -> String) -> [String] {
        let table = TextTable(
            header: [said("memory", "内存"), said("holds, bytes", "占用，字节"), said("room", "容量")],
            rows: schedule.uses.map {
                [$0.memory, NumberText.grouped($0.bytes), $0.room.map(NumberText.grouped) ?? said("unknown", "未知")]
            })
        let verdict =
            switch schedule.fits {
            case true?: said("It fits.", "放得下。")
            case false?:
                said("It does not fit: ", "放不下：") + schedule.overflow!.memory
                    + said(
                        " overflows by \(NumberText.grouped(schedule.overflow!.bytes)) bytes.",
                        " 超出 \(NumberText.grouped(schedule.overflow!.bytes)) 字节。")
            case nil: said("Whether it fits cannot be said: a room is unknown.", "放不放得下，说不准：有的容量未知。")
            }
        return table.lines + [verdict]
    }

    private func traffic(_ said: (String, String) -> String) -> [String] {
        TextTable(
            header: [said("from", "从"), said("to", "到"), said("by", "由"), said("bytes", "字节")],
            rows: zip(schedule.chip.paths, schedule.bytes).filter { $0.1 > 0 }.map {
                [$0.0.from, $0.0.to, $0.0.engine, NumberText.grouped($0.1)]
            }, textColumns: 3
        ).lines
    }

    private func arithmetic(_ said: (String, String) -> String) -> [String] {
        let flops = NumberText.grouped(schedule.flops)
        let instructions = NumberText.grouped(schedule.instructions)
        var lines = [
            said("\(instructions) instructions, \(flops) FLOPs.", "\(instructions) 条指令，\(flops) 次运算。")
        ]
        let intensity = NumberText.significant(schedule.intensity, digits: 4)
        if let peak = schedule.chip.peak {
            let ridge = NumberText.significant(peak.ridge, digits: 4)
            let waits = schedule.intensity < peak.ridge
            lines.append(
                said(
                    "\(intensity) FLOPs a byte to or from far memory; the chip's ridge is \(ridge): ",
                    "每搬一个字节做 \(intensity) 次运算；芯片的拐点在 \(ridge)：")
                    + (waits ? said("it waits for memory.", "它在等内存。") : said("it is busy computing.", "它忙于计算。")))
        } else {
            lines.append(
                said(
                    "\(intensity) FLOPs a byte to or from far memory; no source gives this chip's peaks.",
                    "每搬一个字节做 \(intensity) 次运算；这颗芯片的峰值没有可核实的出处。"))
        }
        if let ticks = schedule.ticks {
            lines.append(said("\(NumberText.grouped(ticks)) ticks.", "\(NumberText.grouped(ticks)) 个刻度。"))
        }
        return lines
    }

    private func compared(
        _ ways: [(name: Bilingual, schedule: Schedule)], _ language: Language, _ said: (String, String) -> String
    ) -> [String] {
        TextTable(
            header: [
                said("way", "做法"), said("far bytes", "远处字节"), said("FLOPs a byte", "次/字节"), said("ticks", "刻度"), said("fits", "放得下"),
            ],
            rows: ways.map { way in
                let fits = way.schedule.fits.map { $0 ? said("yes", "是") : said("no", "否") } ?? said("unknown", "未知")
                return [
                    way.name[language], NumberText.grouped(way.schedule.farBytes),
                    NumberText.significant(way.schedule.intensity, digits: 3), way.schedule.ticks.map(NumberText.grouped) ?? "-", fits,
                ]
            }
        ).lines
    }

    private func decided(_ said: (String, String) -> String) -> [String] {
        let (programmer, compiler, chip) = (count(.programmer), count(.compiler), count(.chip))
        return [
            said(
                "Decided: \(programmer) by the programmer, \(compiler) by the compiler, \(chip) by the chip.",
                "决定：程序员 \(programmer) 项，编译器 \(compiler) 项，芯片 \(chip) 项。"),
            said(
                "By hand in CUDA-style code the compiler's would be the programmer's too: hypothetical, for nobody wrote that program here.",
                "换成手写 CUDA 式代码，编译器那些也得由程序员来定：这是假设，这里没有人写过那样的程序。"),
        ].flatMap { TerminalText.wrapped($0) }
    }

    private func list(_ language: Language, _ said: (String, String) -> String) -> [String] {
        let authors: [Decision.Author: String] = [
            .programmer: said("programmer", "程序员"), .compiler: said("compiler", "编译器"), .chip: said("chip", "芯片"),
        ]
        return schedule.decisions.map { decision in
            let place =
                decision.line.map { said("line \($0)", "第 \($0) 行") } ?? decision.entry.map { said("entry \($0)", "日程 \($0)") } ?? ""
            return TerminalText.padded(authors[decision.author]!, to: 10, right: false) + "  "
                + TerminalText.padded(place, to: 9, right: false) + "  " + decision.what[language]
        }
    }
}

/// A chip in a few lines.
struct ChipText {
    private let chip: Chip
    private let language: Language

    init(_ chip: Chip, _ language: Language) { (self.chip, self.language) = (chip, language) }

    /// Its name, its memories, its paths, its source, and an empty line.
    var lines: [String] {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        let cores = chip.cores.map { said($0 == 1 ? "1 core" : "\($0) cores", "\($0) 个核心") } ?? said("cores unknown", "核心数未知")
        let memories = chip.memories.map { memory in
            "  \(memory.name.padded(10))  "
                + (memory.bytes.map { said("\(NumberText.grouped($0)) bytes", "\(NumberText.grouped($0)) 字节") } ?? said("unknown", "未知"))
                + (memory.isPerCore ? said(" a core", "（每核）") : "")
        }
        let paths = chip.paths.map { "  \($0.from) -> \($0.to)  (\($0.engine))" }
        return ["\(chip.id): \(chip.name[language]), \(cores)"] + memories + paths
            + TerminalText.wrapped(said("Source: ", "出处：") + chip.source[language]) + [""]
    }
}

extension Chip {
    /// The chip as `attn tiles chips --json` prints it.
    func json(_ language: Language) -> JSONText {
        .object([
            ("name", .string(id)), ("title", .string(name[language])), ("source", .string(source[language])),
            ("cores", cores.map(JSONText.integer) ?? .null),
            (
                "memories",
                .array(
                    memories.map {
                        .object([
                            ("name", .string($0.name)), ("bytes", $0.bytes.map(JSONText.integer) ?? .null),
                            ("per", .string($0.isPerCore ? "core" : "chip")),
                        ])
                    })
            ),
            (
                "paths",
                .array(paths.map { .object([("from", .string($0.from)), ("to", .string($0.to)), ("engine", .string($0.engine))]) })
            ),
            ("units", .array(units.map { .object([("name", .string($0.name)), ("kind", .string($0.kind.rawValue))]) })),
        ])
    }
}
