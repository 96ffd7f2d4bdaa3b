// An explanation's lines as players write them: a sum with every term written out is broken after a few terms, so that it can be read.

internal import Traces

extension Explanation {
    /// The longest sum that stands on one line; explanations that are not asked for all terms never have more.
    private static let longest = 10
    private static let termsPerLine = 4

    /// The chain of equalities; a long sum is several pieces, the first of which begins the line.
    func pieces(_ language: Language) -> [[String]] {
        lines(language, inFull: false).map { line in
            let terms = Self.terms(of: line)
            guard terms.count > Self.longest else { return [line] }
            return stride(from: 0, to: terms.count, by: Self.termsPerLine).map { start in
                (start == 0 ? "" : "+ ") + terms[start..<min(start + Self.termsPerLine, terms.count)].joined(separator: " + ")
            }
        }
    }

    /// The terms of the outermost sum; one if the line is none.
    private static func terms(of line: String) -> [String] {
        var terms: [String] = [""]
        var depth = 0
        for part in line.split(separator: " ", omittingEmptySubsequences: false) {
            if part == "+", depth == 0 {
                terms.append("")
                continue
            }
            depth += part.count { "([{".contains($0) } - part.count { ")]}".contains($0) }
            terms[terms.count - 1] += (terms[terms.count - 1].isEmpty ? "" : " ") + part
        }
        return terms
    }
}
