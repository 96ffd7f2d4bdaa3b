// Tokens as chips in lines: what a text looks like in a figure that marks its words.

import Records
import Traces

/// A token with its place in a line.
struct TokenChip {
    let token: Int
    let text: String
    let size: Double
    var x: Double
    var width: Double
    /// The width that a number below may take.
    var slot: Double
    var midX: Double { x + width / 2 }
    /// Closing marks stand at the left of their square: shown alone, they move to its middle.
    var lean: Double { ["。", "，", "、"].contains(text) ? size * 0.28 : 0 }
}

/// Tokens in lines of chips: one line if they all fit at a legible size, else as many as it takes, of about equal length. Texts that are
/// compared stand in the same places.
struct TokenLines {
    private(set) var lines: [[TokenChip]] = []
    private(set) var height = 0.0
    private let gap = 5.0
    var isSingle: Bool { lines.count == 1 }

    init(_ view: SelectionView, among views: [SelectionView], _ frame: PictureFrame) {
        let alike = views.filter { $0.columns == view.columns }
        func chips(_ size: Double, _ padding: Double) -> [TokenChip] {
            let style = TextStyle(size: size, weight: .semibold, color: .ink)
            func shortened(_ name: String) -> String { TokenText.shortened(name, to: frame.contentWidth * 0.4) { frame.width($0, style) } }
            return (0..<view.columns).map { token in
                let widest = alike.map { frame.width(shortened($0.dense.columnName(token)), style) }.max() ?? 0
                let width = max(widest + 2 * padding, size * 2)
                return TokenChip(
                    token: token, text: shortened(view.dense.columnName(token)), size: size, x: 0, width: width, slot: width + 2)
            }
        }
        for (size, padding) in [frame.type.body * 1.12, frame.type.body, frame.type.label].flatMap({ [($0, 9.0), ($0, 6.0)] }) {
            let line = chips(size, padding)
            guard total(line) <= frame.contentWidth else { continue }
            height = size * 2.3
            lines = [justified(line, frame)]
            return
        }
        height = frame.type.body * 2.2
        let all = chips(frame.type.body, 7)
        var widths = (low: 0.0, high: frame.contentWidth)
        let count = broken(all, widths.high).count
        for _ in 0..<20 {
            let middle = (widths.low + widths.high) / 2
            if broken(all, middle).count <= count { widths.high = middle } else { widths.low = middle }
        }
        lines = broken(all, widths.high).map { justified($0, frame) }
    }

    private func total(_ chips: [TokenChip]) -> Double { chips.reduce(0) { $0 + $1.width } + gap * Double(chips.count - 1) }

    private func broken(_ chips: [TokenChip], _ width: Double) -> [[TokenChip]] {
        var lines: [[TokenChip]] = [[]]
        for chip in chips {
            if let last = lines.last, !last.isEmpty, total(last + [chip]) > width { lines.append([]) }
            lines[lines.count - 1].append(chip)
        }
        return lines
    }

    private func justified(_ line: [TokenChip], _ frame: PictureFrame) -> [TokenChip] {
        let extra = max(0, frame.contentWidth - total(line)) / Double(line.count)
        var x = frame.type.margin
        return line.map { chip in
            var chip = chip
            chip.x = x
            chip.width += extra
            chip.slot += extra
            x += chip.width + gap
            return chip
        }
    }
}
