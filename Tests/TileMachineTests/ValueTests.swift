// What the programs compute: the engine's own result, at odd sizes, with tiles and without, and from real recorded steps.

import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import TileMachine
import Traces

@Test func `every program equals the engine at odd sizes, in all of its ways`() throws {
    for (task, choice) in try oddTasks() {
        let inputs = try task.noise()
        let expected = try task.reference(inputs)
        for stages in [1, 2, 3] {
            let program = task.program(try TileChoice(choice.shape, stages: stages))
            #expect(largestDifference(try TileRun(program, inputs).output, expected) <= 1e-12, "\(program.name)")
            #expect(largestDifference(try TileRun(program.naive, inputs).output, expected) <= 1e-12, "\(program.name)")
        }
    }
}

@Test func `one kept block changes no result, and is the only one in the trace`() throws {
    for (task, choice) in try oddTasks() {
        let (program, inputs) = (task.program(choice), try task.noise())
        let (all, one) = (try TileRun(program, inputs), try TileRun(program, inputs, keeping: .block(1)))
        #expect(all.output == one.output)
        let scopes = Set(one.trace.steps.compactMap { $0.id.scopes.first?.description })
        #expect(scopes.count == 1, "\(scopes)")
        #expect(one.trace.steps.count < all.trace.steps.count)
    }
}

@Test func `every cell of every tile explains itself with the value that was computed`() throws {
    for (task, choice) in try oddTasks() {
        let trace = try TileRun(task.program(choice), task.noise(), keeping: .block(0)).trace
        for step in trace.steps where step.output.shape.count > 0 {
            for offset in stride(from: 0, to: step.output.shape.count, by: 7) {
                let index = step.output.shape.index(ofOffset: offset)
                let explained = try step.explain(index)
                #expect(explained.value == step.output[index])
                let again = step.recomputed(index)
                #expect(again == step.output[index] || abs(again - step.output[index]) <= 1e-13, "\(step.id)\(index)")
            }
        }
    }
}

@Test func `a product's cell is its accumulator before and the products of one tile`() throws {
    let task = TileTask.matmul(try Matmul(m: 3, n: 3, k: 4))
    let inputs = [Tensor(["i", "k"], [3, 4], (0..<12).map(Double.init)), Tensor(["k", "j"], [4, 3], (0..<12).map(Double.init))]
    let trace = try TileRun(task.program(.of(2, 2, 2)), inputs).trace
    // Row 1 of A is 4, 5, 6, 7; column 0 of B is 0, 3, 6, 9.
    let first = try trace.step("by_0_bx_0.ko_0.C_local.gemm").explain([1, 0])
    #expect(first.chain.map(\.text) == ["C_local[1,0]", "= C_local[1,0] + (Σ_k A_shared[1,k]·B_shared[k,0])", "= 0 + (4·0 + 5·3)", "= 15"])
    let second = try trace.step("by_0_bx_0.ko_1.C_local.gemm").explain([1, 0])
    #expect(second.value == 114)
    #expect(second.chain.map(\.text)[2] == "= 15 + (6·6 + 7·9)")
    // What the product was made from, and where that was copied from.
    #expect(try trace.step("by_0_bx_0.ko_1.A_shared.copy").explain([1, 1]).symbolic == "A[1,3]")
    #expect(try trace.step("by_0_bx_0.ko_1.A_shared.copy").labels["k"] == ["k=2", "k=3"])
}

@Test func `the programs equal what a reference case's own steps say`() throws {
    let path = "\(repository)/Tests/ModelFilesTests/Fixtures/dsa-tiny-exact.safetensors"
    let trace = try ReferenceCase(path: path).trace(paths: [.masked], switches: [])
    func step(_ id: String) throws -> Tensor { try trace.step(id).output }
    let scores = try step("prefill.indexer.score")
    let (q, k, w) = (try step("prefill.indexer.q"), try step("prefill.indexer.k"), try step("prefill.indexer.weights"))
    let indexer = try IndexerScores(queries: 24, keys: 24, heads: 2, dimension: 8)
    let tiled = try TileRun(indexer.program(.of(7, 5, stages: 2)), [q, k, w]).output
    #expect(largestDifference(tiled, scores) <= 1e-12)

    let product = try Matmul(m: 27, n: 16, k: 32)
    let x = try step("input.x").on(["i", "k"])
    let weight = try step("weight.wq_a.weight").on(["j", "k"]).transposed(to: ["k", "j"])
    let projected = try TileRun(product.program(.of(8, 5, 6, stages: 3)), [x, weight]).output
    let recorded = try step("prefill.q_lora_projected")
    for t in 0..<24 { for o in 0..<16 { #expect(abs(projected[t, o] - recorded[t, o]) <= 1e-12) } }
}

@Test func `gathered sparse MLA equals a reference case's decoded token, over latents`() throws {
    let path = "\(repository)/Tests/ModelFilesTests/Fixtures/dsa-tiny-exact.safetensors"
    let trace = try ReferenceCase(path: path).trace(paths: [.masked], switches: [])
    func step(_ id: String) throws -> Tensor { try trace.step("decode.0.\(id)").output }
    let (latent, rotated) = (try step("cache.kv_latent"), try step("cache.k_pe"))
    let (absorbed, turned) = (try step("attention.q_absorbed"), try step("attention.q_pe"))
    let keys = latent.shape.lengths[0]
    // The case scales by 1/√12, the unabsorbed head's width; the program by 1/√20, what it multiplies: the queries make up for it.
    let makeUp = (20.0 / 12).squareRoot()
    let q = Tensor(
        [.t, .h, .d], [1, 4, 20], (0..<4).flatMap { h in (0..<20).map { ($0 < 16 ? absorbed[0, h, $0] : turned[0, h, $0 - 16]) * makeUp } })
    let k = Tensor([.s, .d], [keys, 20], (0..<keys).flatMap { s in (0..<20).map { $0 < 16 ? latent[s, $0] : rotated[s, $0 - 16] } })
    let v = latent.on([.s, .e])
    let indices = try step("selected").on([.t, "r"])
    let task = try SparseAttentionTiles(queries: 1, keys: keys, heads: 4, dimension: 20, valueDimension: 16, topK: 6)
    let run = try TileRun(task.program(.of(3, 4, stages: 2)), [q, k, v, indices])
    #expect(largestDifference(run.output, try step("attention.latent").on([.t, .h, .e])) <= 1e-12)
}

@Test func `causal attention equals a reference case's heads`() throws {
    let path = "\(repository)/Tests/ModelFilesTests/Fixtures/attention-plain.safetensors"
    let trace = try ReferenceCase(path: path).trace(paths: [.masked], switches: [])
    func step(_ id: String) throws -> Tensor { try trace.step("attention.\(id)").output }
    let task = try AttentionTiles(queries: 10, keys: 10, heads: 2, dimension: 8, valueDimension: 8)
    let inputs = [try step("q"), try step("k").on([.s, .h, .d]), try step("v").on([.s, .h, .e])]
    let run = try TileRun(task.program(.of(4, 3, stages: 2)), inputs)
    #expect(largestDifference(run.output, try step("heads").on([.t, .h, .e])) <= 1e-12)
}
