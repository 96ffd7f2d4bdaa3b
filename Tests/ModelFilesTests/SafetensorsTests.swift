import FileTesting
import ModelFiles
import Testing
import Traces

@Suite struct SafetensorsTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func open(_ header: String, data: Int = 0) -> String {
        problem { try Safetensors(path: folder.safetensors(header, data: [UInt8](repeating: 0, count: data))) }
    }

    /// Bit patterns with the values that IEEE 754, bfloat16 and the OCP FP8 specification give them.
    @Test func `every type of number is decoded to its value`() throws {
        let header = #"""
            {"half":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},
            "float8":{"dtype":"F8_E4M3","shape":[6],"data_offsets":[16,22]},"i32":{"dtype":"I32","shape":[2],"data_offsets":[22,30]},
            "u8":{"dtype":"U8","shape":[2],"data_offsets":[30,32]},"f32":{"dtype":"F32","shape":[],"data_offsets":[32,36]}}
            """#
        let data: [UInt8] = [
            0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0xFF, 0x7B, 0x00, 0x7C, 0xFF, 0x03,  // 1, -2, 2^-24, 65504, ∞, largest subnormal
            0x80, 0x3F, 0x49, 0x40,  // 1, 3.140625
            0x38, 0x7E, 0xFE, 0x01, 0x08, 0x80,  // 1, 448, -448, 2^-9, 2^-6, -0
            0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x80,  // -1, -2^31
            0x00, 0xFF, 0x00, 0x00, 0x20, 0x41,
        ]
        let file = try Safetensors(path: folder.safetensors(header, data: data))
        #expect(try file.tensor("half", axes: ["i"]).values == [1, -2, 0x1p-24, 65504, .infinity, 1023 * 0x1p-24])
        #expect(try file.tensor("brain", axes: ["i"]).values == [1, 3.140625])
        #expect(try file.tensor("float8", axes: ["i"]).values == [1, 448, -448, 0x1p-9, 0x1p-6, 0])
        #expect(try file.tensor("i32", axes: ["i"]).values == [-1, -2_147_483_648])
        #expect(try file.integers("u8") == [0, 255])
        #expect(try file.tensor("f32", axes: []).values == [10])
        #expect(file.names == ["brain", "f32", "float8", "half", "i32", "u8"])
    }

    @Test func `what is written reads back the same`() throws {
        var writer = SafetensorsWriter(metadata: ["kind": "a \"test\"\n", "名": "值"])
        writer.add("b", Tensor([.t, .c], [2, 2], [1, -0.1, .infinity, .leastNonzeroMagnitude]))
        writer.add("a", shape: [3], integers: [.max, .min, 0])
        writer.add("codes", shape: [2], float8Codes: [0x38, 0x7E])
        writer.add("bytes", shape: [1, 1], bytes: [7])
        writer.add("floats", shape: [1], floats: [0.1])
        writer.add("none", shape: [0, 4], floats: [])
        let path = folder.path + "/written.safetensors"
        try writer.write(to: path)
        let file = try Safetensors(path: path)
        #expect(file.metadata == ["kind": "a \"test\"\n", "名": "值"])
        #expect(try file.tensor("b", axes: [.t, .c]) == Tensor([.t, .c], [2, 2], [1, -0.1, .infinity, .leastNonzeroMagnitude]))
        #expect(try file.integers("a") == [.max, .min, 0])
        #expect(try file.tensor("codes", axes: ["i"]).values == [1, 448])
        #expect(try file.codes("bytes") == [7])
        #expect(try file.tensor("floats", axes: ["i"]).values == [Double(Float(0.1))])
        #expect(try file.tensor("none", axes: ["i", "j"]).values == [])
        #expect(
            problem { try file.tensor("a", axes: ["i"]) } == "badData: a: expected integers up to 2^53 in size, found 9223372036854775807")
        #expect(problem { try file.integers("b") } == "badData: b: expected integers (I64, I32 or U8), found F64")
        #expect(problem { try file.codes("b") } == "badData: b: expected bytes (U8 or F8_E4M3), found F64")
        #expect(problem { try file.tensor("b", axes: [.t]) } == "badData: b: expected 1 axes [t], found the shape [2, 2]")
        #expect(problem { try file.tensor("b", Shape([(.t, 2), (.c, 3)])) } == "badData: b: expected [2, 3], found [2, 2]")
        #expect(problem { try file.tensor("byte", axes: []) } == "badData: tensor byte is missing; there is bytes")
    }

    @Test func `a missing file, a folder and a device are no input`() {
        #expect(problem { try Safetensors(path: "/no/such/file") } == "noInput: cannot be opened: No such file or directory")
        #expect(problem { try Safetensors(path: "/tmp") } == "noInput: expected a file, found a folder")
        #expect(problem { try Safetensors(path: "/dev/null") } == "noInput: expected a file, found a device or pipe")
    }

    @Test func `a length that lies is told`() throws {
        #expect(
            problem { try Safetensors(path: folder.write("a", [])) } == "badData: expected a safetensors file of at least 8 bytes, found 0")
        let huge = [UInt8](repeating: 0xFF, count: 8) + Array("{}".utf8)
        #expect(
            problem { try Safetensors(path: folder.write("a", huge)) }
                == "badData: expected a header of at most 100000000 bytes, found a length of 18446744073709551615: not a safetensors file?")
        let long: [UInt8] = [100, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)
        #expect(
            problem { try Safetensors(path: folder.write("a", long)) }
                == "badData: expected a header of 100 bytes, found a file with 2 after its first 8: it is truncated")
    }

    @Test(arguments: [
        ("", "line 1, column 1: expected a JSON object, found the end of the file"),
        ("[]", "line 1, column 1: expected a JSON object, found '['"),
        (#"{"a" 1}"#, "line 1, column 6: expected ':' after \"a\", found '1'"),
        (#"{"a":1}"#, "tensor a: expected an object, found 1"),
        (#"{"a":{"shape":[],"data_offsets":[0,0]}}"#, "tensor a: dtype: expected a text, found nothing"),
        (
            #"{"a":{"dtype":"F12","shape":[],"data_offsets":[0,0]}}"#,
            "tensor a: dtype: expected one of F64, F32, F16, BF16, F8_E4M3, I64, I32, U8, found \"F12\""
        ),
        (#"{"a":{"dtype":"U8","data_offsets":[0,0]}}"#, "tensor a: shape: expected an array, found nothing"),
        (#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#, "tensor a: shape: expected whole numbers from 0, found -1"),
        (#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,0]}}"#, "tensor a: shape: expected whole numbers from 0, found 1.5"),
        (#"{"a":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}"#, "tensor a: shape: expected whole numbers from 0, found \"2\""),
        (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}}"#, "tensor a: data_offsets: expected 2 numbers, found 1"),
        (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[3,2]}}"#, "tensor a: data_offsets: begin 3 is after end 2"),
        (
            #"{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}"#,
            "tensor a: data_offsets: expected an end of at most 4, found 5: the file is truncated or its header is wrong"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,18446744073709551615]}}"#,
            "tensor a: data_offsets: expected whole numbers from 0, found 1.8446744073709552e+19"
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "tensor a: expected 8 bytes for F32 [2], found 4"),
        (
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
            "tensor a: expected lengths whose product can be counted, found [4294967296, 4294967296]"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            "tensor b: its bytes from 2 overlap those of a, which end at 3"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            "tensor b: expected its bytes to begin at 1, found 2: the format allows no gaps"
        ),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, "expected 1 bytes of data, found 4: 3 belong to no tensor"),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\n \"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
            "line 2, column 2: \"a\" appears twice in one object"
        ),
        (#"{"a":{"dtype":"U8","dtype":"U8"}}"#, "line 1, column 20: \"dtype\" appears twice in one object"),
        (#"{"__metadata__":{"kind":1}}"#, "__metadata__.kind: expected a text, found 1"),
        (#"{"__metadata__":[]}"#, "__metadata__: expected an object, found an array"),
        (String(repeating: #"{"a":"#, count: 300), "line 1, column 1002: expected at most 200 levels of nesting, found more"),
    ])
    func `a header that lies is told, and where`(header: String, expected: String) {
        #expect(open(header, data: 4) == "badData: \(expected)")
    }

    @Test func `a large file opens without being read`() throws {
        // Sparse: 8 GB on paper. Reading it would take far longer than the test run allows, and the last values are there all the same.
        let header = #"{"big":{"dtype":"U8","shape":[8589934592],"data_offsets":[0,8589934592]}}"#
        let path = try folder.safetensors(header)
        try folder.extend(path, to: 8 + header.utf8.count + 8_589_934_592)
        #expect(try Safetensors(path: path).info("big").shape == [8_589_934_592])
    }
}
