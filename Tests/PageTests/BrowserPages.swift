// Writes the pages that browser tests open: scripts/test-browser sets ATTENTION_PAGES to the folder. Without it, nothing is written.

import AttentionEngine
import Foundation
import Lessons
import Testing

let pagesFolder = ProcessInfo.processInfo.environment["ATTENTION_PAGES"]

@Suite(.enabled(if: pagesFolder != nil)) struct BrowserPages {
    @Test func `pages are written for the browser`() throws {
        let folder = URL(filePath: pagesFolder!)
        func write(_ files: [OutputFile], under name: String) throws {
            for file in files {
                let place = folder.appending(path: name).appending(path: file.path)
                try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.bytes).write(to: place)
            }
        }
        let writer = HTMLWriter(assets: assets, draw: drawing("svg"))
        let lessons = library.lessons
        for (position, lesson) in lessons.enumerated() {
            let pages = try Language.allCases.map { try lesson.run(language: $0) }
            let next = position + 1 < lessons.count ? lessons[position + 1] : nil
            let links = SiteLinks(home: "index.html", next: next.map { (HTMLWriter.path(of: $0.name), $0.title) })
            let start = ContinuousClock.now
            try write(writer.files(of: pages, links: links), under: "site")
            print("\(lesson.name): written in \(ContinuousClock.now - start)")
            try write(PasteWriter(draw: drawing("png")).files(of: pages[1]), under: "paste/\(lesson.name)")
        }
        try write([writer.index(of: lessons, gallery: "gallery/index.html")], under: "site")
        try write(writer.files(of: hostilePages()), under: "hostile")
    }
}
