// What the pictures of a page have in common, kept once. Pictures of one run differ in a row that is lit or a frame that has moved; what is the same in two of
// them becomes a shape of the page, which both use.

internal import Foundation

/// Collects the markup of a page's pictures, then gives it back with references to what several share.
struct SharedMarkup {
    /// A stretch of a picture: lines that may be shared, or a line that opens or ends a group.
    private enum Piece {
        case lines(Int)
        case bracket(Substring)
    }

    private var pictures: [[Piece]] = []
    /// Stretches in the order in which they were met, how often each was, and their numbers.
    private var texts: [String] = []
    private var counts: [Int] = []
    private var numbers: [String: Int] = [:]
    /// A stretch ends behind about one line in so many: which ones their own text says, so that equal lines are cut alike wherever they stand.
    private static let length = 12
    /// Shorter stretches are not worth a reference.
    private static let shortest = 120

    /// Takes the markup of a picture, an element a line; what stands for it until all are known.
    mutating func add(_ markup: String) -> String {
        var pieces: [Piece] = []
        var stretch = ""
        func finish() {
            if !stretch.isEmpty { pieces.append(.lines(number(of: stretch))) }
            stretch = ""
        }
        for line in markup.split(separator: "\n") {
            guard !line.hasPrefix("<g"), !line.hasPrefix("</g") else {
                finish()
                pieces.append(.bracket(line))
                continue
            }
            stretch += line + "\n"
            if Self.isLast(line) { finish() }
        }
        finish()
        pictures.append(pieces)
        return Self.mark + "\(pictures.count - 1)-->"
    }

    /// No text of a reader can hold it: that is escaped.
    private static let mark = "<!--picture "

    private mutating func number(of text: String) -> Int {
        if let number = numbers[text] {
            counts[number] += 1
            return number
        }
        numbers[text] = texts.count
        texts.append(text)
        counts.append(1)
        return texts.count - 1
    }

    private static func isLast(_ line: Substring) -> Bool {
        line.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % UInt32(length) == 0
    }

    private func isShared(_ number: Int) -> Bool { counts[number] > 1 && texts[number].utf8.count >= Self.shortest }

    /// Markup with the pictures in their places.
    func filled(_ text: String) -> String {
        var parts = text.components(separatedBy: Self.mark)
        for at in parts.indices.dropFirst() {
            let number = parts[at].prefix { $0 != "-" }
            parts[at] = markup(Int(number)!) + parts[at].dropFirst(number.count + 3)
        }
        return parts.joined()
    }

    private func markup(_ picture: Int) -> String {
        pictures[picture].map { piece in
            switch piece {
            case .bracket(let line): line + "\n"
            case .lines(let number): isShared(number) ? "<use href=\"#s\(number)\"/>\n" : texts[number]
            }
        }.joined()
    }

    /// What several pictures use, as shapes.
    var shapes: String {
        texts.indices.filter(isShared).map { "<g id=\"s\($0)\">\n\(texts[$0])</g>\n" }.joined()
    }
}
