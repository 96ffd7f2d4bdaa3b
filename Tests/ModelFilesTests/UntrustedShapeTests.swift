// Shapes and expected tensors of files that lie: each is one line that names the file and the tensor, whatever asks for it first.

import Foundation
import ModelFiles
import ReferenceCases
import Testing
import Traces

@Suite struct UntrustedShapeTests {
    /// An indexer case of 2 queries and 4 keys; what is named in `changed` has another type, shape or values.
    private func indexerCase(_ changed: [String: (type: String, shape: [Int], bytes: [UInt8])], _ body: (String) throws -> Void) throws {
        func doubles(_ values: [Double]) -> [UInt8] {
            values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
        }
        var tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])] = [
            ("expected.score", "F64", [2, 4], doubles([1, 2, 3, 4, 1, 2, 3, 4])),
            ("expected.selected", "U8", [2, 2], [1, 2, 2, 3]),
            ("input.k", "F64", [4, 1], doubles([1, 2, 3, 4])), ("input.k_scale", "F64", [4], doubles([1, 1, 1, 1])),
            ("input.q", "F64", [2, 1, 1], doubles([1, 1])), ("input.weights", "F64", [2, 1], doubles([1, 1])),
        ]
        for i in tensors.indices {
            guard let other = changed[tensors[i].name] else { continue }
            tensors[i] = (tensors[i].name, other.type, other.shape, other.bytes)
        }
        var (offset, header, data) = (0, [String](), [UInt8]())
        for tensor in tensors {
            let end = offset + tensor.bytes.count
            header.append(
                #""\#(tensor.name)": {"dtype": "\#(tensor.type)", "shape": \#(tensor.shape), "data_offsets": [\#(offset), \#(end)]}"#)
            data += tensor.bytes
            offset = end
        }
        let metadata = #""__metadata__": {"kind": "indexer", "config": "{\"index_topk\": 2, \"causal_offset\": 2}"}"#
        let text = Array("{\(metadata), \(header.joined(separator: ", "))}".utf8)
        let size = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init)
        let path = FileManager.default.temporaryDirectory.appending(path: "shape-\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(size + text + data).write(to: URL(filePath: path))
        try body(path)
    }

    @Test func `the sound case is verified`() throws {
        try indexerCase([:]) { path in
            let checks = try ReferenceCase(path: path).verify()
            #expect(checks.count == 2 && checks.allSatisfy(\.passed))
        }
    }

    @Test(arguments: [
        ("input.q", [2, 1, 0], "input.q: expected lengths of at least 1, found [2, 1, 0]"),
        ("input.q", [1 << 62, 8, 0], "tensor input.q: expected lengths whose product can be counted, found [4611686018427387904, 8, 0]"),
        (
            "expected.selected", [0, 1 << 62],
            "tensor expected.selected: expected lengths whose product can be counted, found [0, 4611686018427387904]"
        ),
        ("expected.score", [0, 4], "expected.score: expected lengths of at least 1, found [0, 4]"),
    ]) func `an empty or uncountable tensor is one line`(name: String, shape: [Int], line: String) throws {
        try indexerCase([name: ("F64", shape, [])]) { path in
            let error = #expect(throws: FileError.self) { try ReferenceCase(path: path).verify() }
            #expect(error?.description == "\(path): \(line)")
        }
    }

    @Test(arguments: [(-2.0, "-2"), (4, "4"), (1e18, "1e+18"), (0.5, "0.5"), (.nan, "NaN")])
    func `an expected selection holds keys that there are`(key: Double, shown: String) throws {
        let bytes = [1, key, 2, 3].flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
        try indexerCase(["expected.selected": ("F64", [2, 2], bytes)]) { path in
            let error = #expect(throws: FileError.self) { try ReferenceCase(path: path) }
            #expect(error?.description == "\(path): expected.selected[0, 1]: expected a key from 0 to 3, or -1, found \(shown)")
        }
    }

    @Test func `scores and selections have a row for each query`() throws {
        let row = [UInt8](repeating: 0, count: 32)
        for (name, shape, line) in [
            ("expected.score", [1, 4], "expected the shape [2, 4], found [1, 4]"),
            ("expected.selected", [1, 4], "expected 2 rows, found [1, 4]"),
        ] {
            try indexerCase([name: ("F64", shape, row)]) { path in
                let error = #expect(throws: FileError.self) { try ReferenceCase(path: path) }
                #expect(error?.description == "\(path): \(name): \(line)")
            }
        }
    }

    @Test(arguments: [
        ([2, 3], ["t"], "x: expected 1 axes [t], found the shape [2, 3]"),
        ([2, 3], ["t", "t"], "x: expected each axis named once, found [t, t]"),
        ([2, 0], ["t", "s"], "x: expected lengths of at least 1, found [2, 0]"),
        ([2, -1], ["t", "s"], "x: expected lengths of at least 1, found [2, -1]"),
        ([1 << 40, 1 << 40], ["t", "s"], "x: expected at most 281474976710656 cells, found the shape [1099511627776, 1099511627776]"),
    ]) func `a shape from outside is checked before it is believed`(lengths: [Int], axes: [String], line: String) throws {
        let error = #expect(throws: EngineError.self) { try Shape(checking: axes.map { Axis($0) }, lengths, "x") }
        #expect(error?.description == line)
    }

    @Test func `a trace with an empty step is one line`() throws {
        let text = """
            {"format": "attention-steps.trace", "version": 1, "tokens": ["a"], "tokenIDs": [], "switches": [], "steps": [{"id": "attention.weights",
             "title": {"en": "T", "zh": "T"}, "formula": {"latex": "A", "text": "A"}, "source": "s", "inputs": [],
             "output": {"symbol": "A", "axes": ["h", "t", "s"], "shape": [0, 4611686018427387904, 8], "values": []},
             "cost": {"flops": 0, "contractionFlops": 0, "bytesRead": 0, "bytesWritten": 0}}]}
            """
        let path = FileManager.default.temporaryDirectory.appending(path: "empty-\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: FileError.self) { try TraceJSON.read(path) }
        #expect(
            error?.description
                == "\(path): step attention.weights: output: expected lengths of at least 1, found [0, 4611686018427387904, 8]")
    }

    @Test func `a block of infinite magnitude has an infinite scale, and its quotients are refused`() throws {
        #expect(ScaleFormat.powerOfTwo.scale(largestMagnitude: .infinity) == .infinity)
        #expect(ScaleFormat.float32.scale(largestMagnitude: .infinity) == .infinity)
        #expect(Float8.encode(.nan) == 0x7F && (Double.infinity / .infinity).isNaN)
    }
}
