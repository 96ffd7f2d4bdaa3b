// Schedules: what waits for what, what pipelining saves, where tiles are held, and that each decision has its place.

import Testing
import TileMachine
import Traces

@Suite struct ScheduleTests {
    private func matmul(stages: Int, k: Int = 160) throws -> Schedule {
        try Schedule(Matmul(m: 32, n: 16, k: k).program(.of(16, 16, 16, stages: stages)), on: .named("paper"))
    }

    @Test func `an entry begins when all that it waits for is there and its engine is free`() throws {
        for stages in 1...4 {
            let schedule = try matmul(stages: stages)
            var free: [String: Int] = [:]
            for entry in schedule.entries {
                let worker =
                    switch entry.kind {
                    case .move(let path): schedule.chip.paths[path].engine
                    case .compute(let unit): schedule.chip.units[unit].name
                    }
                let arrived = entry.waitsFor.map { schedule.entries[$0].ready }.max() ?? 0
                #expect(entry.start == max(free[worker] ?? 0, arrived))
                free[worker] = entry.end
            }
        }
    }

    @Test func `a round takes what the slowest part of it takes, once loads run ahead`() throws {
        // A tile of 2,048 bytes at 32 bytes a tick takes the loader 64 ticks, and 240 more until it has arrived; to the unit it is 8 ticks. A product of
        // 8,192 operations at 64 a tick takes 128. With one place a tile's round is those 64 + 240 + 8 ticks, the product hidden in it. With three,
        // the unit is never idle: two tiles brought to it, and the product. With two, loads of two rounds share the way.
        func ticksPerRound(_ stages: Int) throws -> Int {
            let (short, long) = (try matmul(stages: stages, k: 160), try matmul(stages: stages, k: 320))
            return (long.ticks! - short.ticks!) / (10 * 2)
        }
        #expect(try ticksPerRound(1) == 64 + 240 + 8)
        #expect(try (156..<312).contains(ticksPerRound(2)))
        #expect(try ticksPerRound(3) == 8 + 8 + 128)
        #expect(try ticksPerRound(4) == 8 + 8 + 128)
    }

    @Test func `stages change no byte and no instruction, only when they happen`() throws {
        let all = try (1...4).map { try matmul(stages: $0) }
        for schedule in all {
            #expect(schedule.bytes == all[0].bytes && schedule.instructions == all[0].instructions && schedule.flops == all[0].flops)
        }
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.ticks! >= $1.ticks! } && all[0].ticks! > all[2].ticks!)
        // Each further stage holds two more tiles of 16 by 16 numbers.
        let held = all.map { $0.uses.first { $0.memory == "shared" }!.bytes }
        #expect(held == [4096, 8192, 12_288, 16_384])
    }

    @Test func `a tile's next place is not written before its last reader is done`() throws {
        let schedule = try matmul(stages: 2)
        let loads = schedule.entries.enumerated().filter { $0.element.kind == .move(path: 0) && $0.element.tile == "A_shared" }
        for (number, load) in loads {
            let same = loads.filter { $0.offset < number && $0.element.place == load.place }
            guard let before = same.last else { continue }
            let readers = schedule.entries[before.offset..<number].filter {
                $0.kind == .move(path: 1) && $0.tile == "A_shared" && $0.round == before.element.round
            }
            #expect(readers.allSatisfy { $0.ready <= load.start })
        }
    }

    @Test func `blocks of one core follow each other, and cores share them`() throws {
        let chip = try Chip.named("paper")
        let two = try Chip(
            id: "two", name: chip.name, source: chip.source, cores: 2, memories: chip.memories, paths: chip.paths, units: chip.units,
            shared: chip.shared, fragment: chip.fragment, peak: chip.peak)
        let program = try Matmul(m: 32, n: 32, k: 32).program(.of(16, 16, 16))
        let (one, shared) = (try Schedule(program, on: chip), try Schedule(program, on: two))
        #expect(one.ticks == 2 * shared.ticks! && one.bytes == shared.bytes)
    }

    @Test func `an intensity is arithmetic for each byte to or from far memory`() throws {
        let schedule = try Schedule(Matmul(m: 16, n: 16, k: 16).program(.of(16, 16, 16)), on: .named("paper"))
        #expect(schedule.farBytes == 3 * 2048 && schedule.intensity == 8192.0 / (3 * 2048))
        #expect(schedule.chip.peak?.ridge == 2)
    }

    @Test func `every decision has a line of the listing or an entry, and the programmer's are all lines`() throws {
        for (task, choice) in try oddTasks() {
            for name in ["paper", "h800", "ascend-910b"] {
                let schedule = try Schedule(task.program(choice), on: .named(name))
                let lines = Listing(schedule.program).lines.count
                for decision in schedule.decisions {
                    #expect((decision.line == nil) != (decision.entry == nil), "\(decision)")
                    if let line = decision.line { #expect((1...lines).contains(line)) }
                    if let entry = decision.entry { #expect(schedule.entries.indices.contains(entry)) }
                    if decision.author == .programmer { #expect(decision.line != nil) }
                    #expect(decision.what.en != decision.what.zh)
                }
                #expect(Set(schedule.decisions.map { "\($0)" }).count == schedule.decisions.count)
            }
        }
    }

    @Test func `moves that no line asks for are the compiler's: more of them on the chip with more memories`() throws {
        func moves(_ chip: String) throws -> Int {
            let program = try Matmul(m: 8, n: 8, k: 8).program(.of(4, 4, 4))
            return try Schedule(program, on: .named(chip)).decisions.count { $0.sort == .operandMove }
        }
        // On the H800 the tensor cores read shared memory; on Ascend two operands go from L1 to L0A and L0B.
        #expect(try moves("h800") == 0)
        #expect(try moves("ascend-910b") == 2)
    }

    @Test func `a block that is not there, and a width that no number has, are refused`() throws {
        let program = try Matmul(m: 8, n: 8, k: 8).program(.of(4, 4, 4))
        #expect { try Schedule(program, on: .named("paper"), keeping: 4) } throws: { "\($0)" == "block: expected 0 to 3, found 4" }
        #expect { try Schedule(program, on: .named("paper"), width: 16) } throws: { "\($0)" == "width: expected 2, 4 or 8 bytes, found 16" }
    }

    @Test func `the listing of a product is its text`() throws {
        let lines = try Listing(Matmul(m: 8, n: 8, k: 8).program(.of(4, 4, 4))).lines.map { $0.text }
        #expect(
            lines == [
                "with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), **threads) as (bx, by):",
                "A_shared = alloc_shared((block_M, block_K), dtype)", "B_shared = alloc_shared((block_K, block_N), dtype)",
                "C_local = alloc_fragment((block_M, block_N), \"float32\")", "T.clear(C_local)",
                "for ko in T.Pipelined(T.ceildiv(K, block_K), num_stages=stages):", "T.copy(A[by * block_M, ko * block_K], A_shared)",
                "T.copy(B[ko * block_K, bx * block_N], B_shared)", "T.gemm(A_shared, B_shared, C_local)",
                "T.copy(C_local, C[by * block_M, bx * block_N])",
            ])
    }
}
