// Parts of charts: axes that end at round numbers, labels that do not collide, and categorical colours that stay apart for colour-blind readers.

import AttentionEngine
@testable import Diagrams
import Testing

@Suite struct ChartTests {
}
