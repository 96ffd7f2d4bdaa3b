// A parsed formula as Unicode text, Pango markup and MathML.

extension FormulaNode {
    /// The two line-of-text spellings.
    enum Spelling { case plain, pango }

    func unicode(_ spelling: Spelling) -> String {
        switch self {
        case .row(let nodes): return Self.joined(nodes, spelling)
        case .identifier(let name): return spelling == .pango ? "<i>\(name.markupEscaped)</i>" : name
        case .number(let text), .text(let text): return spelling == .pango ? text.markupEscaped : text
        case .operator(let sign): return spelling == .pango ? sign.markupEscaped : sign
        case .fraction(let above, let below): return "\(above.bracketed(spelling))/\(below.bracketed(spelling))"
        case .root(let inner): return "√\(inner.bracketed(spelling))"
        case .accent(let mark, let inner): return inner.unicode(spelling) + mark
        case .scripts(let base, let sub, let sup):
            return base.unicode(spelling) + (sub.map { $0.script(spelling, "sub") } ?? "") + (sup.map { $0.script(spelling, "sup") } ?? "")
        }
    }

    private static func joined(_ nodes: [FormulaNode], _ spelling: Spelling) -> String {
        var text = ""
        for (i, node) in nodes.enumerated() {
            let piece = node.unicode(spelling)
            // A script that Unicode cannot raise or lower (`W_Q`) would run into the next letter.
            if spelling == .plain, i > 0, nodes[i - 1].endsInPlainScript, !node.isSign { text += " " }
            switch node {
            case .operator(let sign) where "=+−·≤≥∈→×⊙≈←≠".contains { String($0) == sign } && i > 0:
                text += (text.hasSuffix(" ") ? "" : " ") + "\(piece) "
            case .operator(","), .operator(";"): text += "\(piece) "
            case .scripts(.operator("Σ"), _, _), .operator("Σ"): text += "\(piece) "
            case .text where i + 1 < nodes.count && !nodes[i + 1].isOpeningBracket:
                text += (text.isEmpty || text.hasSuffix(" ") ? "" : " ") + "\(piece) "
            default: text += piece
            }
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private var isSign: Bool { if case .operator = self { true } else { false } }
    private var endsInPlainScript: Bool {
        guard case .scripts = self else { return false }
        return unicode(.plain).contains { "_^".contains($0) }
    }

    /// `exp(x)`: one thing, though made of several.
    private var isApplication: Bool {
        guard case .row(let nodes) = self, case .text? = nodes.first, nodes.count > 2, case .operator("(") = nodes[1] else { return false }
        return nodes.last == .operator(")") && !nodes.dropLast().contains(.operator(")"))
    }

    private var isOpeningBracket: Bool { if case .operator(let sign) = self { "([{,;)".contains { String($0) == sign } } else { false } }

    /// In brackets if it is more than one thing.
    private func bracketed(_ spelling: Spelling) -> String {
        if case .row = self, !isApplication { return "(\(unicode(spelling)))" }
        return unicode(spelling)
    }

    private func script(_ spelling: Spelling, _ kind: String) -> String {
        let inner = scriptText(spelling)
        if spelling == .pango { return "<\(kind)>\(inner)</\(kind)>" }
        let table = kind == "sub" ? Self.subscripts : Self.superscripts
        let letters = inner.filter { $0 != " " }
        let converted = letters.compactMap { table[$0] }
        if converted.count == letters.count { return String(converted) }
        let mark = kind == "sub" ? "_" : "^"
        return letters.count == 1 ? "\(mark)\(letters)" : "\(mark)(\(letters))"
    }

    /// Scripts are set tight: `t,s`.
    private func scriptText(_ spelling: Spelling) -> String {
        if case .row(let nodes) = self { return nodes.map { $0.unicode(spelling) }.joined() }
        return unicode(spelling)
    }

    private static let subscripts = Dictionary(
        uniqueKeysWithValues: zip("0123456789+−=()aehijklmnoprstuvx,", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ,"))
    private static let superscripts = Dictionary(
        uniqueKeysWithValues: zip(
            "0123456789+−=()abcdefghijklmnoprstuvwxyzIKTVABDHJW⊤,", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴵᴷᵀⱽᴬᴮᴰᴴᴶᵂᵀ,"))

    var mathML: String {
        switch self {
        case .row(let nodes): "<mrow>\(nodes.map { $0.mathML }.joined())</mrow>"
        case .identifier(let name): "<mi>\(name.markupEscaped)</mi>"
        case .number(let text): "<mn>\(text.markupEscaped)</mn>"
        case .operator(let sign): "<mo>\(sign == "Σ" ? "∑" : sign.markupEscaped)</mo>"
        case .text(let text): "<mi mathvariant=\"normal\">\(text.markupEscaped)</mi>"
        case .fraction(let above, let below): "<mfrac>\(above.mathML)\(below.mathML)</mfrac>"
        case .root(let inner): "<msqrt>\(inner.mathML)</msqrt>"
        case .accent(let mark, let inner): "<mover accent=\"true\">\(inner.mathML)<mo>\(Self.standaloneAccents[mark] ?? mark)</mo></mover>"
        case .scripts(.operator("Σ"), let sub?, nil): "<munder><mo>∑</mo>\(sub.mathML)</munder>"
        case .scripts(let base, let sub?, nil): "<msub>\(base.mathML)\(sub.mathML)</msub>"
        case .scripts(let base, nil, let sup?): "<msup>\(base.mathML)\(sup.mathML)</msup>"
        case .scripts(let base, let sub, let sup):
            "<msubsup>\(base.mathML)\(sub?.mathML ?? "<mrow/>")\(sup?.mathML ?? "<mrow/>")</msubsup>"
        }
    }

    private static let standaloneAccents = ["\u{304}": "¯", "\u{303}": "~", "\u{302}": "^"]
}

extension String {
    /// The text with the characters that markup gives a meaning replaced by entities.
    public var markupEscaped: String {
        func entity(_ byte: UInt8) -> StaticString? {
            switch byte {
            case UInt8(ascii: "&"): "&amp;"
            case UInt8(ascii: "<"): "&lt;"
            case UInt8(ascii: ">"): "&gt;"
            case UInt8(ascii: "\""): "&quot;"
            case UInt8(ascii: "'"): "&#39;"
            default: nil
            }
        }
        guard utf8.contains(where: { entity($0) != nil }) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count + 16)
        for byte in utf8 {
            if let entity = entity(byte) {
                bytes += UnsafeBufferPointer(start: entity.utf8Start, count: entity.utf8CodeUnitCount)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
