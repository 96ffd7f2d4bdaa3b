// What TileLang made of the tile programs: assets/tilelang/recorded.json, which scripts/test-tilelang writes. Fields that no picture needs are passed
// over (variants of sizes, the version of torch).

public import Records
public import Traces

extension PublishedData {
    /// The record at `path`. Throws `FileError` if it cannot be read.
    public static func lowerings(path: String) throws(FileError) -> LoweringRecord {
        try lowerings(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors. Throws `FileError`, naming the field, where one is missing, of another type, empty
    /// or too long to be drawn.
    public static func lowerings(_ bytes: [UInt8], file: String) throws(FileError) -> LoweringRecord {
        try lowerings(Settings(bytes, file: file))
    }

    private static func lowerings(_ settings: Settings) throws(FileError) -> LoweringRecord {
        var programs: [LoweredProgram] = []
        for program in try settings.objects("programs") { programs.append(try self.program(program)) }
        guard !programs.isEmpty else { throw settings.failure("programs", expected: "at least one program") }
        return LoweringRecord(
            version: try settings.name("version"), date: try settings.name("date"), programs: programs)
    }

    private static func program(_ settings: Settings) throws(FileError) -> LoweredProgram {
        var sizes: [(name: String, value: Int)] = []
        for size in try settings.objects("sizes") { sizes.append((try size.name("name"), try size.integer("value", atLeast: 0))) }
        var targets: [LoweredProgram.Target] = []
        for target in try settings.objects("lowered") {
            targets.append(LoweredProgram.Target(name: try target.name("target"), result: try result(target)))
        }
        guard (1...8).contains(targets.count) else { throw settings.failure("lowered", expected: "1 to 8 targets") }
        guard let run = try settings.object("c") else { throw settings.failure("c", expected: "an object") }
        let error = try run.number("largestError")
        guard error >= 0, error.isFinite else { throw run.failure("largestError", expected: "a number from 0 on") }
        return LoweredProgram(
            program: try settings.name("program"), sizes: sizes, targets: targets,
            run: LoweredProgram.Run(
                lines: try run.integer("lines", atLeast: 1), seeds: try run.integer("seeds", atLeast: 1), largestError: error))
    }

    private static func result(_ target: Settings) throws(FileError) -> LoweredProgram.Result {
        if target.has("error") { return .error(try target.quotation("error")) }
        var families: [LoweredProgram.Family] = []
        for family in try target.objects("families") {
            families.append(LoweredProgram.Family(name: try family.name("name"), count: try family.integer("count", atLeast: 1)))
        }
        guard case .array(let lines) = target.fields["excerpt"] else { throw target.failure("excerpt", expected: "an array of texts") }
        var excerpt: [String] = []
        for line in lines {
            guard case .string(let text) = line, text.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
                throw target.failure("excerpt", expected: "an array of texts, a line each")
            }
            excerpt.append(String(text.prefix(400)))
        }
        return .source(lines: try target.integer("lines", atLeast: 1), families: families, excerpt: excerpt)
    }
}

extension Settings {
    /// A short text that a picture can set.
    fileprivate func name(_ field: String) throws(FileError) -> String {
        let text = try text(field)
        guard (1...60).contains(text.count), text.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
            throw failure(field, expected: "1 to 60 characters on one line")
        }
        return text
    }

    /// Somebody else's words: at most 400 characters, control characters as spaces.
    fileprivate func quotation(_ field: String) throws(FileError) -> String {
        let text = String(try text(field).map { $0.isNewline || $0 == "\t" ? " " : $0 }.prefix(400))
        guard !text.isEmpty else { throw failure(field, expected: "a text that is not empty") }
        return text
    }
}
