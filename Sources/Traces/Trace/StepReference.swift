// `step.id[i,j,…]`: one cell of one step, as people type it.

/// A step's id and the index of a cell in it.
public struct StepReference: Hashable, Sendable {
    /// The step's id, as it was typed.
    public let id: String
    /// The index, one position an axis; empty for a step without axes.
    public let index: [Int]

    /// Parses `attention.scores[0,7,2]`; a step without axes is named without brackets. Throws for brackets that do not close, and for what is
    /// no whole number in them.
    public init(parsing text: String) throws(EngineError) {
        guard let open = text.firstIndex(of: "[") else {
            id = text
            index = []
            return
        }
        guard text.last == "]" else { throw EngineError(.index, text, expected: "STEP[i,j,…]", found: "no closing bracket") }
        id = String(text[..<open])
        var index: [Int] = []
        for part in text[text.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false) {
            guard let position = Int(String(part.filter { $0 != " " })) else {
                throw EngineError(.index, text, expected: "whole numbers in brackets", found: "\"\(part)\"")
            }
            index.append(position)
        }
        self.index = index
    }
}
