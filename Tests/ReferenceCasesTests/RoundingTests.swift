import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// Copies of a case of sparse attention with other settings, weights and expected values.
private struct Dump {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    let original: ReferenceCase

    init(_ name: String) throws { original = try ReferenceCase(path: fixture(name)) }

    func close() { try? FileManager.default.removeItem(atPath: path) }

    /// Writes the case: inputs and weights by `round`, with the values of `expected` (or those of the original), rounded by `stored`.
    func write(
        config: String? = nil, round: (Double) -> Double = { $0 }, expected: Trace? = nil, stored: (Double) -> Double = { $0 }
    ) throws -> ReferenceCase {
        let file = original.file
        var writer = SafetensorsWriter(metadata: [
            "kind": original.kind.rawValue, "config": try config ?? #require(file.metadata["config"]),
        ])
        for name in file.names {
            let shape = try file.info(name).shape
            let axes = Shape(shape.indices.map { Axis("\($0)") }, shape)
            guard name.hasPrefix("expected.") else {
                writer.add(name, Tensor(axes, try file.tensor(name, axes).values.map(round)))
                continue
            }
            if name.hasSuffix("selected") {
                let keys = try expected.map { try $0.step(StepID(String(name.dropFirst(9)))).output.values.map { Int($0) } }
                writer.add(name, shape: shape, integers: try keys ?? file.integers(name))
                continue
            }
            let id = StepID(String(name.dropFirst(9)))
            let step = expected.flatMap { trace in trace.steps.first { $0.id == id || $0.id == id.inside([.branch(.attention)]) } }
            writer.add(name, Tensor(axes, try (step?.output.values ?? file.tensor(name, axes).values).map(stored)))
        }
        try writer.write(to: path)
        return try ReferenceCase(path: path)
    }
}

private func bf16(_ value: Double) -> Double {
    guard value.isFinite else { return value }
    let bits = Float(value).bitPattern
    return Double(Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000))
}

@Suite struct RoundingTests {
    @Test func `values that were computed in bf16 are rounding at bf16, and wrong without it`() throws {
        let dump = try Dump("dsa-tiny-exact")
        defer { dump.close() }
        let rounded = try dump.write(round: bf16).trace()
        let reference = try dump.write(expected: rounded, stored: bf16)
        let checks = try reference.verify(precision: .bf16)
        #expect(checks.allSatisfy(\.passed) && checks.contains { $0.verdict == .rounding }, "\(checks.filter { !$0.passed })")
        #expect(try !reference.verify().allSatisfy(\.passed))
        #expect(try !reference.verify(precision: .f32).allSatisfy(\.passed))
    }

    @Test(arguments: ["dsa-tiny-exact", "dsa-tiny-interleaved-exact"])
    func `values that were computed from FP8 are rounding at FP8, and wrong at bf16`(name: String) throws {
        let dump = try Dump(name)
        defer { dump.close() }
        let rounded = try dump.write(round: { Float8.round($0 * 64) / 64 }).trace()
        let reference = try dump.write(expected: rounded)
        let checks = try reference.verify(precision: .fp8)
        #expect(checks.allSatisfy(\.passed) && checks.contains { $0.verdict == .rounding }, "\(checks.filter { !$0.passed })")
        #expect(try !reference.verify(precision: .bf16).allSatisfy(\.passed))
    }

    @Test(arguments: [(Switch.noReLU, "indexer.score"), (.indexerRopeInterleaved, "indexer.q")])
    func `a mistake is no rounding, and the first wrong stage comes first`(mistake: Switch, stage: String) throws {
        let dump = try Dump("dsa-tiny-exact")
        defer { dump.close() }
        let reference = try dump.write(expected: dump.original.trace(switches: [mistake]))
        for precision in [ReferenceCase.Precision.bf16, .fp8] {
            let wrong = try reference.verify(precision: precision).filter { !$0.passed }.map(\.name)
            #expect(wrong.first == "expected.prefill.\(stage)")
            #expect(wrong.contains("expected.prefill.selected"))
        }
    }

    @Test func `checks stand in the order in which a pass computes`() throws {
        let names = try ReferenceCase(path: fixture("dsa-tiny-exact")).verify().map(\.name)
        let prefill = names.filter { $0.hasPrefix("expected.prefill.") }.map { String($0.dropFirst("expected.prefill.".count)) }
        let order = ["q_lora", "indexer.score", "selected", "attention.weights", "output"].compactMap { prefill.firstIndex(of: $0) }
        #expect(order.count == 5 && order == order.sorted())
        #expect(names.first?.hasPrefix("expected.prefill.") == true && names.last?.hasPrefix("expected.prefill.") == false)
    }

    @Test func `each norm may have an epsilon of its own, and the one of all stands for those that are not given`() throws {
        let dump = try Dump("dsa-tiny-exact")
        defer { dump.close() }
        let config = try #require(dump.original.file.metadata["config"])
        func verified(_ settings: String) throws -> [String] {
            let changed = config.replacingOccurrences(of: "\"norm_eps\"", with: settings + "\"norm_eps\"")
            #expect(changed != config || settings.isEmpty)
            return try dump.write(config: changed).verify().filter { !$0.passed }.map(\.name)
        }
        #expect(try verified("\"q_norm_eps\": 1e-6, \"kv_norm_eps\": 1e-6, \"index_k_norm_eps\": 1e-6, ").isEmpty)
        #expect(try verified("\"q_norm_eps\": 0.1, ").first == "expected.prefill.q_lora")
        #expect(try verified("\"kv_norm_eps\": 0.1, ").first == "expected.prefill.kv_latent")
        #expect(try verified("\"index_k_norm_eps\": 0.1, ").first == "expected.prefill.indexer.k")
        let error = #expect(throws: FileError.self) { try verified("\"rms_norm_eps\": 1e-6, ") }
        #expect(error?.problem.contains("rms_norm_eps") == true)
        #expect(throws: FileError.self) { try verified("\"kv_norm_eps\": 0, ") }
    }
}
