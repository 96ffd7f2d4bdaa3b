// A text that is longer than the window, a screen at a time. What belongs together stands on one screen if it can, and after the window has changed
// the reader goes on at the beginning of what was being read.

/// Where a reader is in a text.
package struct TerminalScroll {
    private struct Place: Hashable {
        var block = 0
        var line = 0
    }

    /// Where the screens up to this one begin.
    private var starts = [Place()]
    private var next: Place?
    private var columns: Int?

    /// The beginning of a text.
    package init() {}

    /// Whether nothing follows the screen that was asked for last.
    package var isLast: Bool { next == nil }
    /// Whether a screen came before.
    package var isFirst: Bool { starts.count == 1 }

    /// Goes on to the screen that follows.
    package mutating func forward() { if let next { starts.append(next) } }
    /// Goes back to the screen before.
    package mutating func back() { if !isFirst { starts.removeLast() } }

    /// The lines of this screen: as many of `blocks` as `rows` hold; all of them where nobody knows how many there are.
    package mutating func screen(_ blocks: [[String]], columns: Int, rows: Int?) -> [String] {
        if let old = self.columns, old != columns { starts = Self.ascending(starts.map { Place(block: $0.block) }) }
        self.columns = columns
        var lines: [String] = []
        var place = starts[starts.count - 1]
        next = nil
        while place.block < blocks.count {
            let block = blocks[place.block].dropFirst(place.line)
            let needed = (block.lastIndex { !$0.isEmpty }).map { $0 + 1 - block.startIndex } ?? 0
            let room = rows.map { max($0, 1) - lines.count } ?? .max
            if needed > room {
                // What the next screen holds whole is not torn.
                if !lines.isEmpty, needed <= rows! { return ended(lines, at: place) }
                lines += block.prefix(room)
                return ended(lines, at: Place(block: place.block, line: place.line + room))
            }
            lines += block.prefix(room)
            place = Place(block: place.block + 1)
        }
        return lines
    }

    private mutating func ended(_ lines: [String], at place: Place) -> [String] {
        next = place
        return Array(lines[..<((lines.lastIndex { !$0.isEmpty }).map { $0 + 1 } ?? 0)])
    }

    private static func ascending(_ places: [Place]) -> [Place] {
        places.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
}
