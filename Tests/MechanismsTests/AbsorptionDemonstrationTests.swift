// Moving a bracket, held against arithmetic by hand: q = (2, 1), W = ((1, 2), (3, −1)), c = (1, 2).

import Mechanisms
import Testing
import Traces

@Suite struct AbsorptionDemonstrationTests {
    private func values(_ id: StepID) throws -> [Double] { try AbsorptionDemonstration.trace().step(id).output.values }

    @Test func `key first and query first are one number`() throws {
        #expect(try values("key") == [5, 1, 5, 1])  // (1·1 + 2·2, 3·1 − 1·2)
        #expect(try values("absorbed") == [5, 3])  // (1·2 + 3·1, 2·2 − 1·1)
        #expect(try values("score") == [11, 11] && values("score_absorbed") == [11, 11])
    }

    @Test func `turned by their positions, each distance has a table of its own`() throws {
        func near(_ id: StepID, _ expected: [Double]) throws {
            let found = try values(id)
            #expect(found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(id): \(found)")
        }
        #expect(AbsorptionDemonstration.distances == [1, 2])
        try near("turned_query", [-2, -1])  // half a circle
        try near("turned_key", [-1, 5, 5, 1])  // a quarter, and none
        try near("turned_score", [-3, -11])
        try near("table_1", [3, -1, -1, -2])  // each column back by a quarter
        try near("table_2", [-1, -2, -3, 1])
        try near("absorbed_1", [5, -4])
        try near("absorbed_2", [-5, -3])
        try near("score_absorbed_1", [-3])
        try near("score_absorbed_2", [-11])
    }

    @Test func `every cell spells its own arithmetic`() throws {
        let trace = try AbsorptionDemonstration.trace()
        #expect(try trace.step("score").explain([0, 0]).numeric != nil)
        for step in trace.steps where !step.inputs.isEmpty {
            for offset in 0..<step.output.values.count {
                let index = step.output.shape.index(ofOffset: offset)
                #expect(abs(try step.explain(index).value - step.output.values[offset]) == 0)
            }
        }
    }
}
