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

    /// All of them. Their ids are not a file's to choose: a content that the vocabulary has keeps its id there, a new one follows the last; a file
    /// that says otherwise is read in two ways by two programs, and refused.
    static func list(_ settings: Settings, after vocabulary: TokenVocabulary) throws(FileError) -> [AddedToken] {
        var (all, ids, next) = ([AddedToken](), [ExactText: Int](), vocabulary.count)
        for each in try settings.objects("added_tokens") {
            let token = try AddedToken(each)
            let expected = ids[ExactText(token.content)] ?? vocabulary.id(of: token.content) ?? next
            guard token.id == expected || token.content.isEmpty else { throw each.failure("id", expected: "\(expected)") }
            ids[ExactText(token.content)] = expected
            if expected == next { next += 1 }
            all.append(token)
        }
        return all
    }
}

/// A piece of text: plain, or an added token that was found.
enum TextPiece {
    case text(String, isFirst: Bool)
    case token(Int)
}

/// Divides text at the added tokens that occur in it. They stand in a tree of characters, so that a position costs at most the length of the
/// longest token, however many there are.
struct AddedTokenSplitter: Sendable {
    /// A place in the tree: what a character leads to, and the token that ends here.
    private struct Node: Sendable {
        var next: [Unicode.Scalar: Int] = [:]
        var token: AddedToken?
    }
    private var nodes = [Node()]

    /// - Parameter tokens: tokens with the texts by which they are found.
    init(_ tokens: [(content: String, token: AddedToken)]) {
        for (content, token) in tokens where !content.isEmpty {
            var place = 0
            for scalar in content.unicodeScalars {
                if let next = nodes[place].next[scalar] {
                    place = next
                } else {
                    nodes.append(Node())
                    nodes[place].next[scalar] = nodes.count - 1
                    place = nodes.count - 1
                }
            }
            // Of equal texts the first one counts.
            if nodes[place].token == nil { nodes[place].token = token }
        }
    }

    /// The longest token that begins at `start`, and where it ends.
    private func match(_ scalars: [Unicode.Scalar], at start: Int) -> (token: AddedToken, end: Int)? {
        var (place, at) = (0, start)
        var longest: (AddedToken, Int)?
        while at < scalars.count, let next = nodes[place].next[scalars[at]] {
            (place, at) = (next, at + 1)
            if let token = nodes[place].token { longest = (token, at) }
        }
        return longest
    }

    func split(_ text: String, isFirst: Bool) -> [TextPiece] {
        guard nodes.count > 1 else { return text.isEmpty ? [] : [.text(text, isFirst: isFirst)] }
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
        // Where the spaces end that were last looked through: many tokens before one run of spaces do not look again.
        var spaceEnd = 0
        while at < scalars.count {
            guard let match = match(scalars, at: at) else {
                at += 1
                continue
            }
            var (start, end) = (at, match.end)
            at = end
            if match.token.isSingleWord, Self.isWord(scalars, start - 1) || Self.isWord(scalars, end) { continue }
            if match.token.stripsLeft { while start > done, scalars[start - 1].properties.isWhitespace { start -= 1 } }
            if match.token.stripsRight {
                spaceEnd = max(spaceEnd, end)
                while spaceEnd < scalars.count, scalars[spaceEnd].properties.isWhitespace { spaceEnd += 1 }
                end = spaceEnd
            }
            appendText(to: max(start, done))
            pieces.append(.token(match.token.id))
            done = end
        }
        appendText(to: scalars.count)
        return pieces
    }

    private static func isWord(_ scalars: [Unicode.Scalar], _ at: Int) -> Bool { scalars.indices.contains(at) && scalars[at].isWordPart }
}
