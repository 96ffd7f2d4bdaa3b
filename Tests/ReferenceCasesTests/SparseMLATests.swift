import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// A small sparse MLA on disk, and dumps of a kernel in plain loops.
private struct SmallSparse {
    let folder: TemporaryFolder
    let path: String
    let told: [SparseMLAMistake]
    let inputs: SparseMLACase

    init(_ change: (inout SparseMLACaseGenerator) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/case.safetensors"
        var generator = SparseMLACaseGenerator()
        (generator.queries, generator.entries, generator.heads, generator.ranks) = (6, 48, 2, 12)
        (generator.dimension, generator.valueDimension) = (18, 16)
        change(&generator)
        told = try generator.write(to: path).told
        inputs = try ReferenceCase(path: path).sparseMLA()
    }

    /// What a kernel gives, without the largest logit taken out first; -1 is read as `padding`, if that is an entry.
    func kernel(padding: Int? = nil, factor: Double? = nil, hasSinks: Bool = true, base: Double = .e) -> (out: [Double], lse: [Double]) {
        let (q, kv) = (inputs.q, inputs.kv)
        let (heads, d) = (q.shape.lengths[1], q.shape.lengths[2])
        var (out, lse) = ([Double](), [Double]())
        for (t, row) in inputs.indices.enumerated() {
            let keys = row.prefix(inputs.lengths?[t] ?? row.count).compactMap { $0 >= 0 ? $0 : padding }
            for h in 0..<heads {
                let powers = keys.map { key in
                    Foundation.exp((factor ?? inputs.softmaxScale) * (0..<d).reduce(0) { $0 + q[t, h, $1] * kv[key, $1] })
                }
                let sum = powers.reduce(0, +)
                let total = sum + (hasSinks ? Foundation.exp(inputs.sinks?[h] ?? -.infinity) : 0)
                lse.append(keys.isEmpty ? .infinity : Foundation.log(sum) / Foundation.log(base))
                for i in 0..<inputs.valueDimension {
                    out.append(keys.isEmpty ? 0 : zip(keys, powers).reduce(0) { $0 + $1.1 * kv[$1.0, i] } / total)
                }
            }
        }
        return (out, lse)
    }

    func check(out: [Double]? = nil, lse: [Double]? = nil) throws -> SparseMLACheck {
        let (rows, heads) = (inputs.q.shape.lengths[0], inputs.q.shape.lengths[1])
        var file = SafetensorsWriter()
        if let out { file.add("out", shape: [rows, heads, inputs.valueDimension], floats: out.map(Float.init)) }
        if let lse { file.add("lse", shape: [rows, heads], floats: lse.map(Float.init)) }
        try file.write(to: folder.path + "/mine.safetensors")
        return try SparseMLACheck(ReferenceCase(path: path), dump: folder.path + "/mine.safetensors")
    }
}

extension Double {
    fileprivate static let e = Foundation.exp(1.0)
}

@Suite struct SparseMLATests {
    @Test func `a made case verifies, tells every mistake, and is what plain loops give`() throws {
        let small = try SmallSparse()
        #expect(try ReferenceCase(path: small.path).verify().allSatisfy { $0.verdict == .right })
        #expect(small.told == SparseMLAMistake.allCases)
        let (out, lse) = small.kernel()
        #expect(try small.check(out: out, lse: lse).verdict == .right)
        #expect(try small.check(out: out).verdict == .right)
        let plain = try SmallSparse {
            ($0.hasSinks, $0.hasLengths, $0.queries) = (false, false, 2)
        }
        #expect(try plain.check(out: plain.kernel().out, lse: plain.kernel().lse).verdict == .right)
    }

    @Test(arguments: [true, false]) func `a trace comes to the same, and says where a number comes from`(hasSinks: Bool) throws {
        let small = try SmallSparse { $0.hasSinks = hasSinks }
        let trace = try ReferenceCase(path: small.path).trace()
        let out = try trace.step("out").output
        #expect(zip(out.values, small.kernel().out).allSatisfy { abs($0 - $1) < 1e-12 } && out.values.count == small.kernel().out.count)
        let total = try trace.step("attention_weights").output.slice(.h, at: 0).slice(.t, at: 0).values.reduce(0, +)
        #expect(hasSinks ? total < 1 - 1e-6 : abs(total - 1) < 1e-12)
        #expect(try trace.step("out").explain([0, 1, 2], allTerms: false).value == out[0, 1, 2])
        let refused = problem { try ReferenceCase(path: small.path).trace(switches: [.noReLU]) }
        #expect(refused.contains("switches apply to sparse attention"))
    }

    @Test func `what bf16 rounds passes as rounding`() throws {
        let small = try SmallSparse()
        let out = small.kernel().out.map { Double(Float(bitPattern: Float($0).bitPattern & 0xFFFF_0000)) }
        #expect(try small.check(out: out).verdict == .rounding)
    }

