// One error type for lesson files and for what a reader asks of them: which file and place, what was expected, what was found.

/// A lesson file that is wrong, or a request that no lesson can meet.
public struct LessonError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sort of failure.
    public enum Kind: Hashable, Sendable {
        /// A lesson file's contents are wrong.
        case badFile
        /// A file that should be there is not, or cannot be read.
        case noInput
        /// There is no lesson, question or experiment of that name.
        case unknownName
        /// The reader's own text cannot be understood.
        case badText
    }

    /// A place in a file, counted from 1.
    public struct Place: Hashable, Sendable {
        /// The file, as it was found.
        public var file: String
        /// The line, from 1.
        public var line: Int
        /// The column in characters, from 1.
        public var column: Int

        /// A place.
        public init(file: String, line: Int, column: Int) {
            self.file = file
            self.line = line
            self.column = column
        }
    }

    /// The sort of failure.
    public let kind: Kind
    /// Where, if it is in a file.
    public let place: Place?
    /// What was expected and what was found.
    public let problem: String

    /// An error, with its place if it has one.
    public init(_ kind: Kind, at place: Place? = nil, _ problem: String) {
        self.kind = kind
        self.place = place
        self.problem = problem
    }

    /// For example `lessons/diary.yaml:12:5: expected a feature, found "plase"`.
    public var description: String { (place.map { "\($0.file):\($0.line):\($0.column): " } ?? "") + problem }
}
