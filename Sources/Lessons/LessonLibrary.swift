// The lessons of a folder, in the order of the course.

public import Mechanisms

internal import Foundation
internal import Traces

/// The lessons of a folder, with the diary they share.
public struct LessonLibrary: Sendable {
    /// The running example.
    public let diary: Diary
    /// Lessons that could be read, in the order of the course.
    public let lessons: [Lesson]
    /// A page of its own with everything to try; no lesson of the course. Nil where there is none.
    public let laboratory: Lesson?
    /// What is wrong with the others.
    public let problems: [LessonError]

    /// Reads `folder`: `diary.yaml`, and a folder for each lesson. A lesson that cannot be read is among `problems`, and the others stay usable.
    /// - Parameter resources: reference cases, costs and data for the lessons that speak of them.
    public init(folder: String, resources: LessonResources = LessonResources()) throws(LessonError) {
        let diary = try Diary(file: folder + "/diary.yaml")
        self.diary = diary
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw LessonError(.noInput, "\(folder): no such folder, or it may not be read")
        }
        var lessons: [Lesson] = []
        var problems: [LessonError] = []
        for name in names where FileManager.default.fileExists(atPath: "\(folder)/\(name)/lesson.yaml") {
            do throws(LessonError) {
                lessons.append(try Lesson(folder: "\(folder)/\(name)", name: name, diary: diary, resources: resources))
            } catch {
                problems.append(error)
            }
        }
        self.lessons = lessons.filter { !$0.isLaboratory }.sorted { ($0.order, $0.name) < ($1.order, $1.name) }
        laboratory = lessons.first { $0.isLaboratory }
        self.problems = problems
    }

    /// The lesson of that name or number, or the laboratory by its name.
    public func lesson(_ nameOrNumber: String) throws(LessonError) -> Lesson {
        if let laboratory, laboratory.name == nameOrNumber { return laboratory }
        if let lesson = lessons.first(where: { $0.name == nameOrNumber || "\($0.order)" == nameOrNumber }) { return lesson }
        if let problem = problems.first(where: { $0.place?.file.contains("/\(nameOrNumber)/") ?? false }) { throw problem }
        let known = lessons.map { "\($0.order) \($0.name)" }.joined(separator: ", ")
        throw LessonError(.unknownName, "there is no lesson \"\(TerminalText.sanitized(nameOrNumber))\"; expected one of: \(known)")
    }
}
