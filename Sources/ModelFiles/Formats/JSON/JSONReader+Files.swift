// JSON in files.

import Traces

extension JSONReader {
    /// Reads one whole file.
    static func read<Value>(path: String, _ body: (inout JSONReader) throws(FileError) -> Value) throws(FileError) -> Value {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        return try read(file.bytes, file: path, body)
    }
}
