// Renderers on several threads at once: Cairo's fonts are shared between them.

import CairoRenderer
import Diagrams
import Dispatch
import Foundation
import Testing
import Traces

@Suite struct ThreadTests {
    @Test func `renderers that come and go on several threads give the same SVG`() throws {
        _ = Sample.renderer()
        let words = Bilingual(same: "words")
        let text = TextRun("Dali", TextStyle(size: 12, color: .ink), at: Point(2, 12))
        let scene = Scene(
            size: Size(50, 20), background: .paper, items: [.text(text)], title: words, alt: words, caption: words, language: .en)
        let first = try CairoRenderer().svg(scene, idPrefix: "fig")
        let (done, lock) = (DispatchGroup(), NSLock())
        nonisolated(unsafe) var same = 0
        // More threads than cores, so that some are stopped in the middle of a letter.
        for _ in 0..<16 {
            done.enter()
            Thread {
                let renderer = CairoRenderer()
                let own = (0..<400).count { _ in (try? renderer.svg(scene, idPrefix: "fig")) == first }
                lock.withLock { same += own }
                done.leave()
            }.start()
        }
        done.wait()
        #expect(same == 16 * 400)
    }
}
