// `step.id[i,j,…]`: one cell of one step, as people type it.

internal import Traces

struct StepReference {
    let id: String
    let index: [Int]

    /// Parses `attention.scores[0,7,2]`; a step without axes is named without brackets.
    init(_ text: String) throws {
        guard let open = text.firstIndex(of: "[") else {
            id = text
            index = []
            return
        }
        guard text.hasSuffix("]") else { throw UsageError("\(text): expected STEP[i,j,…], found no closing bracket") }
        id = String(text[..<open])
        index = try text[text.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let position = Int(part.filter { $0 != " " }) else {
                throw UsageError("\(text): expected whole numbers in brackets, found \"\(part)\"")
            }
            return position
        }
    }
}
