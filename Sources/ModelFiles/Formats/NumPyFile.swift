// Writes a tensor as numpy reads it (numpy.lib.format, version 1.0): a magic word, the length of a header that is a dictionary of Python, padded so
// that the data begins at a multiple of 64, then the numbers, last axis fastest. Such files are read in Arrays/.

public import Traces

/// The .npy format.
public enum NumPyFile {
    /// The file of a tensor's numbers, each of 8 bytes, the lowest first.
    public static func bytes(of tensor: Tensor) -> [UInt8] {
        let lengths = tensor.shape.lengths.map(String.init)
        let shape = lengths.count == 1 ? "(\(lengths[0]),)" : "(\(lengths.joined(separator: ", ")))"
        let dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
        // Magic word, version and length take 10 bytes; a line feed ends the header.
        let padding = String(repeating: " ", count: (64 - (10 + dictionary.utf8.count + 1) % 64) % 64)
        let header = Array("\(dictionary)\(padding)\n".utf8)
        precondition(header.count <= UInt16.max, "a header of version 1.0 has at most 65,535 bytes")
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes += withUnsafeBytes(of: UInt16(header.count).littleEndian, Array.init)
        bytes += header
        bytes.reserveCapacity(bytes.count + 8 * tensor.values.count)
        for value in tensor.values { bytes += withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
        return bytes
    }
}
