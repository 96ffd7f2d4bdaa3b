// Every sentence that the engine or a figure says exists in both languages: a text with one missing does not compile.

/// A language of the product.
public enum Language: String, CaseIterable, Hashable, Sendable {
    /// English.
    case en
    /// Chinese, simplified characters.
    case zh
}

/// One text in English and Chinese.
public struct Bilingual: Hashable, Sendable {
    /// The English text.
    public let en: String
    /// The Chinese text.
    public let zh: String

    /// A text in both languages.
    public init(en: String, zh: String) {
        self.en = en
        self.zh = zh
    }

    /// A text that is the same in both languages: a symbol, a number, a name.
    public init(same text: String) { self.init(en: text, zh: text) }

    /// The text in one language.
    public subscript(language: Language) -> String { language == .en ? en : zh }

    /// Both texts, changed alike.
    public func map(_ change: (String) -> String) -> Bilingual { Bilingual(en: change(en), zh: change(zh)) }

    /// The texts one after the other, each in its language.
    public static func + (first: Bilingual, second: Bilingual) -> Bilingual {
        Bilingual(en: first.en + second.en, zh: first.zh + second.zh)
    }
}
