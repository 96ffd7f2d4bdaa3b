// A tile program as a lesson asks for it: which one, of what size, cut how, on which chip. A live value writes it as arguments, a run in lesson.yaml as
// keys; both are read here. What is left out is what the command takes: see TileMachine's sizes.

internal import TileMachine
internal import Traces

/// One program of one size on a chip.
struct TileRequest: Hashable, Sendable {
    /// The program.
    let program: TileProgramName
    /// Sizes that were said, by the names of the engine.
    private(set) var sizes: [String: Int] = [:]
    /// Rows, columns, depth; nil for the program's own.
    private(set) var tile: String?
    /// For how many rounds loads are under way at once.
    private(set) var stages = 1
    /// The chip's base name.
    private(set) var chip = "paper"
    /// Bytes of a number.
    private(set) var bytes = 8
    /// Whether nothing of the inputs is kept on the chip.
    private(set) var isNaive = false

    /// What may be said beside sizes.
    static let choices = ["tile", "stages", "chip", "bytes", "way"]
    /// What lessons call a size otherwise than the command, where `width` is taken.
    private static let spellings = ["width": "width-of-image", "valueDim": "value-dim", "topK": "top-k"]

    /// All names that any program takes.
    static let allNames = choices + TileProgramName.allCases.flatMap { Self.sizeNames($0) }

    private static func sizeNames(_ program: TileProgramName) -> [String] {
        program.sizes.map { size in spellings.first { $0.value == size.name }?.key ?? size.name }
    }

    /// The program called `name`; nil if there is none.
    init?(program name: String) {
        guard let program = TileProgramName(rawValue: name) else { return nil }
        self.program = program
    }

    /// The program's name.
    var name: String { program.rawValue }

    /// What it takes, for messages.
    var names: [String] { Self.sizeNames(program) + Self.choices }

    /// Sets what one argument says; throws for a name that the program does not take, and for a value that it cannot be.
    mutating func set(_ name: String, _ value: String) throws(LessonError) {
        func count() throws(LessonError) -> Int {
            guard let number = Int(value) else { throw fail(name, "a whole number", value) }
            return number
        }
        switch name {
        case "tile": tile = value
        case "stages": stages = try count()
        case "chip": chip = value
        case "bytes":
            bytes = try count()
            guard Schedule.widths.contains(bytes) else { throw fail(name, "2, 4 or 8", value) }
        case "way":
            guard ["tiled", "naive"].contains(value) else { throw fail(name, "tiled or naive", value) }
            isNaive = value == "naive"
        default:
            guard Self.sizeNames(program).contains(name) else {
                throw LessonError(.badFile, "\(program.rawValue): expected one of \(names.joined(separator: ", ")), found \"\(name)\"")
            }
            sizes[Self.spellings[name] ?? name] = try count()
        }
    }

    private func fail(_ name: String, _ expected: String, _ found: String) -> LessonError {
        LessonError(.badFile, "\(program.rawValue): \(name): expected \(expected), found \"\(found)\"")
    }

    /// The same with sizes that the matrices have.
    func sized(_ own: [(name: String, value: Int)]) -> TileRequest {
        var request = self
        for (name, value) in own { request.sizes[name] = value }
        return request
    }

    /// The program with its sizes; throws for sizes that it cannot have.
    func task() throws(EngineError) -> TileTask {
        try TileTask(program, sizes.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
    }

    /// The program, cut and, if it is the naive one, without its loads. Throws for a tile or stages that it cannot have.
    func cut() throws(EngineError) -> TileProgram {
        let task = try task()
        let program = task.program(try TileChoice(task.tile(tile ?? task.standardTile), stages: stages))
        return isNaive ? program.naive : program
    }
}
