import FileTesting
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

@Suite struct ReferenceCaseTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Expected values were computed by PyTorch (see the files' `source`).
    @Test(arguments: ["plain", "bidirectional", "grouped-rope-half", "multiquery-rope-interleaved"])
    func `dense attention equals the reference`(name: String) throws {
        let reference = try ReferenceCase(path: "\(Paths.fixtures)/attention-\(name).safetensors")
        let (mechanism, weights, x) = try reference.attention()
        var recorder = Recorder(scopes: [.branch(.attention)])
        _ = try mechanism.record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), weights, on: &recorder)
        #expect(reference.expectedNames.count == 7)
        for expectedName in reference.expectedNames {
            let found = try recorder.trace.step("attention." + expectedName.dropFirst("expected.".count)).output
            let expected = try reference.file.tensor(expectedName, found.shape).values
            let largest = expected.filter(\.isFinite).map(abs).max() ?? 0
            #expect(zip(found.values, expected).allSatisfy { $0 == $1 || abs($0 - $1) <= 1e-12 * largest }, "\(expectedName)")
        }
    }

    private func write(kind: String? = "attention", config: String, weights: Int = 4) throws -> String {
        var writer = SafetensorsWriter(metadata: ["config": config])
        writer.metadata["kind"] = kind
        writer.add("input.x", Tensor([.t, .c], [2, 4], [Double](repeating: 1, count: 8)))
        for name in ["wq", "wk", "wv", "wo"] {
            writer.add("weight.\(name)", Tensor([.o, .c], [weights, 4], [Double](repeating: 1, count: weights * 4)))
        }
        let path = folder.path + "/case.safetensors"
        try writer.write(to: path)
        return path
    }

    @Test(arguments: [
        (#""dim":4"#, #""dim":"4""#, "config.dim: expected a whole number of at least 1, found \"4\""),
        (#""dim":4,"#, "", "config.dim is missing: expected a whole number of at least 1"),
        (#""n_heads":2"#, #""n_heads":-2"#, "config.n_heads: expected a whole number of at least 1, found -2"),
        (#""n_kv_heads":2"#, #""n_kv_heads":3"#, "config: key-value heads: expected a divisor of 2 heads, found 3"),
        (#""none""#, #""spiral""#, "config.rope: expected none, half or interleaved, found \"spiral\""),
        (#""causal":true"#, #""causal":1"#, "config.causal: expected true or false, found 1"),
        (#""head_dim":2,"v"#, #""head_dim":3,"v"#, "weight.wq: expected [6, 4], found [4, 4]"),
        (#""length":2"#, #""length":3"#, "input.x: expected [3, 4], found [2, 4]"),
        ("{", "[", "expected ',' or ']', found ':'"),
    ])
    func `a configuration that is not right is told by name`(old: String, new: String, expected: String) throws {
        _ = try ReferenceCase(path: write(config: attentionConfig)).attention()
        let config = attentionConfig.replacing(old, with: new)
        let found = problem { try ReferenceCase(path: write(config: config)).attention() }
        #expect(found.hasPrefix("badData: ") && found.hasSuffix(expected), "\(found)")
    }

    @Test func `a kind that is missing, unknown or another is told`() throws {
        #expect(
            problem { try ReferenceCase(path: write(kind: nil, config: "{}")) }
                == "badData: metadata \"kind\" is missing: not a reference case")
        #expect(
            problem { try ReferenceCase(path: write(kind: "magic", config: "{}")) }
                == "badData: kind: expected one of attention, deepseek-sparse-attention, float8-e4m3, float4-e2m1, indexer, whole-indexer, sparse-mla, found \"magic\""
        )
        #expect(
            problem { try ReferenceCase(path: write(kind: "float8-e4m3", config: "{}")).attention() }
                == "badData: kind: expected attention, found float8-e4m3")
    }
}
