// Tables on a terminal: columns as wide as their widest cell, numbers to the right. Chinese characters take two columns.

internal import Lessons

struct TextTable {
    /// Column titles.
    let header: [String]
    /// Cells, as many in each row as there are titles.
    var rows: [[String]]
    /// How many columns from the left hold text; the others hold numbers, which align to the right.
    var textColumns = 1

    /// One line a row, two spaces between columns.
    var lines: [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { TerminalText.width($0[column]) }.max() ?? 0 }
        return all.map { row in
            let line = row.indices.map { TerminalText.padded(row[$0], to: widths[$0], right: $0 >= textColumns) }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
