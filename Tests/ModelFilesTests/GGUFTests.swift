// GGUF files: the values of every block type against numpy's, and every lie of a header, word for word.

import FileTesting
import Foundation
import ModelFiles
import Testing
import Traces

/// The bytes of a GGUF file, true or not.
struct GGUFBytes {
    var magic = "GGUF"
    var version: UInt32 = 3
    /// What the header says there are; nil for the truth.
    var tensorCount: UInt64?
    var valueCount: UInt64?
    var values: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var data = 0

    static func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian, Array.init) }
    static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }
    static func value(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] { text(key) + bytes(type) + value }
    static func value(_ key: String, _ text: String) -> [UInt8] { value(key, 8, self.text(text)) }
    static func value(_ key: String, _ number: UInt32) -> [UInt8] { value(key, 4, bytes(number)) }
    static func value(_ key: String, list type: UInt32, _ count: UInt64, _ elements: [UInt8]) -> [UInt8] {
        value(key, 9, bytes(type) + bytes(count) + elements)
    }
    /// - Parameter lengths: as the file has them, the innermost first.
    static func tensor(_ name: String, _ lengths: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) -> [UInt8] {
        text(name) + bytes(UInt32(lengths.count)) + lengths.flatMap { bytes($0) } + bytes(type) + bytes(offset)
    }

    func all(alignment: Int = 32) -> [UInt8] {
        var bytes = Array(magic.utf8) + Self.bytes(version)
        bytes += Self.bytes(tensorCount ?? UInt64(tensors.count)) + Self.bytes(valueCount ?? UInt64(values.count))
        bytes += Array((values + tensors).joined())
        bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
        return bytes + [UInt8](repeating: 0, count: data)
    }
}

