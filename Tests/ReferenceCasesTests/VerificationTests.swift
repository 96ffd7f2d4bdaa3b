import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

private let cases = [
    "attention-plain", "attention-bidirectional", "attention-grouped-rope-half", "attention-multiquery-rope-interleaved", "dsa-tiny-exact",
    "dsa-tiny-fp8", "dsa-tiny-fp8-kv", "dsa-tiny-interleaved-exact", "dsa-wide-fp8", "dsa-yarn-fp8", "float8-e4m3",
]

/// A copy of a fixture with one byte range changed, under a temporary name.
private func changed(_ name: String, tensor: String, element: Int, width: Int, _ change: (inout [UInt8]) -> Void) throws -> String {
    let file = try Safetensors(path: fixture(name))
    var data = try Data(contentsOf: URL(fileURLWithPath: fixture(name)))
    let header = 8 + Int(data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) })
    let start = try header + file.info(tensor).range.lowerBound + element * width
    var bytes = Array(data[start..<start + width])
    change(&bytes)
    data.replaceSubrange(start..<start + width, with: bytes)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    try data.write(to: URL(fileURLWithPath: path))
    return path
}

@Suite struct VerificationTests {
    @Test(arguments: cases) func `every expected tensor of every reference case agrees`(name: String) throws {
        let reference = try ReferenceCase(path: fixture(name))
        let checks = try reference.verify()
        #expect(checks.map(\.name).sorted() == reference.expectedNames)
        for check in checks { #expect(check.passed, "\(check)") }
    }

    @Test func `a value changed by 1e-6 fails and is found`() throws {
        let path = try changed("attention-plain", tensor: "expected.scores", element: 100, width: 8) { bytes in
            let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) }
            withUnsafeBytes(of: value + 1e-6) { bytes = Array($0) }
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        let failed = try ReferenceCase(path: path).verify().filter { !$0.passed }
        #expect(failed.map(\.name) == ["expected.scores"])
        #expect(failed.first?.worstIndex == [1, 0, 0])
        #expect(abs((failed.first?.maxAbsoluteError ?? 0) - 1e-6) < 1e-12)
    }

    @Test func `an infinity in another place fails whatever the tolerance`() throws {
        let path = try changed("attention-plain", tensor: "expected.scores", element: 1, width: 8) { bytes in
            withUnsafeBytes(of: 0.0) { bytes = Array($0) }
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        let failed = try ReferenceCase(path: path).verify(tolerance: 1e9).filter { !$0.passed }
        #expect(failed.map(\.name) == ["expected.scores"])
        #expect(failed.first?.problem == "infinity or NaN stands in another place")
    }

    @Test func `another selected key fails whatever the tolerance`() throws {
        let path = try changed("dsa-tiny-fp8", tensor: "expected.prefill.selected", element: 23 * 6, width: 8) { $0[0] ^= 1 }
        defer { try? FileManager.default.removeItem(atPath: path) }
        let failed = try ReferenceCase(path: path).verify(tolerance: 1e9).filter { !$0.passed }
        #expect(failed.map(\.name) == ["expected.prefill.selected"])
    }

    @Test func `a code that differs by one fails`() throws {
        let path = try changed("float8-e4m3", tensor: "expected.codes", element: 7, width: 1) { $0[0] ^= 1 }
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try ReferenceCase(path: path).verify(tolerance: 1e9).filter { !$0.passed }.map(\.worstIndex) == [[7]])
    }

    @Test(arguments: ["dsa-tiny-fp8", "dsa-yarn-fp8", "dsa-wide-fp8"]) func `the gathered path of a case equals its expected output`(
        name: String
    ) throws {
        let reference = try ReferenceCase(path: fixture(name))
        let trace = try reference.trace(paths: [.gathered])
        for phase in ["prefill", "decode.0", "decode.1"] {
            let expected = try reference.file.tensor("expected.\(phase).output", axes: [.t, .c])
            let check = Check(
                name: phase, shape: expected.shape.lengths, expected: expected.values,
                computed: try trace.step("\(phase).gathered.output").output,
                tolerance: 1e-12)
            #expect(check.passed, "\(check)")
        }
    }

    @Test(arguments: [Switch.indexerRopeInterleaved, .hadamardQueryOnly, .noReLU, .noHeadWeights])
    func `a mistake in the indexer is caught by its reference case`(mistake: Switch) throws {
        let reference = try ReferenceCase(path: fixture("dsa-tiny-exact"))
        let expected = try reference.file.tensor("expected.prefill.indexer.score", axes: [.t, .s])
        let score = try reference.trace(switches: [mistake]).step("prefill.indexer.score").output
        #expect(zip(score.values, expected.values).contains { abs($0 - $1) > 1e-3 })
    }
}

@Suite struct WhatIfTests {
    @Test func `without a switch nothing differs; without ReLU selections do`() throws {
        let reference = try ReferenceCase(path: fixture("dsa-tiny-fp8"))
        let right = try reference.trace()
        let same = try WhatIf(right: right, variant: right)
        #expect(same.rowsThatDiffer == 0 && same.largestOutputError == 0 && same.rows.count == 27)
        let variant = try WhatIf(right: right, variant: reference.trace(switches: [.noReLU]))
        #expect(variant.rowsThatDiffer > 0 && variant.largestOutputError > 0 && variant.switches == ["no-relu"])
        // Up to top-k tokens every key is kept, whatever the scores.
        #expect(variant.rows.prefix(6).allSatisfy { $0.differing == 0 })
    }

    @Test func `a trace without a selection is an error`() throws {
        let trace = try ReferenceCase(path: fixture("attention-plain")).trace()
        #expect(throws: EngineError(.unknownStep, "what-if", "expected a trace with a selection, found none")) {
            try WhatIf(right: trace, variant: trace)
        }
    }
}
