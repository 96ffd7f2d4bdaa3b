// `{{tilelang …}}`: what TileLang made of the tile programs, as this project recorded it: lines, families of instructions, or the error. What is printed
// is the record's; only lookups are made here. The list stands in lessons/README.md.

internal import Records
internal import Traces

/// Looks up `{{tilelang name(arguments)}}`.
struct TileLangValues {
    let resources: LessonResources

    private static let names = ["version", "date", "lines", "families", "error", "seeds", "largestError"]

    func value(_ name: String, _ arguments: [String]) throws -> MeasuredValues.Value {
        guard Self.names.contains(name) else {
            throw LessonError(.badFile, "tilelang: expected one of \(Self.names.joined(separator: ", ")), found \"\(name)\"")
        }
        var a = try CallArguments("tilelang \(name)", arguments, named: [])
        let record = try resources.lowerings()
        let value: MeasuredValues.Value
        switch name {
        case "version": value = .text(Bilingual(same: record.version))
        case "date": value = .text(Bilingual(same: record.date))
        default: value = try ofProgram(name, a.entry(record.programs.map { ($0.program, $0) }, "program"), &a)
        }
        try a.finish()
        return value
    }

    private func ofProgram(_ name: String, _ program: LoweredProgram, _ a: inout CallArguments) throws -> MeasuredValues.Value {
        switch name {
        case "seeds": return .number(LessonQuantity(Double(program.run.seeds)))
        case "largestError": return .number(LessonQuantity(program.run.largestError))
        default: break
        }
        // What ran here is C, of which the record keeps the number of lines alone.
        let own: [(String, LoweredProgram.Result)] =
            name == "lines" ? [("c", .source(lines: program.run.lines, families: [], excerpt: []))] : []
        let result = try a.entry(own + program.targets.map { ($0.name, $0.result) }, "target")
        switch (name, result) {
        case ("lines", .source(let lines, _, _)): return .number(LessonQuantity(Double(lines)))
        case ("families", .source(_, let families, _)): return .text(Self.list(families.map(\.name)))
        case ("error", .error(let words)): return .text(Bilingual(same: words))
        case (_, .source): throw LessonError(.badFile, "\(a.call): source came out, and no error")
        case (_, .error): throw LessonError(.badFile, "\(a.call): no source came out, but an error")
        }
    }

    /// Names that are words and not instructions, in Chinese.
    private static let words = ["flags": "标志", "AIC and AIV": "AIC 与 AIV", "SIMT on AIV": "AIV 上的 SIMT"]

    private static func list(_ names: [String]) -> Bilingual {
        Bilingual(en: names.joined(separator: ", "), zh: names.map { words[$0] ?? $0 }.joined(separator: "、"))
    }
}
