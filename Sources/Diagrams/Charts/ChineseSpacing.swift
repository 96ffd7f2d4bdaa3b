// Spaces in Chinese sentences that are put together from names and numbers: one between a Chinese character and a Latin letter or digit, none
// beside marks of full width. Names in quotation marks stay as they are.

import Traces

extension Words {
    /// `text` with its Chinese half spaced.
    static func spaced(_ text: Bilingual) -> Bilingual { Bilingual(en: text.en, zh: spaced(text.zh)) }

    /// A Chinese text with a space wherever Chinese characters meet Latin letters, digits or per cent signs, and nowhere beside marks of full width.
    static func spaced(_ text: String) -> String {
        var spaced = ""
        var isQuoted = false
        for character in text {
            if character == "“" { isQuoted = true }
            if !isQuoted, let last = spaced.last {
                if isMark(character), last == " " { spaced = LineBreaker.trimmed(spaced) }
                if isMark(last), character == " " { continue }
                if isHan(last) && isLatin(character) || isLatinEnd(last) && isHan(character) { spaced.append(" ") }
            } else if character == "“", spaced.last == " " {
                spaced = LineBreaker.trimmed(spaced)
            }
            spaced.append(character)
            if character == "”" { isQuoted = false }
        }
        return LineBreaker.trimmed(spaced)
    }

    private static func isMark(_ character: Character) -> Bool { "，。、；：？！（）《》“”".contains(character) }

    private static func isHan(_ character: Character) -> Bool { LineBreaker.isIdeographic(character) && character.isLetter }

    private static func isLatin(_ character: Character) -> Bool { character.isASCII && (character.isLetter || character.isNumber) }

    private static func isLatinEnd(_ character: Character) -> Bool { isLatin(character) || character == "%" }
}
