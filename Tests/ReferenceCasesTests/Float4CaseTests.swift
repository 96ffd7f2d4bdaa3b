// Cases of rounding to e2m1: what they hold, which mistakes they tell, and how somebody's codes are held against them.

import FileTesting
import Foundation
import ModelFiles
import ReferenceCases
import Testing
import Traces

@Suite final class Float4CaseTests {
    private let folder: URL
    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "attn-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    /// A case, and what it expects as somebody's own output.
    private func make(seed: UInt64 = 3) throws -> (reference: ReferenceCase, expected: [String: [UInt8]]) {
        try Float4CaseGenerator(seed: seed).write(to: path("c.safetensors"))
        let reference = try ReferenceCase(path: path("c.safetensors"))
        var expected: [String: [UInt8]] = [:]
        for name in reference.expectedNames where name != "expected.decoded" {
            expected[String(name.dropFirst("expected.".count))] = try reference.file.codes(name)
        }
        return (reference, expected)
    }

    private func check(_ reference: ReferenceCase, _ tensors: [String: [UInt8]]) throws -> Float4Check {
        var file = SafetensorsWriter()
        for (name, bytes) in tensors {
            file.add(name, shape: try reference.file.info("expected." + name).shape, bytes: bytes)
        }
        try file.write(to: path("mine.safetensors"))
        return try Float4Check(reference, dump: path("mine.safetensors"))
    }

    @Test(arguments: [0, 7, 99] as [UInt64]) func `a case verifies, and tells every mistake`(seed: UInt64) throws {
        let told = try Float4CaseGenerator(seed: seed).write(to: path("c.safetensors"))
        #expect(told == Float4Mistake.allCases)
        let checks = try ReferenceCase(path: path("c.safetensors")).verify()
        #expect(checks.count == 5 && checks.allSatisfy(\.identical))
    }

    @Test func `every code and every middle stands among the values`() throws {
        let (reference, expected) = try make()
        #expect(Set(expected["codes"]!) == Set(0...15))
        let values = try reference.file.tensor("input.values", axes: [.n]).values
        for middle in [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5] { #expect(values.contains(middle) && values.contains(-middle)) }
    }

    @Test func `a right kernel passes with whatever it has`() throws {
        let (reference, expected) = try make()
        #expect(try check(reference, expected).passed)
        for (name, bytes) in expected { #expect(try check(reference, [name: bytes]).passed, "\(name)") }
    }

    /// The mistakes are made here once more, from the right codes and the inputs.
    @Test func `a mistake is named`() throws {
        let (reference, expected) = try make()
        let packed = expected["block_packed"]!.map { $0 << 4 | $0 >> 4 }
        let swapped = try check(reference, ["block_packed": packed, "block_codes": expected["block_codes"]!])
        #expect(swapped.mistake == .nibblesSwapped && swapped.differences.map(\.name) == ["block_packed"])
        let values = try reference.file.tensor("input.values", axes: [.n]).values
        let known = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
        let away = values.map { value -> UInt8 in
            let near = known.indices.min { (abs(known[$0] - abs(value)), -$0) < (abs(known[$1] - abs(value)), -$1) }!
            return UInt8(near) | (value.sign == .minus ? 8 : 0)
        }
        let tied = try check(reference, ["codes": away])
        #expect(tied.mistake == .tiesAway && tied.differences[0].input.map(abs) == 0.25)
        var other = expected["codes"]!
        other[5] ^= 1
        let unknown = try check(reference, ["codes": other])
        #expect(unknown.mistake == nil && unknown.differences[0].first == [5] && unknown.differences[0].count == 1)
    }

    @Test func `what cannot be compared is refused by name`() throws {
        let (reference, expected) = try make()
        func problem(_ write: (inout SafetensorsWriter) -> Void) -> String {
            var file = SafetensorsWriter()
            write(&file)
            do {
                try file.write(to: path("mine.safetensors"))
                _ = try Float4Check(reference, dump: path("mine.safetensors"))
                return "nothing"
            } catch { return "\(error)" }
        }
        #expect(problem { _ in }.hasSuffix("found no tensor"))
        #expect(problem { $0.add("kodes", shape: [1], bytes: [0]) }.contains("kodes: expected some of block_codes"))
        #expect(
            problem { $0.add("codes", shape: [1], bytes: [0]) }.contains(
                "codes: expected the shape [\(expected["codes"]!.count)], found [1]"))
    }
}
