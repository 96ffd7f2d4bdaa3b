// The terms that a page explains where they stand. A term is found by its forms: whole words in English, the characters themselves in Chinese.

internal import Traces

/// The glossary of the course.
struct Glossary: Sendable {
    /// A term with its explanation.
    struct Term: Sendable {
        var id: String
        var name: Bilingual
        /// How it is written in running text, besides its name.
        var forms: [Language: [String]]
        var text: Bilingual
    }

    let terms: [Term]
    /// All forms of a language, the longest first.
    private let forms: [Language: [(characters: [Character], term: Int)]]

    /// Reads the terms: a mapping from id to `name`, `text` and, if there are any, `forms`, each in both languages.
    init(file: String) throws(LessonError) {
        let root = try YAMLNode(parsing: readText(file), file: file)
        var terms: [Term] = []
        for entry in try root.entries("the glossary") {
            try entry.value.allow(["name", "text", "forms"], in: entry.key)
            var forms: [Language: [String]] = [:]
            if let node = entry.value.optional("forms") {
                try node.allow(Language.allCases.map(\.rawValue), in: "forms")
                for language in Language.allCases {
                    guard let list = node.optional(language.rawValue) else { continue }
                    forms[language] = try list.items("forms").map { item throws(LessonError) in try item.string("forms") }
                }
            }
            terms.append(
                Term(
                    id: entry.key, name: try entry.value.required("name").bilingual("name"), forms: forms,
                    text: try entry.value.required("text").bilingual("text")))
        }
        self.terms = terms
        self.forms = Dictionary(
            uniqueKeysWithValues: Language.allCases.map { language in
                let all = terms.enumerated().flatMap { number, term in
                    ([term.name[language]] + (term.forms[language] ?? [])).map { (characters: Array($0.lowercased()), term: number) }
                }
                return (language, all.sorted { $0.characters.count > $1.characters.count })
            })
    }

    /// A piece of text, with the term it stands for if it does.
    struct Piece: Equatable {
        var text: String
        var term: Int?
    }

    /// Cuts `text` at terms that are not in `seen` yet; each is marked once.
    func pieces(_ text: String, _ language: Language, seen: inout Set<Int>) -> [Piece] {
        let characters = Array(text)
        let folded = characters.map { $0.lowercased().first ?? $0 }
        var pieces: [Piece] = []
        var (start, at) = (0, 0)
        while at < characters.count {
            guard let (length, term) = match(folded, at, language) else {
                at += 1
                continue
            }
            // A longer term that was explained already keeps its parts from being marked.
            guard !seen.contains(term) else {
                at += length
                continue
            }
            if start < at { pieces.append(Piece(text: String(characters[start..<at]))) }
            pieces.append(Piece(text: String(characters[at..<at + length]), term: term))
            seen.insert(term)
            at += length
            start = at
        }
        if start < characters.count { pieces.append(Piece(text: String(characters[start...]))) }
        return pieces
    }

    private func match(_ text: [Character], _ at: Int, _ language: Language) -> (length: Int, term: Int)? {
        if language == .en, at > 0, Self.isWord(text[at - 1]) { return nil }
        for (form, term) in forms[language] ?? [] where text[at] == form[0] && at + form.count <= text.count {
            guard text[at..<at + form.count].elementsEqual(form) else { continue }
            let end = at + form.count
            let needsEnd = form[form.count - 1].isASCII
            if needsEnd, end < text.count, Self.isWord(text[end]) { continue }
            if form[0].isASCII, at > 0, Self.isWord(text[at - 1]) { continue }
            return (form.count, term)
        }
        return nil
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
    }
}
