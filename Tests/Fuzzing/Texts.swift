// What people type and write: step references, diary texts, switches, the diary's file and lessons.

import Diagrams
import Foundation
import Lessons
import Mechanisms
import ModelFiles
import Records
import ReferenceCases
import Traces

enum Texts {
    static func isOurs(_ error: any Error) -> Bool { error is LessonError || error is DiaryError }

    /// The diary with its first question.
    static func diary(_ root: String) throws -> Trace {
        let diary = try Diary(file: "\(root)/lessons/diary.yaml")
        return try diary.trace(of: diary.tokens(of: diary.text.en + " " + diary.questions[0].text.en), language: .en)
    }

    static func subjects(root: String) throws -> [Subject] {
        func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }
        let diary = try Diary(file: "\(root)/lessons/diary.yaml")
        let trace = try Self.diary(root)
        let references = [
            "attention.scores[1,17,4]", "attention.weights[0,17,4]", "selected[17,3]", "answer[0]", "indexer.score[17,4]", "story[3,5]",
        ]
        let switches = Switch.names.filter { !$0.contains("=") } + ["top-k=4", "select=recent"]
        // All switches have something to change there, and the wrong layout of neighbours where neighbours are right.
        let reference = "\(root)/Tests/ModelFilesTests/Fixtures/dsa-tiny-fp8.safetensors"
        let interleaved = "\(root)/Tests/ModelFilesTests/Fixtures/dsa-tiny-interleaved-exact.safetensors"
        let page = try WholeFile.read("\(root)/lessons/highlighting/en.md")
        let lesson = try WholeFile.read("\(root)/lessons/highlighting/lesson.yaml")
        return [
            Subject(name: "reference", form: .text, seeds: bytes(references)) { input, choice in
                let reference = try StepReference(parsing: String(decoding: input, as: UTF8.self))
                _ = try trace.step(reference.id).explain(reference.index, allTerms: choice.below(2) == 0).lines(.zh)
            },
            Subject(name: "text", form: .text, seeds: bytes([diary.text.en, diary.text.zh] + diary.questions.map(\.text.en))) {
                input, choice in
                let tokens = try diary.tokens(of: String(decoding: input, as: UTF8.self))
                try Answers.of(diary.trace(of: tokens, language: choice.pick(Language.allCases)), &choice)
            },
            Subject(name: "switch", form: .text, seeds: bytes(switches)) { input, choice in
                let change = try Switch(parsing: String(decoding: input, as: UTF8.self))
                let path = change == .indexerRopeHalf ? interleaved : reference
                try Answers.of(ReferenceCase(path: path).trace(switches: [change]), &choice)
            },
            Subject(name: "diary", form: .text, seeds: [try WholeFile.read("\(root)/lessons/diary.yaml")]) { input, choice in
                let diary = try Diary(parsing: String(decoding: input, as: UTF8.self), file: "mutant.yaml")
                try Answers.of(diary.trace(of: diary.tokens(of: diary.text.zh), language: .zh), &choice)
            },
            Subject(name: "lesson", form: .text, seeds: [lesson]) { input, _ in
                try run(lesson: input, page: page, root)
            },
            Subject(name: "page", form: .text, seeds: [page]) { input, _ in
                try run(lesson: lesson, page: input, root)
            },
        ]
    }

    /// A library of one lesson, run and written as an article.
    private static func run(lesson: [UInt8], page: [UInt8], _ root: String) throws {
        try Answers.withFile("diary.yaml", WholeFile.read("\(root)/lessons/diary.yaml")) { path in
            let folder = URL(filePath: path).deletingLastPathComponent()
            let own = folder.appending(path: "highlighting")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            try Data(lesson).write(to: own.appending(path: "lesson.yaml"))
            try Data(page).write(to: own.appending(path: "en.md"))
            try Data(WholeFile.read("\(root)/lessons/highlighting/zh.md")).write(to: own.appending(path: "zh.md"))
            var resources = LessonResources()
            resources.model = { name in try ModelDimensions(path: "\(root)/assets/models/\(name).json") }
            resources.provenance = { file in Provenance(name: "\(file)") }
            resources.figureData = { _, name, _ in FigureData(traces: [], provenance: Provenance(name: name)) }
            let library = try LessonLibrary(folder: folder.path, resources: resources)
            if let problem = library.problems.first { throw problem }
            guard let lesson = library.lessons.first else { return }
            let page = try lesson.run(language: .en)
            _ = page.figures
        }
    }
}
