// An explanation's lines as players write them: a sum with every term written out is broken after a few terms, so that it can be read.

internal import Traces

extension Explanation {
    /// The longest sum that stands on one line; explanations that are not asked for all terms never have more.
    private static let longest = 10
    private static let termsPerLine = 4

    /// The chain of equalities; a long sum is several pieces, the first of which begins the line.
    var pieces: [[String]] {
        chain.map { line in
            let terms = line.terms
            guard terms.count > Self.longest else { return [line.text] }
            return stride(from: 0, to: terms.count, by: Self.termsPerLine).map { start in
                (start == 0 ? "" : "+ ") + terms[start..<min(start + Self.termsPerLine, terms.count)].joined(separator: " + ")
            }
        }
    }
}
