// Markdown with live values ──► blocks. cmark-gfm parses; live values stand in the text as private-use characters while it does, so
// that nothing a reader typed is ever read as Markdown.

internal import CCMark
internal import Traces

/// Text whose live values have been taken out and numbered.
struct MarkedText {
    static let open: Character = "\u{E000}"
    static let close: Character = "\u{E001}"
    var text = ""
    var values: [LiveValue] = []

    /// Finds `{{…}}` in lines; throws for braces that do not close and for values that cannot be read.
    init(_ lines: [NarrationLine], file: String) throws(LessonError) {
        for line in lines {
            var rest = Substring(line.text)
            func place() -> LessonError.Place {
                .init(file: file, line: line.number, column: line.text.distance(from: line.text.startIndex, to: rest.startIndex) + 1)
            }
            while let character = rest.first {
                if rest.hasPrefix("{{") {
                    guard let end = rest.indices.first(where: { rest[$0...].hasPrefix("}}") }) else {
                        throw LessonError(.badFile, at: place(), "{{ is not closed: expected }} on the same line")
                    }
                    let inside = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                    text += "\(Self.open)\(values.count)\(Self.close)"
                    values.append(try LiveValue(inside, at: place()))
                    rest = rest[rest.index(end, offsetBy: 2)...]
                } else {
                    if rest.hasPrefix("}}") || character == Self.open || character == Self.close {
                        throw LessonError(
                            .badFile, at: place(),
                            "\(character == "}" ? "}} closes nothing" : "a private-use character may not stand here")")
                    }
                    text.append(character)
                    rest.removeFirst()
                }
            }
            text.append("\n")
        }
    }
}

/// Turns marked text into blocks, with `fill` for values that stand alone in a paragraph and `inline` for the others.
struct MarkdownReader {
    let marked: MarkedText
    let file: String
    let firstLine: Int
    let language: Language
    let block: (LiveValue) throws -> Block?
    let inline: (LiveValue) throws -> ResolvedValue

    /// The blocks of the text.
    func blocks() throws -> [Block] {
        let text = marked.text
        guard let root = cmark_parse_document(text, text.utf8.count, CMARK_OPT_DEFAULT) else { return [] }
        defer { cmark_node_free(root) }
        return try children(root).map { try block($0) }
    }

    /// How deep quotations and lists may stand in each other.
    static let deepest = 16

    private func children(_ node: OpaquePointer) -> [OpaquePointer] {
        Array(sequence(first: cmark_node_first_child(node), next: { cmark_node_next($0) }).prefix { $0 != nil }.compactMap(\.self))
    }

    private func block(_ node: OpaquePointer, depth: Int = 0) throws -> Block {
        guard depth < Self.deepest else {
            throw LessonError(
                .badFile, at: .init(file: file, line: firstLine + Int(cmark_node_get_start_line(node)) - 1, column: 1),
                "expected quotations and lists at most \(Self.deepest) deep, found more")
        }
        func inner(_ node: OpaquePointer) throws -> [Block] { try children(node).map { try block($0, depth: depth + 1) } }
        switch cmark_node_get_type(node) {
        case CMARK_NODE_PARAGRAPH:
            if let value = aloneValue(node), let block = try block(value) { return block }
            return .paragraph(try inlines(node))
        case CMARK_NODE_HEADING: return .heading(level: Int(cmark_node_get_heading_level(node)), try inlines(node))
        case CMARK_NODE_BLOCK_QUOTE: return .quote(try inner(node))
        case CMARK_NODE_LIST:
            let isOrdered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
            return .list(
                start: isOrdered ? Int(cmark_node_get_list_start(node)) : nil, items: try children(node).map(inner))
        case CMARK_NODE_CODE_BLOCK:
            return .code(
                Inline.plain(try split(literal(node), code: false)),
                language: cmark_node_get_fence_info(node).map { String(cString: $0) } ?? "")
        case CMARK_NODE_THEMATIC_BREAK: return .rule
        default:
            throw LessonError(
                .badFile, at: .init(file: file, line: firstLine + Int(cmark_node_get_start_line(node)) - 1, column: 1),
                "expected paragraphs, lists, quotations, code or headings, found \(String(cString: cmark_node_get_type_string(node)))")
        }
    }

    private func literal(_ node: OpaquePointer) -> String { cmark_node_get_literal(node).map { String(cString: $0) } ?? "" }

    private func aloneValue(_ node: OpaquePointer) -> LiveValue? {
        let parts = children(node)
        guard parts.count == 1, cmark_node_get_type(parts[0]) == CMARK_NODE_TEXT else { return nil }
        let text = literal(parts[0])
        guard text.first == MarkedText.open, text.last == MarkedText.close, let number = Int(text.dropFirst().dropLast()) else {
            return nil
        }
        return marked.values[number]
    }

    private func inlines(_ node: OpaquePointer, depth: Int = 0) throws -> [Inline] {
        guard depth < Self.deepest else {
            throw LessonError(
                .badFile, at: .init(file: file, line: firstLine, column: 1),
                "expected emphasis and links at most \(Self.deepest) deep, found more")
        }
        return try children(node).flatMap { try inlineNodes($0, depth: depth + 1) }
    }

    private func inlineNodes(_ node: OpaquePointer, depth: Int) throws -> [Inline] {
        switch cmark_node_get_type(node) {
        case CMARK_NODE_TEXT: return try split(literal(node), code: false)
        case CMARK_NODE_CODE: return try split(literal(node), code: true)
        case CMARK_NODE_SOFTBREAK: return language == .en ? [.text(" ")] : []
        case CMARK_NODE_LINEBREAK: return [.lineBreak]
        case CMARK_NODE_EMPH: return [.emphasis(try inlines(node, depth: depth))]
        case CMARK_NODE_STRONG: return [.strong(try inlines(node, depth: depth))]
        case CMARK_NODE_LINK: return [.link(cmark_node_get_url(node).map { String(cString: $0) } ?? "", try inlines(node, depth: depth))]
        default:
            throw LessonError(
                .badFile, at: .init(file: file, line: firstLine + Int(cmark_node_get_start_line(node)) - 1, column: 1),
                "expected text, emphasis, code or links, found \(String(cString: cmark_node_get_type_string(node)))")
        }
    }

    /// Text with its values put back.
    private func split(_ text: String, code: Bool) throws -> [Inline] {
        var result: [Inline] = []
        var rest = Substring(text)
        func add(_ text: Substring) { if !text.isEmpty { result.append(code ? .code(String(text)) : .text(String(text))) } }
        while let open = rest.firstIndex(of: MarkedText.open), let close = rest[open...].firstIndex(of: MarkedText.close),
            let number = Int(rest[rest.index(after: open)..<close])
        {
            add(rest[..<open])
            let value = try inline(marked.values[number])
            result.append(code ? .code(value.text) : .value(value))
            rest = rest[rest.index(after: close)...]
        }
        add(rest)
        return result
    }
}
