// The tokens beside a dump of attention: a JSON list of texts, or a text a line.

public import Traces

/// Reads lists of tokens.
public enum TokenFile {
    /// The tokens of the file: of a JSON list of texts, which `.json` promises and `[` with a quotation mark begins; of any other file its lines.
    public static func read(_ path: String) throws(FileError) -> [String] {
        var bytes = try WholeFile.read(path)
        // A byte order mark says nothing of UTF-8 and belongs to no token.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        let start = bytes.lazy.filter { $0 > 0x20 }.prefix(2)
        if path.hasSuffix(".json") || start.elementsEqual([0x5B, 0x22]) || start.elementsEqual([0x5B, 0x5D]) {
            return try list(path, bytes)
        }
        guard var text = String(validating: bytes, as: UTF8.self) else { throw FileError(.badData, path, "expected text in UTF-8") }
        text = text.replacing("\r\n", with: "\n")
        if text.hasSuffix("\n") { text.removeLast() }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func list(_ path: String, _ bytes: [UInt8]) throws(FileError) -> [String] {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                try JSONReader.read(bytes, file: path) { reader throws(FileError) in
                    guard reader.next() == UInt8(ascii: "[") else {
                        throw reader.failure("expected a list of texts, a token each, found \(reader.found)")
                    }
                    var tokens: [String] = []
                    try reader.array { reader throws(FileError) in
                        let value = try reader.value()
                        guard case .string(let token) = value else {
                            throw reader.failure("expected a list of texts, a token each, found \(value.description)")
                        }
                        tokens.append(token)
                    }
                    return tokens
                }
            }
        }.get()
    }
}
