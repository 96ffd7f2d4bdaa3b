// What the `tokenizers` library knows of Unicode. Its parts carry tables of several ages: regular expressions of version 16, Bert's punctuation and
// controls of version 8, normal forms and accents of version 9. A character that came later is unassigned to them, and so it is here, whatever the
// version of the machine. White space, numbers and lower case are of its newest version, as Swift's are. Tested on every code point.

/// A set of general categories.
struct CategorySet: OptionSet, Sendable, Hashable {
    let rawValue: UInt32

    /// Two letters a category, in the order of their bits.
    private static let names: [(String, Unicode.GeneralCategory)] = [
        ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter), ("Lm", .modifierLetter), ("Lo", .otherLetter),
        ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark), ("Nd", .decimalNumber), ("Nl", .letterNumber),
        ("No", .otherNumber), ("Pc", .connectorPunctuation), ("Pd", .dashPunctuation), ("Ps", .openPunctuation), ("Pe", .closePunctuation),
        ("Pi", .initialPunctuation), ("Pf", .finalPunctuation), ("Po", .otherPunctuation), ("Sm", .mathSymbol), ("Sc", .currencySymbol),
        ("Sk", .modifierSymbol), ("So", .otherSymbol), ("Zs", .spaceSeparator), ("Zl", .lineSeparator), ("Zp", .paragraphSeparator),
        ("Cc", .control), ("Cf", .format), ("Co", .privateUse), ("Cs", .surrogate), ("Cn", .unassigned),
    ]
    private static let bits = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1.1, CategorySet(rawValue: 1 << UInt32($0))) })

    /// The categories that `name` stands for, one (`Lu`) or a family (`L`); nil if none does.
    init?(named name: String) {
        self = Self.names.reduce(into: []) { if name == $1.0 || name.count == 1 && $1.0.hasPrefix(name) { $0.formUnion(Self.bits[$1.1]!) } }
        if isEmpty { return nil }
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The category of a scalar.
    init(of category: Unicode.GeneralCategory) { self = Self.bits[category]! }

    static let marks = CategorySet(named: "M")!
    static let punctuation = CategorySet(named: "P")!
    static let numbers = CategorySet(named: "N")!
    /// What makes a word beside letters: marks, digits, low lines.
    static let wordParts: CategorySet = [.marks, CategorySet(named: "Nd")!, CategorySet(named: "Pc")!]
}

extension Unicode.Scalar {
    /// Whether version `major`.0 of Unicode had this character.
    func isKnown(to major: Int) -> Bool { value < 0x80 || (properties.age.map { $0.major <= major } ?? false) }

    /// Its category in version `major` of Unicode.
    func category(in major: Int) -> CategorySet { CategorySet(of: isKnown(to: major) ? properties.generalCategory : .unassigned) }

    /// `\w` of the library's searches for words: letters, marks, digits, low lines and what joins characters.
    var isWordPart: Bool {
        isKnown(to: 16)
            && (properties.isAlphabetic || properties.isJoinControl || !CategorySet.wordParts.isDisjoint(with: category(in: 16)))
    }

    var isNumber: Bool { CategorySet.numbers.contains(CategorySet(of: properties.generalCategory)) }

    /// All signs of ASCII that are neither letter, digit nor space count, `$` too; two characters have left the category since.
    var isPublishedPunctuation: Bool {
        if value < 0x80 { return value > 0x20 && value < 0x7F && !properties.isAlphabetic && properties.numericType == nil }
        return value == 0x166D || value == 0x111C9 || CategorySet.punctuation.contains(category(in: 8))
    }

    /// Control, format and private characters, which Bert drops.
    var isPublishedControl: Bool {
        guard isKnown(to: 8) else { return false }
        switch properties.generalCategory {
        case .control, .format, .privateUse: return true
        default: return false
        }
    }

    /// A mark that takes no room: an accent to Bert, by version 8, which filed six of them otherwise than today.
    var isPublishedAccent: Bool {
        switch value {
        case 0x1734, 0x1171E: true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: false
        default: isKnown(to: 8) && properties.generalCategory == .nonspacingMark
        }
    }

    /// Any mark, in the table of the normal forms, where three characters were filed otherwise.
    var isPublishedMark: Bool {
        switch value {
        case 0x1CF2, 0x1CF3: true
        case 0x111C9: false
        default: CategorySet.marks.contains(category(in: 9))
        }
    }

    /// The blocks that Bert writes character by character.
    var isPublishedIdeograph: Bool {
        switch value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}

extension String {
    init(scalars: some Sequence<Unicode.Scalar>) {
        self.init()
        unicodeScalars.append(contentsOf: scalars)
    }
}
