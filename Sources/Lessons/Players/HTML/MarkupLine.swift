// One line of markup, an element a line, read as bytes: fast, and enough for what our own SVG writer produces.

extension ArraySlice<UInt8> {
    func hasPrefix(_ text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        for offset in 0..<text.utf8CodeUnitCount where self[startIndex + offset] != text.utf8Start[offset] { return false }
        return true
    }

    func hasSuffix(_ text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && self[(endIndex - text.utf8CodeUnitCount)...].hasPrefix(text)
    }

    /// Where the value of an attribute of the line's first element stands.
    func attributeRange(_ name: String) -> Range<Int>? {
        let wanted = Array(" \(name)=\"".utf8)
        let end = firstIndex(of: UInt8(ascii: ">")) ?? endIndex
        var at = startIndex
        while at + wanted.count < end {
            if self[at] == wanted[0], self[at..<at + wanted.count].elementsEqual(wanted) {
                let start = at + wanted.count
                return start..<(self[start...].firstIndex(of: UInt8(ascii: "\"")) ?? endIndex)
            }
            at += 1
        }
        return nil
    }

    func attribute(_ name: String) -> ArraySlice<UInt8>? { attributeRange(name).map { self[$0] } }

    func removing(attribute name: String) -> [UInt8] {
        guard let range = attributeRange(name) else { return Array(self) }
        return Array(self[..<(range.lowerBound - name.utf8.count - 3)] + self[(range.upperBound + 1)...])
    }
}

extension String {
    func between(_ open: String, _ close: String) -> String? {
        guard let start = firstRange(of: open), let end = self[start.upperBound...].firstRange(of: close) else { return nil }
        return String(self[start.upperBound..<end.lowerBound])
    }

    /// The five entities of XML as the characters they stand for.
    var xmlUnescaped: String {
        guard contains("&") else { return self }
        var text = self
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
            text = text.split(separator: entity, omittingEmptySubsequences: false).joined(separator: character)
        }
        return text
    }
}
