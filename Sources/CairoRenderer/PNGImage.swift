// Reading PNGs back, for tests and for whoever wants to check what a file says of itself.

import CPNG

/// A text chunk of a PNG.
public struct PNGText: Hashable, Sendable {
    /// The keyword: `Title`, `Description`, `Software`, `Source`.
    public let key: String
    /// The text.
    public let text: String
    /// The language tag of the text; empty in plain chunks.
    public let language: String

    /// A text chunk.
    public init(_ key: String, _ text: String, _ language: String) {
        self.key = key
        self.text = text
        self.language = language
    }

    /// Whether the text needs the UTF-8 kind of chunk (iTXt); plain ones hold ASCII (tEXt).
    var isInternational: Bool { !text.utf8.allSatisfy { $0 < 128 } }
}

/// A decoded PNG.
public struct PNGImage: Hashable, Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Bits of a sample or palette index in the file.
    public let bitDepth: Int
    /// Whether the file holds palette indices.
    public let isIndexed: Bool
    /// Red, green, blue, alpha, row by row.
    public let rgba: [UInt8]
    /// The text chunks in file order.
    public let texts: [PNGText]

    /// Decodes a file's bytes; throws if they are not a PNG or are damaged.
    public init(decoding bytes: [UInt8]) throws(RendererError) {
        var decoded = cpng_decoded()
        var message = [CChar](repeating: 0, count: 256)
        guard cpng_read(bytes, bytes.count, &decoded, &message) == 0 else { throw RendererError("PNG: \(String(cMessage: message))") }
        defer { cpng_free_decoded(&decoded) }
        width = Int(decoded.width)
        height = Int(decoded.height)
        bitDepth = Int(decoded.bit_depth)
        isIndexed = decoded.color_type == 3
        rgba = Array(UnsafeBufferPointer(start: decoded.rgba, count: width * height * 4))
        texts = (0..<Int(decoded.text_count)).map { i in
            let text = decoded.texts[i]
            return PNGText(String(cString: text.key), String(cString: text.text), text.language.map { String(cString: $0) } ?? "")
        }
    }

    /// RGBA bytes as a PNG file, for pictures of differences.
    public static func encode(rgba: [UInt8], width: Int, height: Int) throws(RendererError) -> [UInt8] {
        try PNGWriter.bytes(rgba: rgba, width: width, height: height)
    }

    /// Red, green, blue and alpha of one pixel.
    public func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(rgba[(y * width + x) * 4..<(y * width + x) * 4 + 4]) }
}
