// The published data under assets/data: Figure 3, prices and benchmarks. CSV without quotes or escapes: a header that must be exactly as expected,
// then as many fields in every row.

public import Records
public import Traces

/// Readers of the published data.
public enum PublishedData {
    private static func bytes(_ path: String) throws(FileError) -> [UInt8] {
        let file = try MappedFile(path: path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    /// The lines of `figure3.csv` at `path`. Throws `FileError` if it cannot be read.
    public static func figure3(path: String) throws(FileError) -> [PublishedCurve] { try figure3(bytes(path), file: path) }

    /// The lines of `figure3.csv`, in the file's order. Throws `FileError` with the line at fault.
    public static func figure3(_ bytes: [UInt8], file: String) throws(FileError) -> [PublishedCurve] {
        let rows = try CSVRows(bytes, file: file, header: ["panel", "model", "position_tokens", "usd_per_million_tokens", "kind"])
        var order: [[String]] = []
        var points: [[String]: [PublishedCurve.Point]] = [:]
        for row in rows.rows {
            guard ["end", "knee_recovered"].contains(row.fields[4]) else { throw rows.wrong(row, 4, "end or knee_recovered") }
            let key = [row.fields[0], row.fields[1]]
            if points[key] == nil { order.append(key) }
            points[key, default: []].append(
                .init(position: try rows.number(row, 2), dollars: try rows.number(row, 3), isKnee: row.fields[4] != "end"))
        }
        var curves: [PublishedCurve] = []
        for key in order {
            guard let panel = ServingPanel(rawValue: key[0]) else {
                throw FileError(.badData, file, "panel: expected prefill or decode, found \(key[0])")
            }
            do { curves.append(try PublishedCurve(panel: panel, model: key[1], points: points[key]!)) } catch {
                throw FileError(.badData, file, error.description)
            }
        }
        return curves
    }

    /// The lists of `prices.csv` at `path`. Throws `FileError` if it cannot be read.
    public static func prices(path: String) throws(FileError) -> [PriceList] { try prices(bytes(path), file: path) }

    /// The lists of `prices.csv`: V3.1-Terminus and V3.2-Exp in each currency. Throws `FileError` with what is missing.
    public static func prices(_ bytes: [UInt8], file: String) throws(FileError) -> [PriceList] {
        let models = ["v3.1_terminus": "DeepSeek-V3.1-Terminus", "v3.2_exp": "DeepSeek-V3.2-Exp"]
        let header = ["item", "currency", "v3.1_terminus", "v3.2_exp"]
        let rows = try CSVRows(bytes, file: file, header: header)
        var lists: [PriceList] = []
        for currency in ["USD", "CNY"] {
            for column in 2...3 {
                func price(_ item: String) throws(FileError) -> Double {
                    guard let row = rows.rows.first(where: { $0.fields[0] == item && $0.fields[1] == currency }) else {
                        throw FileError(.badData, file, "\(item): expected a price in \(currency), found none")
                    }
                    return try rows.number(row, column)
                }
                let (hit, miss, output) = (try price("input_cache_hit"), try price("input_cache_miss"), try price("output"))
                do {
                    lists.append(
                        try PriceList(name: models[header[column]]!, currency: currency, cacheHit: hit, cacheMiss: miss, output: output))
                } catch { throw FileError(.badData, file, error.description) }
            }
        }
        return lists
    }

    /// The rows of `benchmarks.csv` at `path`. Throws `FileError` if it cannot be read.
    public static func benchmarks(path: String) throws(FileError) -> [BenchmarkResult] { try benchmarks(bytes(path), file: path) }

    /// The rows of `benchmarks.csv`. Throws `FileError` with the line at fault.
    public static func benchmarks(_ bytes: [UInt8], file: String) throws(FileError) -> [BenchmarkResult] {
        let rows = try CSVRows(
            bytes, file: file, header: ["category", "benchmark", "metric", "DeepSeek-V3.1-Terminus", "DeepSeek-V3.2-Exp"])
        var benchmarks: [BenchmarkResult] = []
        for row in rows.rows {
            benchmarks.append(
                BenchmarkResult(
                    category: row.fields[0], name: row.fields[1], metric: row.fields[2], before: try result(rows, row, 3),
                    after: try result(rows, row, 4)))
        }
        return benchmarks
    }

    /// A share in percent or a rating: no benchmark counts below 0 or to a million.
    private static func result(_ rows: CSVRows, _ row: (line: Int, fields: [String]), _ column: Int) throws(FileError) -> Double {
        let result = try rows.number(row, column)
        guard (0..<1e6).contains(result) else { throw rows.wrong(row, column, "a result from 0 to below 1,000,000") }
        return result
    }
}

/// Rows under a known header.
struct CSVRows {
    let file: String
    let header: [String]
    let rows: [(line: Int, fields: [String])]

    init(_ bytes: [UInt8], file: String, header: [String]) throws(FileError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(.badData, file, "expected UTF-8 text, found other bytes")
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        guard lines.first == header else {
            throw FileError(
                .badData, file,
                "line 1: expected \(header.joined(separator: ",")), found \(lines.first?.joined(separator: ",") ?? "nothing")")
        }
        var rows: [(line: Int, fields: [String])] = []
        for (i, fields) in lines.enumerated().dropFirst() where fields != [""] {
            guard fields.count == header.count, !fields.contains(where: { $0.contains("\"") }) else {
                throw FileError(.badData, file, "line \(i + 1): expected \(header.count) fields without quotes, found \(fields.count)")
            }
            rows.append((i + 1, fields))
        }
        guard !rows.isEmpty else { throw FileError(.badData, file, "expected rows below the header, found none") }
        self.file = file
        self.header = header
        self.rows = rows
    }

    /// A finite number.
    func number(_ row: (line: Int, fields: [String]), _ column: Int) throws(FileError) -> Double {
        guard let number = Double(row.fields[column]), number.isFinite else { throw wrong(row, column, "a number") }
        return number
    }

    /// The error about one field.
    func wrong(_ row: (line: Int, fields: [String]), _ column: Int, _ expected: String) -> FileError {
        FileError(.badData, file, "line \(row.line), \(header[column]): expected \(expected), found \(row.fields[column])")
    }
}
