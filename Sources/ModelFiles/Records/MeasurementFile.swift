// The JSON that `attn measure` writes, read back.

public import Records
public import Traces

extension MeasuredSeries {
    /// Reads the phases in a file of `attn measure`; throws where a field is missing or of another type.
    public static func read(_ path: String) throws(FileError) -> [MeasuredSeries] {
        let value = try JSONReader.read(path: path) { reader throws(FileError) in try reader.value() }
        guard case .array(let phases) = value, !phases.isEmpty else {
            throw FileError(.badData, path, "expected a list of measured phases")
        }
        var series: [MeasuredSeries] = []
        for phase in phases {
            guard case .object(let fields) = phase else { throw FileError(.badData, path, "expected a list of measured phases") }
            series.append(try MeasuredSeries(Settings(file: path, fields: fields)))
        }
        return series
    }

    private init(_ measured: Settings) throws(FileError) {
        let name = try measured.text("phase")
        guard let phase = Phase(rawValue: name) else {
            throw measured.failure("phase", expected: "decode or prefill, found \(name)")
        }
        var rows: [Row] = []
        for row in try measured.objects("rows") {
            rows.append(
                Row(
                    length: try row.integer("length", atLeast: 1), dense: try Self.time(row, "dense"), sparse: try Self.time(row, "sparse"),
                    error: try Self.error(row)))
        }
        let machine = try Self.part(measured, "machine")
        let (processor, library) = (try Self.processor(machine), try Self.library(machine))
        let growth = try Self.part(measured, "growth")
        let (dense, sparse) = (try Self.exponent(growth, "dense"), try Self.exponent(growth, "sparse"))
        do {
            try self.init(
                phase: phase, processor: processor, library: library, rows: rows, denseExponent: dense, sparseExponent: sparse)
        } catch { throw measured.failure("rows", expected: "at least one length") }
    }

    private static func processor(_ machine: Settings) throws(FileError) -> Bilingual {
        let (processor, cores) = (try machine.text("processor"), try machine.integer("cores", atLeast: 1))
        return Bilingual(en: "\(processor), \(cores) \(cores == 1 ? "core" : "cores")", zh: "\(processor)，\(cores) 核")
    }

    private static func library(_ machine: Settings) throws(FileError) -> String {
        let blas = try part(machine, "blas")
        return "\(try blas.text("name")) \(try blas.text("version"))"
    }

    private static func exponent(_ growth: Settings, _ name: String) throws(FileError) -> Double? {
        growth.has(name) ? try part(growth, name).number("exponent") : nil
    }

    private static func time(_ row: Settings, _ name: String) throws(FileError) -> MeasuredTime {
        let time = try part(row, name)
        let (median, least, most) = (try time.number("median"), try time.number("least"), try time.number("most"))
        guard least > 0, least <= median, median <= most else {
            throw row.failure(name, expected: "times above 0 with least ≤ median ≤ most")
        }
        guard MeasuredTime.plausible.contains(least), MeasuredTime.plausible.contains(most) else {
            throw row.failure(name, expected: "times from a nanosecond to 10^9 seconds")
        }
        return MeasuredTime(median: median, least: least, most: most, runs: try time.integer("runs", atLeast: 1))
    }

    private static func error(_ row: Settings) throws(FileError) -> Double? {
        guard row.has("agreement") else { return nil }
        let agreement = try part(row, "agreement")
        return max(try agreement.number("dense"), try agreement.number("sparse"))
    }

    private static func part(_ settings: Settings, _ name: String) throws(FileError) -> Settings {
        guard let part = try settings.object(name) else { throw settings.failure(name, expected: "an object") }
        return part
    }
}
