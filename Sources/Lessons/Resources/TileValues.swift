// `{{tiles …}}`: what a tile program moves, computes and decides on a chip, by name. The numbers are the schedule's, counted by executing the program;
// this file only gives them names that a lesson can write. The list stands in lessons/README.md.

import Synchronization
internal import TileMachine
internal import Traces

/// Schedules that a page asked for, each made once: many values of a page are of the same one.
final class TileSchedules: Sendable {
    private let made = Mutex<[TileRequest: Schedule]>([:])

    /// The schedule of `request` on `chip`.
    func schedule(_ request: TileRequest, on chip: Chip) throws -> Schedule {
        if let known = made.withLock({ $0[request] }) { return known }
        let schedule = try Schedule(request.cut(), on: chip, width: request.bytes)
        made.withLock { $0[request] = schedule }
        return schedule
    }
}

/// Looks up `{{tiles name(program, arguments)}}`.
struct TileValues {
    let resources: LessonResources
    let schedules: TileSchedules
    /// The program of a run of the lesson, by the run's name; nil if there is no such run.
    let run: (String) -> TileRequest?

    static let names = [
        "read", "written", "moved", "flops", "instructions", "ticks", "blocks", "intensity", "ridge", "used", "room", "overflow",
        "decisions", "kinds", "lines", "size",
    ]

    func value(_ name: String, _ arguments: [String]) throws -> LessonQuantity {
        guard Self.names.contains(name) else {
            throw LessonError(.badFile, "tiles: expected one of \(Self.names.joined(separator: ", ")), found \"\(name)\"")
        }
        var a = try CallArguments("tiles \(name)", arguments, named: TileRequest.allNames)
        var request = try program(&a)
        for (key, value) in a.all.sorted(by: { $0.key < $1.key }) {
            do { try request.set(key, value) } catch { throw LessonError(.badFile, "\(a.call): \(error.problem)") }
        }
        let value = try ofProgram(name, request, &a) ?? ofSchedule(name, request, &a)
        try a.finish()
        return value
    }

    /// The program or run that the first argument names.
    private func program(_ a: inout CallArguments) throws(LessonError) -> TileRequest {
        let name = try a.text("a program, or a run of tiles")
        if let known = run(name) ?? TileRequest(program: name) { return known }
        let programs = TileProgramName.allCases.map(\.rawValue).joined(separator: ", ")
        throw LessonError(.badFile, "\(a.call): expected one of \(programs), or a run of tiles, found \"\(name)\"")
    }

    /// What is known without a chip.
    private func ofProgram(_ name: String, _ request: TileRequest, _ a: inout CallArguments) throws -> LessonQuantity? {
        switch name {
        case "lines": return LessonQuantity(Double(try Listing(request.cut()).lines.count))
        case "blocks": return LessonQuantity(Double(try request.cut().blocks))
        case "size": return LessonQuantity(Double(try a.entry(request.cut().constants.map { ($0.name, $0.value) }, "size")))
        default: return nil
        }
    }

    /// What is known on a chip.
    private func ofSchedule(_ name: String, _ request: TileRequest, _ a: inout CallArguments) throws -> LessonQuantity {
        let chip = try resources.chip(request.chip)
        if name == "ridge" {
            guard let peak = chip.peak else { throw LessonError(.badFile, "\(a.call): no source says how fast \(chip.id) is") }
            return LessonQuantity(peak.ridge, "FLOP/B")
        }
        if name == "room" {
            let memory = try a.entry(chip.memories.map { ($0.name, $0) }, "memory")
            guard let bytes = memory.bytes else {
                throw LessonError(.badFile, "\(a.call): no source says how much room \(memory.name) has")
            }
            return LessonQuantity(Double(bytes), "B")
        }
        return try counted(name, schedules.schedule(request, on: chip), &a)
    }

    private func counted(_ name: String, _ schedule: Schedule, _ a: inout CallArguments) throws -> LessonQuantity {
        func bytes(_ count: Int) -> LessonQuantity { LessonQuantity(Double(count), "B") }
        func sum(_ holds: (String, String) -> Bool) -> LessonQuantity {
            bytes(schedule.traffic.reduce(0) { $0 + (holds($1.from, $1.to) ? $1.bytes : 0) })
        }
        switch name {
        case "read": return sum { from, _ in from == Chip.far }
        case "written": return sum { _, to in to == Chip.far }
        case "moved":
            let (from, to) = (try a.text("a memory"), try a.text("a second memory"))
            let paths = schedule.chip.paths
            guard paths.contains(where: { $0.from == from && $0.to == to }) else {
                let known = paths.map { "\($0.from), \($0.to)" }.joined(separator: "; ")
                throw LessonError(.badFile, "\(a.call): expected two memories with a path between them (\(known)), found \(from), \(to)")
            }
            return sum { $0 == from && $1 == to }
        case "flops": return LessonQuantity(Double(schedule.flops), "FLOP")
        case "instructions": return LessonQuantity(Double(schedule.instructions))
        case "intensity": return LessonQuantity(schedule.intensity, "FLOP/B")
        case "ticks":
            guard let ticks = schedule.ticks else {
                throw LessonError(.badFile, "\(a.call): \(schedule.chip.id) has no speeds, so no ticks")
            }
            return LessonQuantity(Double(ticks))
        case "used": return bytes(try a.entry(schedule.uses.map { ($0.memory, $0.bytes) }, "memory"))
        case "overflow":
            guard schedule.fits != nil else {
                throw LessonError(.badFile, "\(a.call): no source says how much room \(schedule.chip.id) has")
            }
            return bytes(schedule.overflow?.bytes ?? 0)
        case "decisions":
            let author = try a.choice(Decision.Author.self, "author")
            return LessonQuantity(Double(schedule.decisions.count { $0.author == author }))
        default:
            let author = try a.choice(Decision.Author.self, "author")
            return LessonQuantity(Double(Set(schedule.decisions.filter { $0.author == author }.map(\.sort)).count))
        }
    }
}
