// The JSON that `attn measure` writes, read back as plain numbers for a figure.

public import Traces

/// One measured phase.
public struct MeasurementFile: Hashable, Sendable {
    /// A median of several runs, and the shortest and the longest, in seconds.
    public struct Time: Hashable, Sendable {
        /// The median, the shortest and the longest, in seconds.
        public let median, least, most: Double
        /// How many runs there were.
        public let runs: Int
    }

    /// One length in positions.
    public struct Row: Hashable, Sendable {
        /// Positions.
        public let length: Int
        /// Dense and sparse attention.
        public let dense, sparse: Time
        /// The largest relative difference from Double; nil if the results were not checked.
        public let error: Double?
    }

    /// `decode` or `prefill`.
    public let phase: String
    /// The processor, its cores and the BLAS, in a line.
    public let machine: Bilingual
    /// By ascending length.
    public let rows: [Row]
    /// Exponents of growth; nil where there were too few lengths.
    public let denseExponent, sparseExponent: Double?

    /// Reads the phases in a file of `attn measure`; throws where a field is missing or of another type.
    public static func read(_ path: String) throws(FileError) -> [MeasurementFile] {
        let value = try JSONReader.read(path: path) { reader throws(FileError) in try reader.value() }
        guard case .array(let phases) = value, !phases.isEmpty else {
            throw FileError(.badData, path, "expected a list of measured phases")
        }
        var files: [MeasurementFile] = []
        for phase in phases {
            guard case .object(let fields) = phase else { throw FileError(.badData, path, "expected a list of measured phases") }
            files.append(try MeasurementFile(Settings(file: path, fields: fields)))
        }
        return files
    }

    private init(_ phase: Settings) throws(FileError) {
        self.phase = try phase.text("phase")
        let machine = try Self.part(phase, "machine")
        let blas = try Self.part(machine, "blas")
        let (processor, library) = (try machine.text("processor"), "\(try blas.text("name")) \(try blas.text("version"))")
        let cores = try machine.integer("cores", atLeast: 1)
        self.machine = Bilingual(
            en: "\(processor), \(cores) \(cores == 1 ? "core" : "cores"), \(library)", zh: "\(processor)，\(cores) 核，\(library)")
        let list = try phase.objects("rows")
        guard !list.isEmpty else { throw phase.failure("rows", expected: "at least one length") }
        var rows: [Row] = []
        for row in list {
            rows.append(
                Row(
                    length: try row.integer("length", atLeast: 1), dense: try Self.time(row, "dense"), sparse: try Self.time(row, "sparse"),
                    error: try Self.error(row)))
        }
        self.rows = rows
        let growth = try Self.part(phase, "growth")
        denseExponent = growth.has("dense") ? try Self.part(growth, "dense").number("exponent") : nil
        sparseExponent = growth.has("sparse") ? try Self.part(growth, "sparse").number("exponent") : nil
    }

    private static func time(_ row: Settings, _ name: String) throws(FileError) -> Time {
        let time = try part(row, name)
        let (median, least, most) = (try time.number("median"), try time.number("least"), try time.number("most"))
        guard least > 0, least <= median, median <= most else {
            throw row.failure(name, expected: "times above 0 with least ≤ median ≤ most")
        }
        return Time(median: median, least: least, most: most, runs: try time.integer("runs", atLeast: 1))
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