    @Test func `mistakes are named, and the queries that they spoil`() throws {
        let small = try SmallSparse()
        let noSink = small.kernel(hasSinks: false)
        #expect(try small.check(out: noSink.out, lse: noSink.lse).mistake == .noSink)
        let first = small.kernel(padding: 0)
        let check = try small.check(out: first.out)
        #expect(check.mistake == .paddingAttended && check.wrongRows == [1, 3, 4])
        #expect(try small.check(out: small.kernel(padding: 47).out).mistake == .paddingAttended)
        #expect(try small.check(out: small.kernel(factor: 1).out).mistake == .scaleMissing)
        #expect(try small.check(lse: small.kernel(base: 2).lse).mistake == .log2Lse)
        let empty = try small.check(lse: small.kernel().lse.map { $0 == .infinity ? -.infinity : $0 })
        #expect(empty.mistake == .emptyRowLse && empty.wrongRows == [4, 5])
        let noise = try small.check(out: small.kernel().out.map { -$0 })
        #expect(noise.verdict == .wrong && noise.mistake == nil)
    }

    @Test func `dumps of other names, shapes and numbers are refused by name`() throws {
        let small = try SmallSparse()
        var out = small.kernel().out
        out[17] = .nan
        #expect(problem { try small.check(out: out) }.contains("out[0, 1, 1]: expected a number, found NaN"))
        #expect(problem { try small.check() }.contains("expected out, lse or both, found no tensor"))
        var file = SafetensorsWriter()
        file.add("lse", shape: [2, 6], floats: .init(repeating: 0, count: 12))
        let path = small.folder.path + "/other.safetensors"
        try file.write(to: path)
        #expect(
            problem { try SparseMLACheck(ReferenceCase(path: small.path), dump: path) }.contains(
                "lse: expected the shape [6, 2], found [2, 6]"))
    }

    @Test(
        arguments: [
            ("input.indices", "[2, 1]: expected an entry from 0 to 3, or -1, found 4"), ("input.lengths", "[1]: expected 0 to 2"),
            ("input.sinks", "[1]: expected a finite number"), ("input.q", "[1, 0, 0]: expected a finite number"),
            ("input.kv", ": expected the shape [s, 3], found [4, 2]"), ("d_v", "expected at most 3"),
            ("softmax_scale", "expected a number above 0"), ("causal", "expected no such setting"), ("input.mask", "has no such tensor"),
        ])
    func `a case that does not fit is refused by name`(broken: String, message: String) throws {
        func value<T>(_ name: String, _ wrong: T, _ right: T) -> T { broken == name ? wrong : right }
        let settings =
            "\"d_v\": \(value("d_v", 4, 2)), \"softmax_scale\": \(value("softmax_scale", 0, 1))" + value("causal", ", \"causal\": true", "")
        var file = SafetensorsWriter(metadata: ["kind": "sparse-mla", "config": "{\(settings)}"])
        file.add("input.q", shape: [3, 2, 3], floats: (0..<18).map { $0 == 6 ? value("input.q", Float.nan, 1) : Float($0) })
        let width = value("input.kv", 2, 3)
        file.add("input.kv", shape: [4, width], floats: .init(repeating: 1, count: 4 * width))
        file.add("input.indices", shape: [3, 2], int32: [0, 1, -1, -1, 3, value("input.indices", 4, 2)])
        file.add("input.lengths", shape: [3], int32: [2, value("input.lengths", 3, 0), 1])
        file.add("input.sinks", shape: [2], floats: [0, value("input.sinks", Float.infinity, 1)])
        if broken == "input.mask" { file.add("input.mask", shape: [1], floats: [0]) }
        let path = try TemporaryFolder().path + ".safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try file.write(to: path)
        let refusal = problem { try ReferenceCase(path: path).sparseMLA() }
        #expect(refusal.contains(broken) && refusal.contains(message), "\(refusal)")
    }

    @Test func `impossible sizes are named`() {
        let cases: [(change: (inout SparseMLACaseGenerator) -> Void, subject: String, message: String)] = [
            ({ $0.ranks = 49 }, "top-k", "expected at most as many as keys, 48, found 49"),
            ({ $0.valueDimension = 19 }, "value-dim", "expected at most --dim, 18, found 19"),
            ({ $0.softmaxScale = -1 }, "softmax-scale", "expected a number from 1e-30 to 1e30, found -1"),
            ({ $0.queries = 0 }, "queries", "expected at least 1, found 0"),
            ({ $0.queries = 1 << 40 }, "queries × heads × top-k × dim", "expected at most 1073741824, found 1099511627776 × 2 × 12 × 18"),
        ]
        for (change, subject, message) in cases {
            #expect(throws: EngineError(.value, subject, message)) { try SmallSparse(change) }
        }
    }
}
