// Added tokens (`<s>`, `</s>`) are found in a text before anything else: the leftmost first, of those that begin at one place the longest.

import Traces

struct AddedToken: Sendable {
    let id: Int
    let content: String
    let isSpecial: Bool
    /// Whether it is looked for after normalization instead of before.
    let isNormalized: Bool
    let isSingleWord: Bool
    let stripsLeft: Bool
    let stripsRight: Bool

    init(_ settings: Settings) throws(FileError) {
        id = try settings.integer("id", atLeast: 0)
        content = try settings.text("content")
        isSpecial = try settings.bool("special", default: false)
        isNormalized = try settings.bool("normalized", default: !isSpecial)
        isSingleWord = try settings.bool("single_word", default: false)
        stripsLeft = try settings.bool("lstrip", default: false)
        stripsRight = try settings.bool("rstrip", default: false)
    }
}

/// A piece of text: plain, or an added token that was found.
enum TextPiece {
    case text(String, isFirst: Bool)
    case token(Int)
}

/// Divides text at the added tokens that occur in it.
struct AddedTokenSplitter: Sendable {
    private let tokens: [(content: [Unicode.Scalar], token: AddedToken)]

    /// - Parameter change: applied to the content of each token before it is looked for.
    init(_ tokens: [AddedToken], _ change: (String) -> String = { $0 }) {
        self.tokens = tokens.map { (Array(change($0.content).unicodeScalars), $0) }.filter { !$0.content.isEmpty }
            .sorted { $0.content.count > $1.content.count }
    }

    func split(_ text: String, isFirst: Bool) -> [TextPiece] {
        guard !tokens.isEmpty else { return text.isEmpty ? [] : [.text(text, isFirst: isFirst)] }
        let scalars = Array(text.unicodeScalars)
        var pieces: [TextPiece] = []
        var done = 0
        func appendText(to end: Int) {
            guard done < end else { return }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[done..<end])
            pieces.append(.text(String(view), isFirst: isFirst && done == 0))
        }
        var at = 0
        while at < scalars.count {
            guard let match = tokens.first(where: { scalars[at...].starts(with: $0.content) }) else {
                at += 1
                continue
            }
            var (start, end) = (at, at + match.content.count)
            at = end
            if match.token.isSingleWord, Self.isWord(scalars, start - 1) || Self.isWord(scalars, end) { continue }
            if match.token.stripsLeft { while start > done, scalars[start - 1].properties.isWhitespace { start -= 1 } }
            if match.token.stripsRight { while end < scalars.count, scalars[end].properties.isWhitespace { end += 1 } }
            appendText(to: max(start, done))
            pieces.append(.token(match.token.id))
            done = end
        }
        appendText(to: scalars.count)
        return pieces
    }

    private static func isWord(_ scalars: [Unicode.Scalar], _ at: Int) -> Bool {
        guard scalars.indices.contains(at) else { return false }
        let scalar = scalars[at]
        return scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
    }
}
