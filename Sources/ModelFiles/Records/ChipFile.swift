// assets/hardware/*.json ──► a chip: its memories, paths and units. The same file may hold what `Hardware` reads, an accelerator's peaks and price.

public import TileMachine
public import Traces

extension Chip {
    /// Every field of such a file, the accelerator's among them.
    private static let fields = [
        "name", "source", "bf16_flops", "fp8_flops", "bandwidth_bytes_per_second", "memory_bytes", "usd_per_hour", "cores", "memories",
        "paths", "units", "homes", "names",
    ]

    /// The chip in the JSON file at `path`, which it is called by, without folder and ending. Throws `FileError`, naming the field, if one is missing,
    /// unknown, or says what no chip can be.
    public init(path: String) throws(FileError) {
        try self.init(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors.
    public init(json bytes: [UInt8], file: String) throws(FileError) { try self.init(Settings(bytes, file: file)) }

    private init(_ settings: Settings) throws(FileError) {
        try settings.allow(Self.fields)
        guard settings.has("memories") else {
            throw settings.failure("memories", expected: "the chip's memories, without which no tile has a place")
        }
        let memories = try settings.objects("memories").map { memory throws(FileError) in try Self.memory(memory) }
        let paths = try settings.objects("paths").map { path throws(FileError) in try Self.path(path) }
        let units = try settings.objects("units").map { unit throws(FileError) in try Self.unit(unit) }
        let homes = try settings.required("homes")
        let (shared, fragment) = (try Self.homes(homes, "shared"), try Self.homes(homes, "fragment"))
        let file = settings.file.split(separator: "/").last.map(String.init) ?? settings.file
        let (name, source) = (try settings.said("name"), try settings.said("source"))
        let cores = settings.has("cores") ? try settings.integer("cores", atLeast: 1) : nil
        let peak = try Self.peak(settings, paths, units)
        var names: [String: Bilingual] = [:]
        if settings.has("names") {
            let said = try settings.required("names")
            for name in said.names { names[name] = try said.bilingual(name) }
        }
        self = try settings.checked { () throws(EngineError) in
            try Chip(
                id: file.hasSuffix(".json") ? String(file.dropLast(5)) : file, name: name, source: source, cores: cores, memories: memories,
                paths: paths, units: units, shared: shared, fragment: fragment, peak: peak, names: names)
        }
    }

    /// The accelerator's peaks, or of a chip with ticks those of its matrix unit and of its slowest path from far memory.
    private static func peak(_ settings: Settings, _ paths: [Path], _ units: [Unit]) throws(FileError) -> Peak? {
        if settings.has("bf16_flops"), settings.has("bandwidth_bytes_per_second") {
            return Peak(flops: try settings.number("bf16_flops"), bandwidth: try settings.number("bandwidth_bytes_per_second"))
        }
        let speeds = paths.filter { $0.from == far }.map { $0.bytesPerTick }
        guard let slowest = speeds.compactMap({ $0 }).min(), !speeds.contains(nil),
            let flops = units.first(where: { $0.kind == .matrix })?.flopsPerTick
        else { return nil }
        return Peak(flops: Double(flops), bandwidth: Double(slowest))
    }

    private static func memory(_ settings: Settings) throws(FileError) -> Memory {
        try settings.allow(["name", "bytes", "per"])
        let per = try settings.text("per")
        guard ["core", "chip"].contains(per) else { throw settings.failure("per", expected: "core or chip") }
        guard settings.fields["bytes"] != nil else { throw settings.failure("bytes", expected: "a count, or null where no source says it") }
        let bytes = settings.has("bytes") ? try settings.byteCount("bytes") : nil
        return Memory(name: try settings.text("name"), bytes: bytes, isPerCore: per == "core")
    }

    private static func path(_ settings: Settings) throws(FileError) -> Path {
        try settings.allow(["from", "to", "engine", "bytes_per_tick", "latency_ticks"])
        return Path(
            from: try settings.text("from"), to: try settings.text("to"), engine: try settings.text("engine"),
            bytesPerTick: settings.has("bytes_per_tick") ? try settings.integer("bytes_per_tick", atLeast: 1) : nil,
            latency: try settings.integer("latency_ticks", atLeast: 0, default: 0))
    }

    private static func unit(_ settings: Settings) throws(FileError) -> Unit {
        try settings.allow(["name", "kind", "operands", "result", "flops_per_tick"])
        guard let kind = Unit.Kind(rawValue: try settings.text("kind")) else {
            throw settings.failure("kind", expected: "matrix or vector")
        }
        let operands = try settings.list("operands").map { list throws(FileError) in
            guard case .array(let names) = list else { throw settings.failure("operands", expected: "a list of lists of memories") }
            return try names.map { name throws(FileError) in
                guard case .string(let text) = name else { throw settings.failure("operands", expected: "a list of lists of memories") }
                return text
            }
        }
        return Unit(
            name: try settings.text("name"), kind: kind, operands: operands, result: try settings.text("result"),
            flopsPerTick: settings.has("flops_per_tick") ? try settings.integer("flops_per_tick", atLeast: 1) : nil)
    }

    private static func homes(_ settings: Settings, _ role: String) throws(FileError) -> Homes {
        let homes = try settings.required(role)
        try homes.allow(["matrix", "vector"])
        return Homes(matrix: try homes.text("matrix"), vector: try homes.text("vector"))
    }
}

extension Settings {
    /// Throws for a field that is none of `names`.
    fileprivate func allow(_ names: [String]) throws(FileError) {
        for name in self.names where !names.contains(name) {
            throw FileError(
                .badData, file, "\(path)\(name): there is no such field\(NearWords.hint(NearWords.of(name, in: names)))")
        }
    }

    /// The objects of a list.
    fileprivate func objects(_ name: String) throws(FileError) -> [Settings] {
        try list(name).enumerated().map { pair throws(FileError) in
            guard case .object(let fields) = pair.element else { throw failure(name, expected: "a list of objects") }
            return Settings(file: file, path: "\(path)\(name)[\(pair.offset)].", fields: fields)
        }
    }

    /// A count of bytes above zero, up to 2^53.
    fileprivate func byteCount(_ name: String) throws(FileError) -> Int {
        let number = try number(name)
        guard let count = Int(exactly: number), (1...1 << 53).contains(count) else {
            throw failure(name, expected: "a whole number of bytes above 0")
        }
        return count
    }

    /// A text, in both languages or the same in both.
    func said(_ name: String) throws(FileError) -> Bilingual {
        if case .object = fields[name] { return try bilingual(name) }
        return Bilingual(same: try text(name))
    }
}
