// A moment of a schedule: what lies where and what moves, followed by hand on the paper chip, and the values that its entries stand for.

import ModelFiles
import Testing
import TileMachine
import Traces

@Suite struct MomentTests {
    /// Two rounds of two by two tiles: every load is 32 bytes, one tick and a hundred on the way.
    private func schedule(stages: Int = 2) throws -> Schedule {
        let task = try Matmul(m: 2, n: 2, k: 4)
        return try Schedule(task.program(.of(2, 2, 2, stages: stages)), on: .named("paper"))
    }

    @Test func `at the first load nothing lies anywhere but what the unit cleared`() throws {
        let schedule = try schedule()
        let first = try #require(schedule.entries.indices.first { schedule.isLoad(schedule.entries[$0]) })
        let moment = try TileMoment(schedule, entry: first)
        #expect(moment.tick == 0 && moment.active.contains(first))
        #expect(moment.bytes.allSatisfy { $0 == 0 })
        let arriving = moment.holdings.filter { $0.memory == "shared" }
        #expect(arriving.map(\.tile) == ["A_shared"] && arriving[0].entry == nil && arriving[0].arriving == first)
    }

    @Test func `when the last is written everything before has arrived, and its bytes are counted`() throws {
        let schedule = try schedule()
        let last = schedule.entries.count - 1
        let moment = try TileMoment(schedule, entry: last)
        #expect(moment.active == [last])
        // Two rounds of A and B, four values of eight bytes each, to shared and on to fragment; the result is only just leaving.
        #expect(
            zip(schedule.chip.paths, moment.bytes).filter { $0.1 > 0 }.map { "\($0.0.from) \($0.0.to) \($0.1)" } == [
                "global shared 128", "shared fragment 128",
            ])
        let shared = moment.holdings.filter { $0.memory == "shared" }
        #expect(shared.map { "\($0.tile) \($0.place)" } == ["A_shared 0", "A_shared 1", "B_shared 0", "B_shared 1"])
        #expect(shared.allSatisfy { $0.arriving == nil && schedule.places(of: $0) == 2 })
        #expect(moment.holdings.contains { $0.memory == "fragment" && $0.tile == "C_local" && $0.arriving == nil })
    }

    @Test func `bytes of all moments end at those of the schedule`() throws {
        for (task, choice) in try oddTasks() {
            let schedule = try Schedule(task.program(choice), on: .named("paper"))
            var counted = [Int](repeating: 0, count: schedule.chip.paths.count)
            for entry in schedule.entries { if case .move(let path) = entry.kind { counted[path] += entry.bytes } }
            var before = [Int](repeating: 0, count: counted.count)
            for entry in schedule.entries.indices.sorted(by: { schedule.entries[$0].start < schedule.entries[$1].start }) {
                let moment = try TileMoment(schedule, entry: entry)
                #expect(moment.active.contains(entry))
                #expect(zip(before, moment.bytes).allSatisfy { $0 <= $1 } && zip(moment.bytes, counted).allSatisfy { $0 <= $1 })
                before = moment.bytes
            }
        }
    }

    @Test func `the telling moment multiplies while something is on its way`() throws {
        let task = try Matmul(m: 40, n: 40, k: 72)
        let schedule = try Schedule(task.program(.of(16, 16, 16, stages: 2)), on: .named("paper"))
        let moment = try TileMoment(schedule, entry: schedule.tellingEntry)
        let entries = moment.active.map { schedule.entries[$0] }
        let product = try #require(entries.first { schedule.isProduct($0) })
        #expect(entries.contains { schedule.isLoad($0) && $0.round > product.round })
    }

    @Test func `every entry that has values names a step of the run, with as many of them as bytes`() throws {
        for (task, choice) in try oddTasks() {
            for (block, width) in [(0, 8), (1, 4)] {
                let schedule = try Schedule(task.program(choice), on: .named("paper"), width: width, keeping: block)
                let trace = try TileRun(schedule.program, task.noise(), keeping: .block(block)).trace
                for (number, entry) in schedule.entries.enumerated() {
                    let id = try #require(schedule.step(of: number, block: block))
                    let step = try trace.step(id)
                    guard case .move = entry.kind, entry.tile != "index_shared" else { continue }
                    // A gather at the edge of an image moves fewer cells than its tile has; nothing moves more.
                    #expect(entry.bytes <= step.output.shape.count * width, "\(id)")
                    if !entry.tile.hasPrefix("data") { #expect(entry.bytes == step.output.shape.count * width, "\(id)") }
                }
            }
        }
    }

    @Test func `the cells that an entry loads hold in the matrix what its step holds in the tile`() throws {
        for (task, choice) in try oddTasks() {
            let schedule = try Schedule(task.program(choice), on: .named("paper"), keeping: 1)
            let trace = try TileRun(schedule.program, task.noise(), keeping: .block(1)).trace
            for (number, entry) in schedule.entries.enumerated() where schedule.isLoad(entry) {
                let step = try trace.step(#require(schedule.step(of: number, block: 1)))
                let positions = { (tile: String, place: Int) -> Int in
                    let made = schedule.entries[..<number].lastIndex { $0.tile == tile }!
                    return Int(try! trace.step(schedule.step(of: made, block: 1)!).output.values[place])
                }
                let found = try #require(try schedule.cells(of: number, block: 1, positions: positions))
                let matrix = try trace.step(StepID("input.\(found.matrix)")).output.values
                let values = step.output.values
                #expect(found.cells.map { matrix[$0] } == (values.count == found.cells.count ? Array(values) : values.filter { $0 != 0 }))
            }
        }
    }

    @Test func `a chip without speeds has moments in the order of the program`() throws {
        let schedule = try Schedule(Matmul(m: 4, n: 4, k: 4).program(.of(2, 2, 2, stages: 2)), on: .named("ascend-910b"))
        let moment = try TileMoment(schedule, entry: 3)
        #expect(moment.tick == nil && moment.active == [3])
        #expect(schedule.isProduct(schedule.entries[schedule.tellingEntry]))
    }

    @Test func `a moment that is not there is refused with what there is`() throws {
        let schedule = try schedule()
        let error = #expect(throws: EngineError.self) { try TileMoment(schedule, entry: 99) }
        #expect(error?.description.contains("expected an entry from 0 to \(schedule.entries.count - 1), found 99") == true)
        #expect(throws: EngineError.self) { try TileMoment(schedule, entry: -1) }
    }

    @Test func `a program is made from recorded sizes by name, or refused`() throws {
        let sizes = [("M", 5), ("N", 4), ("K", 3), ("block_M", 2), ("block_N", 2), ("block_K", 2), ("stages", 3)].map {
            (name: $0.0, value: $0.1)
        }
        #expect(try TileProgram(named: "matmul", sizes: sizes) == Matmul(m: 5, n: 4, k: 3).program(.of(2, 2, 2, stages: 3)))
        #expect(throws: EngineError.self) { try TileProgram(named: "matmul", sizes: Array(sizes.dropLast())) }
        #expect(throws: EngineError.self) { try TileProgram(named: "matmull", sizes: sizes) }
    }
}
