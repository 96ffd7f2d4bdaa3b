// Bytes as characters, as GPT-2 began it: each byte has a visible character of its own (a space is Ġ), so that a vocabulary of texts holds any bytes.

/// The alphabet of byte-level tokenizers.
enum ByteAlphabet {
    /// The character of each byte: itself where it is visible in Latin-1, else the next one from U+0100.
    static let scalars: [Unicode.Scalar] = {
        var hidden: UInt32 = 0
        return (0..<256).map { (byte: UInt32) in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)!
            default:
                hidden += 1
                return Unicode.Scalar(0xFF + hidden)!
            }
        }
    }()

    private static let bytes = Dictionary(uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })

    /// The UTF-8 bytes of `text`, each as its character.
    static func encode(_ text: String) -> String { String(scalars: text.utf8.lazy.map { scalars[Int($0)] }) }

    /// The bytes that `token` stands for; nil if a character of it stands for none.
    static func bytes(of token: String) -> [UInt8]? {
        var found: [UInt8] = []
        for scalar in token.unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            found.append(byte)
        }
        return found
    }
}

extension ByteAlphabet {
    /// A token as a reader can see it: its characters, ▁ for a space, and bytes that are no whole character as tokens of bytes write them, `<0xE6>`.
    static func label(_ token: String) -> String {
        guard let bytes = bytes(of: token) else { return token }
        var (label, rest) = ("", bytes[...])
        while !rest.isEmpty {
            let length = (1...min(4, rest.count)).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let length {
                label += String(decoding: rest.prefix(length), as: UTF8.self)
            } else {
                label += ByteToken.text(rest[rest.startIndex])
            }
            rest = rest.dropFirst(length ?? 1)
        }
        return label.replacingExactly(" ", with: "\u{2581}")
    }
}
