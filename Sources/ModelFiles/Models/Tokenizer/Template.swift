// What stands around a text: the tokens that begin and end it, as post-processors say. Those that move offsets alone (ByteLevel) change no id.

import Traces

/// The ids of a text and of what its post-processor adds.
struct Template: Sendable {
    private enum Piece {
        case text
        case special([Int])
    }
    private var pieces: [Piece] = [.text]

    init(_ settings: Settings?, _ budget: TokenizerBudget) throws(FileError) {
        guard let settings else { return }
        pieces = try Self.pieces(settings)
        try judge(budget)
        guard try settings.text("type") == "Sequence" else { return }
        // Each processor works on what the one before it made.
        pieces = [.text]
        for part in try settings.objects("processors") {
            let inner = pieces
            // Each part and the whole so far are within the budget, so that this product is small before it is judged.
            pieces = try Template(part, budget).pieces.flatMap { if case .text = $0 { inner } else { [$0] } }
            try judge(budget)
        }
    }

    /// Throws if the text is repeated, or added to, more than the budget allows.
    private func judge(_ budget: TokenizerBudget) throws(FileError) {
        try budget.checkTemplate(
            texts: pieces.count { if case .text = $0 { true } else { false } },
            tokens: pieces.reduce(0) { if case .special(let ids) = $1 { $0 + ids.count } else { $0 } })
    }

    private static func pieces(_ settings: Settings) throws(FileError) -> [Piece] {
        switch try settings.text("type") {
        case "Sequence", "ByteLevel": return [.text]
        case "BertProcessing", "RobertaProcessing":
            return [.special([try settings.pair("cls")]), .text, .special([try settings.pair("sep")])]
        case "TemplateProcessing": return try single(settings)
        default:
            throw settings.failure(
                "type",
                expected: "a supported post-processor (none, TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence)")
        }
    }

    private static func single(_ settings: Settings) throws(FileError) -> [Piece] {
        let special = try settings.object("special_tokens")
        var pieces: [Piece] = []
        for piece in try settings.objects("single") {
            if let token = try piece.object("SpecialToken") {
                let name = try token.text("id")
                guard let entry = try special?.object(name) else { throw token.failure("id", expected: "one of special_tokens") }
                pieces.append(.special(try entry.integers("ids")))
            } else if let sequence = try piece.object("Sequence") {
                guard try sequence.text("id") == "A" else { throw sequence.failure("id", expected: "\"A\"") }
                pieces.append(.text)
            } else {
                throw piece.failure("Sequence", expected: "SpecialToken or Sequence")
            }
        }
        return pieces
    }

    /// The ids of a text whose own are `ids`.
    /// - Parameter addSpecial: whether what the template adds is there; a text that it repeats is repeated all the same.
    func callAsFunction(_ ids: [Int], addSpecial: Bool) -> [Int] {
        pieces.flatMap { piece in
            switch piece {
            case .text: ids
            case .special(let special): addSpecial ? special : []
            }
        }
    }
}

extension Settings {
    /// The id of a field like `["[SEP]", 102]`.
    fileprivate func pair(_ name: String) throws(FileError) -> Int {
        guard case .array(let pair) = fields[name], pair.count == 2, case .string = pair[0], case .integer(let id) = pair[1], id >= 0 else {
            throw failure(name, expected: "a token and its id")
        }
        return id
    }
}
