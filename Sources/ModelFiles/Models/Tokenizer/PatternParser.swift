// Reading a regular expression: its text becomes the nodes that a pattern is compiled from. What is not understood is refused by name, with its place.

/// Reads a pattern from left to right.
struct PatternParser {
    struct Unsupported: Error {
        let expected: String
    }

    private let text: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private(set) var classes: [ScalarClass] = []

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private func unsupported(_ what: String) -> Unsupported {
        Unsupported(expected: "a pattern without \(what) (character \(at + 1))")
    }

    private mutating func skip(_ wanted: String) -> Bool {
        guard text[at...].starts(with: wanted.unicodeScalars) else { return false }
        at += wanted.unicodeScalars.count
        return true
    }

    mutating func parse() throws(Unsupported) -> Pattern.Node {
        let whole = try choice(ignoringCase: false)
        guard at == text.count else { throw unsupported("a ) that opens nowhere") }
        return whole
    }

    private mutating func choice(ignoringCase: Bool) throws(Unsupported) -> Pattern.Node {
        depth += 1
        guard depth <= 32 else { throw unsupported("more than 32 groups in groups") }
        var parts = [try sequence(ignoringCase)]
        while skip("|") { parts.append(try sequence(ignoringCase)) }
        depth -= 1
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence(_ ignoringCase: Bool) throws(Unsupported) -> Pattern.Node {
        var parts: [Pattern.Node] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            // Without regard to case, these pairs are also one character: ß, ﬁ.
            if ignoringCase {
                for pair in ["ss", "st", "ff", "fi", "fl"]
                where text[at...].prefix(2).map({ $0.properties.lowercaseMapping }).joined() == pair {
                    throw unsupported("\(pair) in any case")
                }
            }
            parts.append(try repeated(try atom(ignoringCase)))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated(_ part: Pattern.Node) throws(Unsupported) -> Pattern.Node {
        let (least, most): (Int, Int?)
        switch next {
        case "?": (least, most) = (0, 1)
        case "*": (least, most) = (0, nil)
        case "+": (least, most) = (1, nil)
        case "{": (least, most) = try bounds()
        default: return part
        }
        guard !part.canBeEmpty else { throw unsupported("a repetition of what may be empty") }
        if next != "{" { at += 1 } else { at = text[at...].firstIndex(of: "}")! + 1 }
        if let next, "?*+{".unicodeScalars.contains(next) { throw unsupported("a repetition that is lazy, possessive or repeated") }
        return .repeated(part, atLeast: least, atMost: most)
    }

    /// `{3}`, `{1,3}`, `{2,}`: where they begin.
    private func bounds() throws(Unsupported) -> (Int, Int?) {
        let inside = text[(at + 1)...].prefix { $0 != "}" }
        let numbers = inside.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false).map { String(scalars: $0) }
        guard inside.endIndex < text.count, numbers.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let least = Int(numbers[0]),
            numbers.count == 1 || numbers[1].isEmpty || Int(numbers[1]) != nil
        else { throw unsupported("a { that is no repetition") }
        let most = numbers.count == 1 ? least : Int(numbers[1])
        guard least <= most ?? least, max(least, most ?? 1) >= 1, max(least, most ?? 0) < Pattern.mostSteps else {
            throw unsupported("a repetition of such bounds")
        }
        return (least, most)
    }

    private mutating func atom(_ ignoringCase: Bool) throws(Unsupported) -> Pattern.Node {
        if skip("(?!") { return try ahead(isNegated: true, ignoringCase) }
        if skip("(?=") { return try ahead(isNegated: false, ignoringCase) }
        let opensAnyCase = skip("(?i:")
        if opensAnyCase || skip("(?:") { return try group(opensAnyCase || ignoringCase) }
        guard let scalar = next else { throw unsupported("an end in its middle") }
        if scalar == "(" {
            at += 1
            if next == "?" || next == "*" { throw unsupported("(\(next!)…") }
            return try group(ignoringCase)
        }
        return .one(try index(of: try oneOf(ignoringCase)))
    }

    private mutating func group(_ ignoringCase: Bool) throws(Unsupported) -> Pattern.Node {
        let inner = try choice(ignoringCase: ignoringCase)
        guard skip(")") else { throw unsupported("a group that does not end") }
        return inner
    }

    private mutating func ahead(isNegated: Bool, _ ignoringCase: Bool) throws(Unsupported) -> Pattern.Node {
        let start = at
        guard case .one(let index) = try group(ignoringCase) else {
            at = start
            throw unsupported("a look ahead at more than one character")
        }
        return .ahead(index, isNegated: isNegated)
    }

    private mutating func index(of one: ScalarClass) throws(Unsupported) -> Int {
        if let index = classes.firstIndex(of: one) { return index }
        classes.append(one)
        return classes.count - 1
    }

    /// One character's class: `[…]`, an escape, or the character itself.
    private mutating func oneOf(_ ignoringCase: Bool) throws(Unsupported) -> ScalarClass {
        if skip("[") { return try bracket(ignoringCase) }
        let (member, isNegated) = try member(among: "^$.*+?{}[]")
        guard ignoringCase else { return ScalarClass(member, isNegated: isNegated) }
        var both = ScalarClass()
        both.members = try anyCase(member).map { ($0, false) }
        return both
    }

    private mutating func bracket(_ ignoringCase: Bool) throws(Unsupported) -> ScalarClass {
        var whole = ScalarClass()
        whole.isNegated = skip("^")
        if ignoringCase, whole.isNegated { throw unsupported("[^…] in any case") }
        while !skip("]") {
            guard next != nil else { throw unsupported("a [ that does not end") }
            if text[at...].starts(with: "&&".unicodeScalars) { throw unsupported("&& in [ ]") }
            let start = at
            var (member, isNegated) = try member(among: "[")
            if next == "-", at + 1 < text.count, text[at + 1] != "]" {
                at += 1
                guard case .range(let low) = member, case .range(let high) = try self.member(among: "[-").0,
                    low.count == 1, high.count == 1, low.lowerBound <= high.lowerBound
                else {
                    at = start
                    throw unsupported("a - between what is no range")
                }
                member = .range(low.lowerBound...high.lowerBound)
            }
            if ignoringCase {
                for each in try anyCase(member) { whole.members.append((each, false)) }
            } else {
                whole.members.append((member, isNegated))
            }
        }
        guard !whole.members.isEmpty else { throw unsupported("an empty [ ]") }
        return whole
    }

    /// An ASCII character and what it is equal to without regard to case.
    private func anyCase(_ member: ScalarClass.Member) throws(Unsupported) -> [ScalarClass.Member] {
        guard case .range(let range) = member, range.count == 1, let scalar = Unicode.Scalar(range.lowerBound), scalar.isASCII else {
            throw unsupported("anything but single ASCII characters in any case")
        }
        let (lower, upper) = (scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping)
        guard lower != upper else { return [member] }
        let also = lower == "s" ? ["\u{17F}"] : lower == "k" ? ["\u{212A}"] : []
        return ([lower, upper] + also).map { text in text.unicodeScalars.first!.value }.map { .range($0...$0) }
    }

    /// A character or an escape; `special` are the characters that mean something else here.
    private mutating func member(among special: String) throws(Unsupported) -> (ScalarClass.Member, isNegated: Bool) {
        guard let scalar = next else { throw unsupported("an end in its middle") }
        if scalar != "\\" {
            if special.unicodeScalars.contains(scalar) { throw unsupported("\(scalar) at this place") }
            at += 1
            return (.range(scalar.value...scalar.value), false)
        }
        guard at + 1 < text.count else { throw unsupported("an end in its middle") }
        let escaped = text[at + 1]
        func single(_ value: UInt32) -> (ScalarClass.Member, isNegated: Bool) {
            at += 2
            return (.range(value...value), false)
        }
        switch escaped {
        case "n": return single(0x0A)
        case "r": return single(0x0D)
        case "t": return single(0x09)
        case "f": return single(0x0C)
        case "v": return single(0x0B)
        case "s", "S":
            at += 2
            return (.whitespace, escaped == "S")
        case "d", "D":
            at += 2
            return (.categories(CategorySet(named: "Nd")!), escaped == "D")
        case "p", "P":
            let name = text[(at + 2)...].dropFirst().prefix { $0 != "}" }
            guard at + 2 < text.count, text[at + 2] == "{", name.endIndex < text.count, let set = CategorySet(named: String(scalars: name))
            else {
                throw unsupported("\\\(escaped) of something else than a general category")
            }
            at = name.endIndex + 1
            return (.categories(set), escaped == "P")
        default:
            guard escaped.isASCII, escaped.value > 0x20, !escaped.properties.isAlphabetic, escaped.properties.numericType == nil else {
                throw unsupported("\\\(escaped)")
            }
            return single(escaped.value)
        }
    }
}
