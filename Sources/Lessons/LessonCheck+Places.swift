// Words that say where something stands in a picture. A picture has a wide and a narrow form, and what is side by side in one stands one above the other in
// the other: such words hold in one form at most. Narration names what it means instead: a panel's title, a colour, a row.

extension LessonCheck {
    /// What is wrong with a lesson's words about places in pictures.
    func placeProblems(_ lesson: Lesson) -> [LessonError] {
        lesson.narrations.values.flatMap { narration in
            narration.sections.flatMap { section in
                ([section.title] + Self.lines(section.nodes)).flatMap { line in
                    Self.places(in: line.text).map { words, column in
                        LessonError(
                            .badFile, at: .init(file: narration.file, line: line.number, column: column),
                            "“\(words)” is a place in one form of a picture, and pictures have two: expected the name of what is meant")
                    }
                }
            }
        }
    }

    /// Words for places in pictures, with their columns.
    static func places(in line: String) -> [(words: String, column: Int)] {
        (line.matches(of: english).map(\.range) + line.matches(of: chinese).map(\.range)).map {
            (String(line[$0]), line.distance(from: line.startIndex, to: $0.lowerBound) + 1)
        }
    }

    /// “the right answer” is no place; “on the right,” and “the right half” are.
    nonisolated(unsafe) private static let english =
        #/\b(?:(?:on|at|to) the (?:left|right|top|bottom)(?=$|[^\w ]| (?:of|side|half|are|is|stand|stands|hand)\b)|(?:left|right|upper|lower)(?: |-)(?:half|hand|panel)\b|(?:picture|figure|matrix|matrices|panel|panels) (?:above|below)\b)/#
        .ignoresCase()
    nonisolated(unsafe) private static let chinese = #/[左右](?:边|侧|半|面|图)|[上下](?:半|图|方的图)/#
}
