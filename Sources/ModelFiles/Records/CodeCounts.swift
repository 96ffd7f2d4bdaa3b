// assets/data/code-counts.csv and tile-speeds.csv: what was counted and timed around tile programs, with the place where each number was published.

public import Records
public import Traces

extension PublishedData {
    /// The rows of `code-counts.csv`. Throws `FileError` with the line at fault.
    public static func codeCounts(_ bytes: [UInt8], file: String) throws(FileError) -> [CodeCount] {
        let rows = try CSVRows(bytes, file: file, header: ["id", "lines", "counted", "source"])
        var counts: [CodeCount] = []
        for row in rows.rows {
            try once(row, counts.map { $0.id }, rows)
            guard let lines = Int(row.fields[1]), lines > 0 else { throw rows.wrong(row, 1, "a number of lines above 0") }
            try sourced(row, rows)
            counts.append(CodeCount(id: row.fields[0], lines: lines, counted: row.fields[2], source: row.fields[3]))
        }
        return counts
    }

    /// The rows of `tile-speeds.csv`. Throws `FileError` with the line at fault.
    public static func tileSpeeds(_ bytes: [UInt8], file: String) throws(FileError) -> [TileSpeed] {
        let rows = try CSVRows(bytes, file: file, header: ["id", "value", "unit", "timed", "source"])
        var speeds: [TileSpeed] = []
        for row in rows.rows {
            try once(row, speeds.map { $0.id }, rows)
            let value = try rows.number(row, 1)
            guard value > 0 else { throw rows.wrong(row, 1, "a number above 0") }
            guard ["share", "s"].contains(row.fields[2]) else { throw rows.wrong(row, 2, "share or s") }
            try sourced(row, rows)
            speeds.append(
                TileSpeed(id: row.fields[0], value: value, isTime: row.fields[2] == "s", timed: row.fields[3], source: row.fields[4]))
        }
        return speeds
    }

    private static func once(_ row: (line: Int, fields: [String]), _ ids: [String], _ rows: CSVRows) throws(FileError) {
        if row.fields[0].isEmpty || ids.contains(row.fields[0]) { throw rows.wrong(row, 0, "a name that stands once") }
    }

    /// A number whose source is not said is not published.
    private static func sourced(_ row: (line: Int, fields: [String]), _ rows: CSVRows) throws(FileError) {
        for column in [row.fields.count - 2, row.fields.count - 1] where row.fields[column].isEmpty {
            throw rows.wrong(row, column, "words")
        }
    }
}
