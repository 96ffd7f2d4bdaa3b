// Renderers on several threads at once: Cairo's fonts are shared between them.

import CairoRenderer
import Diagrams
import Dispatch
import Foundation
import Testing

@Suite struct ThreadTests {
    @Test func `renderers that come and go on several threads give the same SVG`() throws {
        let scene = Sample.everyItem()
        let first = try Sample.renderer().svg(scene, idPrefix: "fig")
        let lock = NSLock()
        nonisolated(unsafe) var others = 0
        DispatchQueue.concurrentPerform(iterations: 400) { _ in
            let own = try? CairoRenderer().svg(scene, idPrefix: "fig")
            if own != first { lock.withLock { others += 1 } }
        }
        #expect(others == 0)
    }
}