@Suite struct GGUFTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func open(_ bytes: [UInt8]) -> String { problem { try GGUFFile(path: folder.write("m.gguf", bytes)) } }
    private func open(_ change: (inout GGUFBytes) -> Void) -> String {
        var file = GGUFBytes()
        change(&file)
        return open(file.all())
    }

    // MARK: Values

    @Test func `the values of random blocks of every type are those that numpy decodes`() throws {
        let file = try GGUFFile(path: Paths.fixtures + "/gguf-blocks.gguf")
        let recorded = Array(try text(Paths.fixtures + "/gguf-blocks.json").utf8)
        let expected = try recorded.withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: "gguf-blocks.json") { reader throws(FileError) in
                try Settings(file: "gguf-blocks.json", reader: &reader)
            }
        }
        #expect(file.names == GGMLType.allCases.map(\.description).sorted())
        for type in GGMLType.allCases {
            let info = try file.info(type.description)
            #expect(info.type == type && info.shape == [2, max(32, type.blockValues)] && info.count == 2 * max(32, type.blockValues))
            let values = try file.tensor(type.description, Shape([.t, .c], info.shape)).values
            let numbers = try expected.list(type.description)
            #expect(numbers.count == values.count)
            for (value, number) in zip(values, numbers) {
                let same: Bool
                switch number {
                case .integer(let known): same = value == Double(known)
                case .number(let known): same = value == known
                case .string(let text): same = JSON.nonFinite[text].map { $0.isNaN ? value.isNaN : value == $0 } ?? false
                default: same = false
                }
                #expect(same, "\(type): \(value) for \(number)")
            }
        }
    }

    /// One block of each, filled by hand: a scale of 0.5, a minimum of 0.25, codes 0x21, and what stands beside them all zeros.
    @Test(arguments: [
        (GGMLType.q4_0, [0x00, 0x38], -3.5, -3.0), (.q4_1, [0x00, 0x38, 0x00, 0x34], 0.75, 1.25),
        (.q5_0, [0x00, 0x38, 0, 0, 0, 0], -7.5, -7.0),
        (.q5_1, [0x00, 0x38, 0x00, 0x34, 0, 0, 0, 0], 0.75, 1.25), (.q8_0, [0x00, 0x38], 16.5, 16.5),
    ]) func `a block by hand`(type: GGMLType, head: [UInt8], first: Double, last: Double) throws {
        var file = GGUFBytes()
        file.tensors = [GGUFBytes.tensor("x", [32], type: type.rawValue)]
        let block = head + [UInt8](repeating: 0x21, count: type.blockBytes - head.count)
        let opened = try GGUFFile(path: folder.write("m.gguf", file.all() + block))
        let values = try opened.tensor("x", Shape([(.c, 32)])).values
        #expect(values == [Double](repeating: first, count: 16) + [Double](repeating: last, count: 16))
        #expect(problem { try opened.tensor("x", Shape([(.c, 31)])) } == "badData: x: expected [31], found [32]")
        #expect(problem { try opened.info("y") } == "badData: tensor y is missing; there is x")
    }

    @Test func `key-values of every type are read, and lists when they are asked for`() throws {
        var file = GGUFBytes()
        typealias B = GGUFBytes
        file.version = 2
        file.values = [
            B.value("u8", 0, [255]), B.value("i8", 1, [255]), B.value("u16", 2, [1, 2]), B.value("i16", 3, [0, 0x80]),
            B.value("u32", 4, B.bytes(UInt32.max)), B.value("i32", 5, B.bytes(Int32.min)),
            B.value("f32", 6, B.bytes(Float(0.1).bitPattern)),
            B.value("yes", 7, [1]), B.value("text", "é"), B.value("u64", 10, B.bytes(UInt64(7))), B.value("i64", 11, B.bytes(Int64.min)),
            B.value("f64", 12, B.bytes(Double.pi.bitPattern)), B.value("texts", list: 8, 2, B.text("a") + B.text("")),
            B.value("numbers", list: 6, 1, B.bytes(Float(0.5).bitPattern)), B.value("integers", list: 1, 2, [1, 254]),
            B.value("empty", list: 4, 0, []), B.value("general.alignment", 4),
        ]
        file.tensors = [B.tensor("x", [1]), B.tensor("y", [2, 1], offset: 4)]
        file.data = 12
        let opened = try GGUFFile(path: folder.write("m.gguf", file.all(alignment: 4)))
        let settings = opened.settings
        #expect(try settings.integer("u8") == 255 && settings.integer("i8") == -1 && settings.integer("u16") == 513)
        #expect(try settings.integer("i16") == -32768 && settings.integer("u64") == 7)
        #expect(problem { try settings.integer("u32") } == "badData: u32: expected a whole number of at most 1073741824, found 4294967295")
        #expect(try settings.number("u32") == 4294967295 && settings.number("i32") == -2147483648 && settings.number("i64") == -0x1p63)
        #expect(try settings.number("f32") == Double(Float(0.1)) && settings.number("f64") == .pi)
        #expect(try settings.bool("yes") && settings.text("text") == "é")
        #expect(try opened.texts("texts") == ["a", ""] && opened.numbers("numbers") == [0.5] && opened.integers("integers") == [1, -2])
        #expect(try opened.numbers("integers") == [1, -2] && opened.texts("texts").count == opened.count(ofList: "texts"))
        #expect(try opened.integers("empty").isEmpty && opened.count(ofList: "text") == nil)
        #expect(problem { try opened.texts("numbers") } == "badData: numbers: expected texts, found a list of type float32")
        #expect(problem { try opened.integers("none") } == "badData: none is missing: expected a list of whole numbers")
        #expect(problem { try opened.integers("text") } == "badData: text: expected a list of whole numbers, found \"é\"")
        #expect(problem { try settings.integer("texts") } == "badData: texts: expected a whole number, found an array")
        #expect(try opened.info("y").shape == [1, 2])
    }

    // MARK: Lies

    @Test func `what is no GGUF file is said to be none`() {
        #expect(problem { try GGUFFile(path: folder.path + "/none.gguf") } == "noInput: cannot be opened: No such file or directory")
        #expect(open([]) == "badData: expected a GGUF file of at least 24 bytes, found 0")
        #expect(open { $0.magic = "GGML" } == "badData: expected a GGUF file, which begins with GGUF, found a file that begins otherwise")
        let page = "badData: expected a GGUF file, which begins with GGUF, found a web page: the download went wrong"
        #expect(open(Array("<!DOCTYPE html><html><body>Not found</body></html>".utf8)) == page)
        #expect(open { $0.version = 1 } == "badData: expected GGUF of version 2 or 3, found version 1")
        #expect(open { $0.version = 4 } == "badData: expected GGUF of version 2 or 3, found version 4")
        #expect(open { $0.version = 0 } == "badData: expected GGUF of version 2 or 3, found version 0")
        #expect(open { $0.version = 3 << 24 } == "badData: expected a little-endian file, found version 3 in big-endian order")
        #expect(open { _ in } == "no error")
    }

    @Test func `counts and lengths that the file cannot hold are named before anything is made of them`() {
        typealias B = GGUFBytes
        let most = UInt64.max
        func found(_ what: String, _ limit: Int) -> String {
            "badData: \(what): expected at most \(limit), all that the rest of the file could hold, found \(most)"
        }
        // A file without contents is 24 bytes, filled up to 32.
        #expect(open { $0.tensorCount = most } == found("number of tensors", 0))
        #expect(open { $0.valueCount = most } == found("number of key-values", 0))
        #expect(open { $0.values = [B.bytes(most) + [UInt8](repeating: 0, count: 32)] } == found("key 0: length", 32))
        #expect(open { $0.values = [B.value("text", 8, B.bytes(most))] } == found("text: length", 16))
        #expect(open { $0.values = [B.value("list", list: 4, most, [])] } == found("list: number of elements", 3))
        #expect(open { $0.values = [B.value("list", list: 8, 2, B.text("a") + B.bytes(most))] } == found("list[1]: length", 27))
        #expect(
            open { $0.values = [B.value("list", list: 9, 1, B.bytes(UInt32(9)) + B.bytes(most))] }
                == "badData: list: expected a list of single values, found a list of lists")
        #expect(open { $0.tensors = [B.bytes(most) + [UInt8](repeating: 0, count: 32)] } == found("name of tensor 0: length", 32))
        #expect(
            open { $0.tensors = [B.tensor("x", [1 << 40, 1 << 40])] }
                == "badData: tensor x: expected lengths whose product can be counted, found 1099511627776")
        #expect(
            open { $0.tensors = [B.tensor("x", [most])] }
                == "badData: tensor x: expected lengths whose product can be counted, found \(most)")
        #expect(open { $0.tensors = [B.tensor("x", [0])] } == "badData: tensor x: expected lengths of at least 1, found 0")
        #expect(open { $0.tensors = [B.tensor("x", [])] } == "badData: tensor x: expected 1 to 4 axes, found 0")
        #expect(open { $0.tensors = [B.tensor("x", [1, 1, 1, 1, 1])] } == "badData: tensor x: expected 1 to 4 axes, found 5")
    }

    @Test func `key-values that lie are named`() {
        typealias B = GGUFBytes
        #expect(open { $0.values = [B.value("a", 1), B.value("a", 2)] } == "badData: a: this key appears twice")
        #expect(open { $0.values = [B.value("a", list: 0, 1, [1]), B.value("a", 2)] } == "badData: a: this key appears twice")
        #expect(open { $0.values = [B.value("a", 13, [])] } == "badData: a: type: expected a type from 0 to 12, found 13")
        #expect(open { $0.values = [B.value("a", 7, [2])] } == "badData: a: expected 0 or 1 for a bool, found 2")
        #expect(open { $0.values = [B.value("a", 8, B.bytes(UInt64(1)) + [0xFF])] } == "badData: a: expected UTF-8, found other bytes")
        #expect(
            open { $0.values = [B.value("a", 10, B.bytes(UInt64.max))] }
                == "badData: a: expected at most 9223372036854775807, found 18446744073709551615")
        #expect(open { $0.values = [B.value("general.alignment", 24)] } == "badData: general.alignment: expected a power of two, found 24")
        #expect(
            open { $0.values = [B.value("general.alignment", 0)] }
                == "badData: general.alignment: expected a whole number of at least 1, found 0")
        let cut = B.value("name", 10, [1, 2])
        var file = B()
        file.values = [cut]
        #expect(open(file.all(alignment: 1)) == "badData: name: expected 8 bytes, found 2: the file is truncated")
    }

    @Test func `tensors that lie are named`() {
        typealias B = GGUFBytes
        func tensors(_ rows: [[UInt8]], data: Int = 64) -> String {
            open {
                $0.tensors = rows
                $0.data = data
            }
        }
        #expect(tensors([B.tensor("x", [8]), B.tensor("y", [8], offset: 32)]) == "no error")
        #expect(tensors([B.tensor("x", [8]), B.tensor("x", [8], offset: 32)]) == "badData: tensor x: this name appears twice")
        #expect(
            tensors([B.tensor("x", [8]), B.tensor("y", [8], offset: 33)])
                == "badData: tensor y: expected an offset that is a multiple of 32, found 33")
        #expect(
            tensors([B.tensor("x", [8]), B.tensor("y", [8], offset: 0)])
                == "badData: tensor y: its bytes from 0 overlap those of x, which end at 32")
        #expect(
            tensors([B.tensor("x", [4]), B.tensor("y", [4], offset: 64)], data: 96)
                == "badData: tensor y: expected its bytes to begin at 32, where those before it end, found 64")
        for offset: UInt64 in [64, .max - 31] {
            #expect(
                tensors([B.tensor("x", [8]), B.tensor("y", [8], offset: offset)])
                    == "badData: tensor y: expected 32 bytes of data at offset \(offset), found 64 bytes in all: the file is truncated or its table is wrong"
            )
        }
        #expect(
            tensors([B.tensor("x", [33], type: 2)])
                == "badData: tensor x: expected rows of a multiple of 32 values, the block of Q4_0, found 33")
        let known = "expected one of F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q6_K, F64, BF16"
        #expect(tensors([B.tensor("x", [256], type: 10)]) == "badData: tensor x: type: \(known), found Q2_K")
        #expect(tensors([B.tensor("x", [256], type: 23)]) == "badData: tensor x: type: \(known), found IQ4_XS")
        #expect(
            tensors([B.tensor("x", [256], type: 99)])
                == "badData: tensor x: type: \(known), found the number 99, which is no type that is known")
    }

    @Test func `a file of 10 GB opens at once`() throws {
        var file = GGUFBytes()
        let rows: UInt64 = 10 * (1 << 30) / 4096
        let texts = GGUFBytes.text("token")
        file.values = [GGUFBytes.value("tokens", list: 8, 10_000, Array(repeatElement(texts, count: 10_000).joined()))]
        file.tensors = [GGUFBytes.tensor("x", [1024, rows])]
        let path = try folder.write("m.gguf", file.all())
        try folder.extend(path, to: file.all().count + 10 * (1 << 30))
        let start = ContinuousClock.now
        let opened = try GGUFFile(path: path)
        #expect(ContinuousClock.now - start < .milliseconds(200))
        #expect(try opened.info("x").shape == [Int(rows), 1024])
        try folder.extend(path, to: file.all().count + 10 * (1 << 30) - 1)
        #expect(problem { try GGUFFile(path: path) }.hasSuffix("the file is truncated or its table is wrong"))
    }
}
