// Why what a reader typed into a terminal is not done: one line, in the language of the page.

package import Traces

/// A refusal, in one line.
package struct TerminalRefusal: Error, Hashable {
    /// What is wrong, and what was expected.
    package let words: Bilingual

    init(en: String, zh: String) { words = Bilingual(en: en, zh: zh) }

    /// What was typed, as it can be shown: no control characters, and not longer than a line.
    static func shown(_ text: String) -> String {
        let text = TerminalText.sanitized(text)
        return TerminalText.padded(text, to: min(TerminalText.width(text), 60))
    }
}
