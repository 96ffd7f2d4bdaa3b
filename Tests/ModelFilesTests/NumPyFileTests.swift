import ModelFiles
import Testing
import Traces

@Test func `a tensor is the file that numpy writes of it`() {
    // numpy.save of np.array([[1.0, -0.5, 2.0]]): header and numbers.
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }"
    let expected: [UInt8] =
        [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 0x76, 0] + Array(header.utf8)
        + [UInt8](repeating: 0x20, count: 117 - header.utf8.count) + [0x0A]
        + [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0xE0, 0xBF, 0, 0, 0, 0, 0, 0, 0, 0x40]
    #expect(NumPyFile.bytes(of: Tensor([.t, .s], [1, 3], [1, -0.5, 2])) == expected)
}

@Test(arguments: [[3], [], [2, 0]]) func `one axis, no axis and no number keep the data at a multiple of 64`(lengths: [Int]) {
    let axes = lengths.indices.map { Axis("a\($0)") }
    let count = lengths.reduce(1, *)
    let bytes = NumPyFile.bytes(of: Tensor(Shape(axes, lengths), [Double](repeating: 1, count: count)))
    let shapes = [[3]: "'shape': (3,), ", []: "'shape': (), ", [2, 0]: "'shape': (2, 0), "]
    #expect((bytes.count - 8 * count) % 64 == 0)
    #expect(String(decoding: bytes[10...].prefix { $0 < 128 }, as: UTF8.self).contains(shapes[lengths] ?? "?"))
}
