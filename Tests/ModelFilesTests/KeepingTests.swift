// What a recorder does not keep: it is computed as exactly, named in the trace and in its file, and weights are read from their file when asked for.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct KeepingTests {
    private static let ids = [1, 5, 5, 0, 3]
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func record(_ keeping: Keeping?) throws -> Trace {
        let model = try ModelFolder(path: Paths.fixtures + "/llama-tiny").model()
        var recorder = Recorder()
        recorder.keeping = keeping
        _ = try model.record(Self.ids, cache: nil, on: &recorder)
        return recorder.trace
    }

    @Test func `what stays is what it is where everything stays, and the rest is named once`() throws {
        let (all, some) = (try record(nil), try record(Keeping { $0.layer == 1 && $0.branch == .attention }))
        #expect(all.omitted.isEmpty && some.steps.count > 5 && some.steps.allSatisfy { $0.id.layer == 1 })
        for step in some.steps {
            let whole = try all.step(step.id)
            #expect(step.output == whole.output && step.inputs == whole.inputs, "\(step.id)")
            let last = step.output.shape.lengths.map { $0 - 1 }
            #expect(try step.explain(last).value == whole.explain(last).value, "\(step.id)")
        }
        #expect(Set(some.steps.map(\.id) + some.omitted) == Set(all.steps.map(\.id)) && Set(some.omitted).count == some.omitted.count)
        #expect(some.omitted.contains("weight.model.layers.0.mlp.up_proj.weight"))
        #expect(throws: EngineError(.unknownStep, "logits", "this step was not kept in the trace: --keep and --layers say what is kept")) {
            try some.step("logits")
        }
    }

    @Test func `a file says what its trace omits, and reads back so`() throws {
        let trace = try record(Keeping { $0.layer == 1 && $0.role == .weights })
        let path = folder.path + "/t.json"
        try TraceJSON.write(trace, to: path)
        let back = try TraceJSON.read(path)
        #expect(back.omitted == trace.omitted && back.steps.map(\.id) == trace.steps.map(\.id))
        #expect(back.steps[0].inputs == trace.steps[0].inputs, "inputs that the file does not hold are named all the same")

        let damaged = folder.path + "/damaged.json"
        let without = try text(path).replacing("\"layer.1.attention.scores\",", with: "", maxReplacements: 1)
        try without.write(toFile: damaged, atomically: true, encoding: .utf8)
        #expect(throws: FileError.self) { try TraceJSON.read(damaged) }
    }

    @Test func `a file says which layers were computed in Float32, and they have no steps`() throws {
        var trace = try record(Keeping { $0.layer == 1 && $0.role == .weights })
        let path = folder.path + "/t.json"
        trace.float32Layers = [0, 2]
        try TraceJSON.write(trace, to: path)
        #expect(try TraceJSON.read(path).float32Layers == [0, 2])
        for lie in ["[0,1]", "[-1]", "[0.5]", "\"0\""] {
            try text(path).replacing("\"float32Layers\":[0,2]", with: "\"float32Layers\":\(lie)").write(
                toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: FileError.self, "\(lie)") { try TraceJSON.read(path) }
            try TraceJSON.write(trace, to: path)
        }
    }
}
