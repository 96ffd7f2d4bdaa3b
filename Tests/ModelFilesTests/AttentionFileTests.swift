// Dumps of attention that numpy wrote (Tests/python/attention_dumps.py --fixtures), and what is refused of them: by name, in a line.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct AttentionFileTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let dumps = Paths.fixtures + "/attention"

    /// The weights of the fixtures: causal rows of halves and quarters, head 0 from the first key on, head 1 from the last.
    private static func weight(_ head: Int, _ t: Int, _ s: Int) -> Double {
        let place = head == 0 ? s : t - s
        return place < 0 || place > t ? 0 : Double(sign: .plus, exponent: -min(place + 1, t), significand: 1)
    }

    private static func one(swapped: Bool = false) -> Tensor {
        Tensor(Shape([.h, .t, .s], [2, 5, 5])) { weight(swapped ? 1 - $0[0] : $0[0], $0[1], $0[2]) }
    }

    private func read(_ name: String, _ change: (inout AttentionFile.Request) -> Void = { _ in }) throws -> AttentionFile {
        var request = AttentionFile.Request()
        change(&request)
        return try AttentionFile(path: name.hasPrefix("/") ? name : "\(Self.dumps)/\(name)", request)
    }

    private func refusal(_ name: String, _ change: (inout AttentionFile.Request) -> Void = { _ in }) -> String {
        problem { try read(name, change) }
    }

    // MARK: What is read

    @Test func `layers, a batch of one, float16 and deflated`() throws {
        let file = try read("layers.npz")
        #expect(file.layers.map(\.number) == [0, 1, 2] && file.keys == 5 && file.remarks.isEmpty)
        #expect(file.layers.map(\.weights) == [false, true, false].map { Self.one(swapped: $0) })
        #expect(file.source.en == "given")
        let layer = try read("layers.npz") { ($0.layer, $0.tensor) = (1, "attentions") }
        #expect(layer.layers.map(\.number) == [1] && layer.layers[0].weights == Self.one(swapped: true))
        #expect(layer.source.zh == "给定：attentions")
    }

    @Test func `the only array of an archive needs no name, one of several does`() throws {
        #expect(try read("one.npz").layers.map(\.weights) == [Self.one()])
        #expect(try read("two.npz") { $0.tensor = "attn" }.layers[0].weights == Self.one())
        let pair = try read("two.npz") { $0.tensor = "pair" }.layers[0]
        #expect(pair.number == nil && pair.weights == Self.one().slice(.h, at: 0))
        #expect(refusal("two.npz") == "badData: expected --tensor with one of attn, pair")
        #expect(refusal("two.npz") { $0.tensor = "pairs" } == "badData: tensor pairs is missing; there is pair")
        #expect(refusal("fortran.npy") { $0.tensor = "a" } == "badData: --tensor: a .npy file holds one array, which has no name")
    }

    @Test func `the order of axes and of bytes does not matter`() throws {
        #expect(try read("fortran.npy").layers[0].weights == Self.one())
        // Said to be heads last: queries, keys, heads.
        let turned = try read("fortran.npy") { $0.axes = [.queries, .keys, .heads] }.layers[0].weights
        #expect(turned.shape == Shape([.h, .t, .s], [5, 2, 5]) && turned[3, 1, 2] == Self.one()[1, 2, 3])
    }

    @Test func `four axes are layers or a batch, and what was taken is said`() throws {
        let layers = try read("batch.npy")
        #expect(layers.layers.map(\.number) == [0, 1])
        #expect(
            layers.remarks.map { $0.replacing(Self.dumps + "/", with: "") } == [
                "batch.npy: the first axis of [2, 2, 5, 5] is read as layers; where it is a batch, say --axes bhqk"
            ])
        let text = try read("batch.npy") { $0.text = 1 }
        #expect(text.layers.map(\.number) == [nil] && text.layers[0].weights == Self.one(swapped: true) && text.remarks.isEmpty)
        #expect(text.source.en == "given, text 1 of 2")
        let first = try read("batch.npy") { $0.axes = AttentionFile.axes("bhqk") }
        #expect(first.layers[0].weights == Self.one() && first.remarks.count == 1)
        #expect(first.remarks[0].hasSuffix("of the 2 texts of the batch the first is read; --batch N names another"))
        #expect(try read("batch.npy") { $0.layer = 1 }.remarks.isEmpty)
    }

    @Test func `a safetensors file holds them too, in bfloat16`() throws {
        // 1, 0; 1/2, 1/2
        let header = #"{"w":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}"#
        let path = try folder.safetensors(header, data: [0x80, 0x3F, 0, 0, 0, 0x3F, 0, 0x3F])
        #expect(try read(path).layers[0].weights == Tensor([.t, .s], [2, 2], [1, 0, 0.5, 0.5]))
        let whole = try folder.safetensors(#"{"w":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}}"#, data: [1, 0, 0, 0])
        #expect(refusal(whole) == "badData: expected F16, BF16, F32 or F64, found I32")
    }

    @Test func `letters name axes`() {
        #expect(AttentionFile.axes("qk") == [.queries, .keys] && AttentionFile.axes("bqhk") == [.texts, .queries, .heads, .keys])
        for letters in ["", "q", "hk", "qkk", "qkx", "QK", "hhqk"] { #expect(AttentionFile.axes(letters) == nil) }
    }

    // MARK: What is said of the weights

    @Test func `what is odd about weights is named, with its place`() throws {
        let remarks = try read("odd.npy").remarks.map { $0.replacing(Self.dumps + "/", with: "") }
        #expect(
            remarks == [
                "odd.npy: 1 weight is no finite number, the first at head 0, query 3, key 1 (NaN)",
                "odd.npy: 1 weight is below 0, the lowest at head 1, query 2, key 0 (-0.5)",
                "odd.npy: 1 of 10 rows does not sum to 1: head 1, query 4 sums to 0.75 (float32: expected within 1e-05)",
            ])
    }

    @Test func `rounding to a narrow type is not odd, more is`() throws {
        // Rows that sum to 1 + 2^-11: within what float16 does to them, not what float32 does.
        let off = 1 + 0x1p-11
        var writer = SafetensorsWriter()
        writer.add("wide", shape: [1, 2], floats: [0.5, Float(off - 0.5)])
        writer.add("double", Tensor([.t, .s], [1, 2], [0.5, off - 0.5]))
        try writer.write(to: folder.path + "/a.safetensors")
        for name in ["wide", "double"] {
            #expect(try read(folder.path + "/a.safetensors") { $0.tensor = name }.remarks.count == 1)
        }
        let half = try folder.safetensors(
            #"{"w":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}}"#, data: [0x00, 0x38, 0x01, 0x38])
        #expect(try read(half).remarks.isEmpty)
        let brain = try folder.safetensors(
            #"{"w":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}"#, data: [0x00, 0x3F, 0x01, 0x3F])
        #expect(try read(brain).remarks.isEmpty)
    }

    // MARK: What is refused

    @Test func `objects are never unpickled, and other kinds of numbers are named`() {
        let objects = "badData: expected float16, float32 or float64, found Python objects, which are pickles and are not read ('|O')"
        #expect(refusal("object.npy") == objects && refusal("object.npz") == objects)
        #expect(refusal("whole.npy") == "badData: expected float16, float32 or float64, found whole numbers ('<i8')")
        #expect(refusal("records.npy").hasSuffix("expected one type of number, found records of several fields"))
    }

    @Test func `wrong ranks, lengths of zero, and places that are not there`() {
        #expect(
            refusal("vector.npy")
                == "badData: expected attention [q,k], [h,q,k], [b,h,q,k], [l,h,q,k] or [l,b,h,q,k], found the shape [3]")
        #expect(refusal("empty.npy") == "badData: expected lengths from 1 whose product can be counted, found [0, 3]")
        #expect(refusal("layers.npz") { $0.layer = 3 } == "badData: --layer 3: expected 0 to 2")
        #expect(refusal("layers.npz") { $0.layer = -1 } == "badData: --layer -1: expected 0 to 2")
        #expect(refusal("layers.npz") { $0.text = 1 } == "badData: --batch 1: expected 0 to 0")
        #expect(
            refusal("one.npz") { $0.layer = 0 } == "badData: --layer 0: the shape [2, 5, 5], read as hqk, has no axis of layers")
        #expect(refusal("one.npz") { $0.axes = [.queries, .keys] } == "badData: --axes qk: expected 2 axes, found the shape [2, 5, 5]")
    }

    @Test func `a file that is none of the three is named as what it is`() throws {
        #expect(refusal("tokens.json") == "badData: expected a .npy, .npz or .safetensors file, found none of them")
        #expect(refusal("nothing.npz").hasPrefix("noInput: cannot be opened"))
        let page = try folder.write("a.npz", "<!doctype html>")
        #expect(refusal(page).hasSuffix("found a web page: the download went wrong"))
    }

    /// The header of a .npy file, true or not, and `data` bytes after it.
    private func array(_ header: String, data: Int = 0, version: UInt8 = 1) throws -> String {
        let length = header.utf8.count
        let size = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [version, 0]
        return try folder.write("a.npy", magic + size + Array(header.utf8) + [UInt8](repeating: 0, count: data))
    }

    @Test func `a header is read by rules, and its lies are named`() throws {
        func refused(_ header: String, data: Int = 0, version: UInt8 = 1) throws -> String {
            try refusal(array(header, data: data, version: version))
        }
        func entries(shape: String, descr: String = "'<f4'", fortran: String = "False") -> String {
            "{'descr': \(descr), 'fortran_order': \(fortran), 'shape': \(shape), }\n"
        }
        #expect(try read(array(entries(shape: "(1, 2)"), data: 8, version: 3)).layers[0].weights.values == [0, 0])
        #expect(try read(array("{\"shape\":(1,2),\"descr\":\"<f4\",\"fortran_order\":True}", data: 8)).keys == 2)
        #expect(try refused(entries(shape: "(1, 2)"), data: 7) == "badData: expected 8 bytes of float32 [1, 2], found 7")
        #expect(try refused(entries(shape: "(1, 2)"), data: 9) == "badData: expected 8 bytes of float32 [1, 2], found 9")
        let huge = "4611686018427387904"
        #expect(try refused(entries(shape: "(\(huge), \(huge))")).contains("whose product can be counted"))
        #expect(try refused(entries(shape: "(99999999999999999999, 1)")).hasSuffix("expected a whole number from 0"))
        #expect(try refused(entries(shape: "(-1, 2)")).hasSuffix("expected a whole number from 0"))
        #expect(try refused(entries(shape: "(1, 2)", fortran: "__import__('os')")).hasSuffix("expected True or False"))
        #expect(try refused(entries(shape: "(1, 2)", descr: "'<c8'")).hasSuffix("found complex numbers ('<c8')"))
        #expect(try refused(entries(shape: "(1, 2)", descr: "'|V2'")).contains("bfloat16 is not known to numpy"))
        #expect(try refused("{'descr': '<f4', 'fortran_order': False}") == "badData: header: expected the entry 'shape'")
        #expect(try refused("{'descr': '<f4', 'descr': '<f8'}").contains("each once, found 'descr'"))
        #expect(try refused(entries(shape: "(1, 2)") + "x").hasSuffix("expected the end of the header"))
        #expect(try refused(entries(shape: "(1, 2)"), version: 4) == "badData: expected version 1.0, 2.0 or 3.0 of .npy, found 4.0")
        #expect(
            try refused(entries(shape: "(1, 2)") + String(repeating: " ", count: 70_000), version: 2).hasPrefix(
                "badData: expected a header of at most 65536 bytes, found"))
    }

    @Test func `more weights than fit are refused before they are read, with what to do`() throws {
        // 1.5 GiB that the disk does not hold.
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1, 8192, 8192), }\n"
        let path = try array(header)
        try folder.extend(path, to: 10 + header.utf8.count + 3 * 8192 * 8192 * 8)
        #expect(
            refusal(path)
                == "badData: expected at most 134,217,728 weights, found 201,326,592 in 3 layers: name one with --layer")
    }

    // MARK: Archives

    /// A fixture with some bytes of its directory replaced: `offset` is counted from the first entry of the directory.
    private func archive(_ name: String, _ offset: Int, _ bytes: [UInt8]) throws -> String {
        var file = Array(try Data(contentsOf: URL(filePath: "\(Self.dumps)/\(name)")))
        let entry = try #require((0..<file.count - 4).last { Array(file[$0..<$0 + 4]) == [0x50, 0x4B, 0x01, 0x02] })
        file.replaceSubrange(entry + offset..<entry + offset + bytes.count, with: bytes)
        return try folder.write("a.npz", file)
    }

    @Test func `a bomb is refused by the size that it says, or by the size that it has`() throws {
        #expect(
            try refusal(archive("layers.npz", 24, [0, 0, 0, 0x80])).hasPrefix(
                "badData: attentions.npy: expected at most 1,073,741,824 bytes when unpacked, found 2,147,483,648"))
        #expect(
            try refusal(archive("layers.npz", 24, [0, 0, 0, 0x20])).hasPrefix(
                "badData: attentions.npy: it says 536870912 bytes, more than its"))
        // A byte less than there is.
        #expect(try refusal(archive("layers.npz", 24, [0xAB, 1])).contains("attentions.npy: expected 427 deflated bytes, found others"))
        let bytes = try Data(contentsOf: URL(filePath: "\(Self.dumps)/layers.npz"))
        #expect(bytes.count < 300)
    }

    @Test func `what an archive says of a member must be so`() throws {
        #expect(
            try refusal(archive("layers.npz", 16, [1, 2, 3, 4])) == "badData: attentions.npy: its checksum is wrong: the file is damaged")
        #expect(try refusal(archive("one.npz", 16, [1, 2, 3, 4])) == "badData: attn.npy: its checksum is wrong: the file is damaged")
        #expect(try refusal(archive("layers.npz", 8, [1])) == "badData: attentions.npy: it is encrypted")
        #expect(
            try refusal(archive("layers.npz", 10, [12]))
                == "badData: attentions.npy: expected a member that is stored or deflated, found method 12")
        #expect(try refusal(archive("one.npz", 24, [0])).hasPrefix("badData: attn.npy: stored, but of two sizes"))
        #expect(try refusal(archive("one.npz", 42, [1])) == "badData: attn.npy: it is not where the directory says")
        #expect(try refusal(archive("one.npz", 42, [0xFE, 0xFF, 0xFF, 0x7F])) == "badData: expected a zip archive: the file is truncated")
        #expect(try refusal(archive("one.npz", 46, Array("attn.txt".utf8))).hasPrefix("badData: expected arrays (.npy) in it, found none"))
        let whole = Array(try Data(contentsOf: URL(filePath: "\(Self.dumps)/one.npz")))
        #expect(
            try refusal(folder.write("a.npz", Array(whole.dropLast(30))))
                == "badData: expected a zip archive, found no directory at its end: the file is truncated")
    }

    // MARK: Traces

    /// A file of a trace does not say which pairs could be seen; weights without scores show it, and the selection is the same.
    @Test func `a trace of given attention reads back with its masks`() throws {
        let both = Tensor([.h, .t, .s], [1, 2, 3], [0.5, 0.25, 0.25, 0.125, 0.75, 0.125])
        for weights in [Self.one(), both] {
            let layers = [nil, 3].map { GivenAttention.Layer(number: $0, weights: weights) }
            for layer in layers {
                let trace = try GivenAttention.trace([layer], tokens: [], keeping: .heaviest(2), source: Bilingual(same: "given"))
                try TraceJSON.write(trace, to: folder.path + "/t.json")
                let read = try TraceJSON.read(folder.path + "/t.json")
                let selected = try #require(trace.steps.first { $0.id.role == .selected }).id
                #expect(try read.selection(selected).rows.map(\.massKept) == trace.selection(selected).rows.map(\.massKept))
                #expect(try read.selection(selected).rows.map(\.hits) == trace.selection(selected).rows.map(\.hits))
                for (own, other) in zip(read.steps, trace.steps) where own.id.role == .weights { #expect(own.visible == other.visible) }
            }
        }
    }

    // MARK: Tokens

    @Test func `tokens are a list of texts or lines`() throws {
        #expect(try TokenFile.read(Self.dumps + "/tokens.json") == ["Once", " upon", " a", " time", "。"])
        #expect(try TokenFile.read(Self.dumps + "/tokens.txt") == ["[CLS]", "once", "upon", "", "[SEP]"])
        #expect(try TokenFile.read(folder.write("t", "[\"a\", \"b\\n\"]")) == ["a", "b\n"])
        #expect(try TokenFile.read(folder.write("t.txt", "a\r\nb")) == ["a", "b"])
        func refused(_ name: String, _ text: String) -> String { problem { try TokenFile.read(folder.write(name, text)) } }
        #expect(refused("t.json", "{}").hasSuffix("expected a list of texts, a token each, found '{'"))
        #expect(try TokenFile.read(folder.write("t.json", "\u{FEFF}[\"a\"]")) == ["a"])
        #expect(try TokenFile.read(folder.write("t.txt", "\u{FEFF}a\nb")) == ["a", "b"])
        #expect(refused("t.json", "[\"a\", 1]").hasSuffix("expected a list of texts, a token each, found 1"))
        #expect(refused("t.json", "[\"a\"").hasPrefix("badData: line 1, column 5"))
        #expect(problem { try TokenFile.read(folder.write("t", [0x61, 0xFF])) } == "badData: expected text in UTF-8")
    }
}
