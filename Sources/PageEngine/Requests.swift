// The parts of a page's requests, read and checked.

import Diagrams
import Traces

extension FigureOptions {
    /// Options by the names that the command line has; the language is the run's.
    init(_ options: Settings) throws(FileError) {
        try options.allow(["theme", "preset", "width", "step", "head", "query", "key", "aggregate", "phase", "stage", "part"])
        self.init()
        preset = try options.choice("preset", Preset.self) ?? .article
        aggregate = try options.choice("aggregate", Aggregation.self)
        stage = try options.choice("stage", SoftmaxStage.self)
        part = try options.choice("part", PathwayPart.self)
        width = options.has("width") ? try options.number("width") : nil
        step = options.has("step") ? try options.text("step") : nil
        query = options.has("query") ? try options.integer("query") : nil
        key = options.has("key") ? try options.integer("key") : nil
        phase = try options.text("phase", default: "prefill")
        if options.has("head") {
            if case .string("mean") = options.fields["head"] { head = .mean } else { head = .one(try options.integer("head", atLeast: 0)) }
        }
    }
}

extension Settings {
    /// The object that a page hands over.
    init(page bytes: [UInt8]) throws(FileError) {
        self = try bytes.withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                try JSONReader.read(bytes, file: "request") { reader throws(FileError) in try Settings(file: "request", reader: &reader) }
            }
        }.get()
    }

    /// The same, as a page's error.
    static func asked(_ bytes: [UInt8]) throws(PageError) -> Settings {
        do throws(FileError) { return try Settings(page: bytes) } catch { throw PageError(error) }
    }

    /// One of an enumeration's names; nil if the field is missing or null.
    func choice<Choice: CaseIterable & RawRepresentable>(_ name: String, _ kind: Choice.Type) throws(FileError) -> Choice?
    where Choice.RawValue == String {
        guard has(name) else { return nil }
        if let choice = Choice(rawValue: try text(name)) { return choice }
        throw failure(name, expected: "one of " + Choice.allCases.map { $0.rawValue }.joined(separator: ", "))
    }
}
