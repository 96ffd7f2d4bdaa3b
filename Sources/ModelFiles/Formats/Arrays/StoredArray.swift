// An array of floating-point numbers as a file holds it: their kind, the order of their bytes, how far apart neighbours along each axis are. Nothing is
// decoded before it is asked for, and then only the part that is asked for: attention of all layers of a model is large.

import Traces

/// An array of numbers in a file.
struct StoredArray: Sendable {
    /// The kind of the numbers.
    enum Number: String, Sendable {
        case float16, bfloat16, float32, float64

        /// Bytes of one number.
        var size: Int {
            switch self {
            case .float16, .bfloat16: 2
            case .float32: 4
            case .float64: 8
            }
        }
    }

    /// Where the bytes are.
    enum Storage: Sendable {
        /// In the file.
        case mapped(MappedFile, Range<Int>)
        /// In memory, unpacked, from this position on.
        case unpacked([UInt8], from: Int)
    }

    /// The file and the array in it, for errors.
    let subject: String
    let number: Number
    let isBigEndian: Bool
    /// Lengths, each above 0.
    let lengths: [Int]
    /// How far apart neighbours along each axis are, in numbers.
    let strides: [Int]
    let storage: Storage

    /// - Parameter isFortran: whether the first axis varies fastest.
    init(_ subject: String, _ number: Number, isBigEndian: Bool = false, _ lengths: [Int], isFortran: Bool = false, _ storage: Storage) {
        (self.subject, self.number, self.isBigEndian, self.lengths, self.storage) = (subject, number, isBigEndian, lengths, storage)
        var strides = [Int](repeating: 1, count: lengths.count)
        var next = 1
        for axis in isFortran ? Array(lengths.indices) : lengths.indices.reversed() {
            strides[axis] = next
            next *= lengths[axis]
        }
        self.strides = strides
    }

    /// The numbers along `axes`, the last of them fastest; all other axes stand where `position` says.
    func values(along axes: [Int], at position: [Int]) -> [Double] {
        switch number {
        case .float64: gathered(axes, position, UInt64.self) { Double(bitPattern: $0) }
        case .float32: gathered(axes, position, UInt32.self) { Double(Float(bitPattern: $0)) }
        case .bfloat16: gathered(axes, position, UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
        case .float16: gathered(axes, position, UInt16.self) { Safetensors.half($0) }
        }
    }

    private func gathered<Stored: FixedWidthInteger & BitwiseCopyable>(
        _ axes: [Int], _ position: [Int], _ stored: Stored.Type, _ value: (Stored) -> Double
    ) -> [Double] {
        let start = lengths.indices.reduce(0) { axes.contains($1) ? $0 : $0 + position[$1] * strides[$1] }
        let (sizes, steps) = (axes.map { lengths[$0] }, axes.map { strides[$0] })
        let (run, step) = (sizes.last ?? 1, steps.last ?? 0)
        let total = sizes.reduce(1, *)
        return withBytes { bytes in
            [Double](unsafeUninitializedCapacity: total) { out, count in
                var index = [Int](repeating: 0, count: max(sizes.count - 1, 0))
                var from = start
                for cell in stride(from: 0, to: total, by: run) {
                    for i in 0..<run {
                        let raw = bytes.loadUnaligned(fromByteOffset: (from + i * step) * MemoryLayout<Stored>.size, as: Stored.self)
                        out.initializeElement(at: cell + i, to: value(isBigEndian ? Stored(bigEndian: raw) : Stored(littleEndian: raw)))
                    }
                    for axis in index.indices.reversed() {
                        index[axis] += 1
                        from += steps[axis]
                        if index[axis] < sizes[axis] { break }
                        from -= steps[axis] * sizes[axis]
                        index[axis] = 0
                    }
                }
                count = total
            }
        }
    }

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch storage {
        case .mapped(let file, let range): withExtendedLifetime(file) { body(UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
        case .unpacked(let bytes, let start): bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        }
    }

    /// The product of lengths that a file says, each above 0; nil if it cannot be counted.
    static func count(_ lengths: [Int]) -> Int? {
        var product = 1
        for length in lengths {
            let (next, overflows) = product.multipliedReportingOverflow(by: length)
            guard length > 0, !overflows, next <= Shape.mostCells else { return nil }
            product = next
        }
        return product
    }
}
