// What a picture's and a page's last line says of its numbers: where the run that it shows took them, and nothing that it does not show.

import Diagrams
import Lessons
import Testing
import Traces

@Suite struct ProvenanceTests {
    private static let library = try! LessonLibrary(folder: lessonsFolder, resources: .repository)

    private func sources(_ lesson: String, _ source: LessonSource = .builtIn(question: nil)) throws -> [PageSource.Sort: [Provenance]] {
        let page = try Self.library.lesson(lesson).run(source, language: .en)
        return Dictionary(grouping: page.sources, by: \.sort).mapValues { $0.map(\.provenance) }
    }

    @Test(arguments: ["deepseek-sparse-attention", "inside-the-indexer"])
    func `a lesson on a reference case names the case, and says of no vector that it was designed by hand`(lesson: String) throws {
        let run = try Self.library.lesson(lesson).trace(language: .en)
        #expect(run.trace.contains("prefill.selected") && run.provenance.name.hasPrefix("dsa-") && run.provenance.note == nil)
        let recorded = try #require(try sources(lesson)[.recorded])
        #expect(recorded.contains { $0.name.hasPrefix("dsa-") })
    }

    @Test func `a page of costs names what was counted, published and measured, and no diary that it does not show`() throws {
        let sources = try sources("what-it-costs")
        #expect(sources[.recorded]?.contains { $0.name.hasPrefix("diary") || $0.note != nil } == false)
        #expect(sources[.counted]?.map(\.name).contains(#"model("deepseek-v3.2-exp")"#) == true)
        #expect(sources[.published]?.map(\.name).contains("curves") == true)
        #expect(sources[.measured]?.map(\.name).contains("measurements") == true)
    }

    @Test func `a page of the diary says that its vectors were designed by hand, and one of the reader's own words names them so`() throws {
        let own = "Breakfast: noodles. Mei in Shanghai. Mei in where?"
        #expect(try sources("attention-step-by-step")[.recorded]?.map(\.name) == ["diary"])
        let read = try #require(try sources("attention-step-by-step", .diaryText(own))[.recorded]?.first)
        #expect(read.name == "diary-text" && read.note?.zh == "向量为手工设计")
    }

    @Test func `every page names a source for its numbers`() throws {
        for lesson in Self.library.lessons {
            let page = try lesson.run(language: .zh)
            #expect(!page.sources.isEmpty, "\(lesson.name)")
            for figure in page.figures {
                #expect(page.sources.map(\.provenance).contains(figure.data.provenance), "\(lesson.name): \(figure.name)")
            }
        }
    }
}
