// A JSON value, and an object whose fields are read by type: a missing or wrong field is an error that names it.

/// A JSON value.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// How numbers that are not finite are written.
    package static let nonFinite: [String: Double] = ["Infinity": .infinity, "-Infinity": -.infinity, "NaN": .nan]
    /// 10^0 to 10^15, each exact.
    package static let powersOfTen: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]

    /// What it is, for messages.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "\"\(value)\""
        // A list that nobody has asked for yet stands as an empty one.
        case .array(let elements) where elements.isEmpty: "an array"
        case .array(let elements) where elements.count <= 4: "[\(elements.map { $0.description }.joined(separator: ", "))]"
        case .array(let elements): "an array of \(elements.count)"
        case .object: "an object"
        }
    }
}

/// A JSON object of settings: `config.json`, or the `config` of a reference case. Every access checks presence and type.
public struct Settings: Sendable {
    /// The file that errors name.
    public let file: String
    /// Put before field names in errors: `config.`, `model.`.
    package let path: String
    package let fields: [String: JSON]

    package init(file: String, path: String = "", fields: [String: JSON]) {
        self.file = file
        self.path = path
        self.fields = fields
    }

    /// Reads a document that must be one object.
    package init(file: String, path: String = "", reader: inout JSONReader) throws(FileError) {
        guard case .object(let fields) = try reader.value() else {
            throw FileError(.badData, file, "expected \(path.isEmpty ? "" : path.dropLast() + " to be ")a JSON object")
        }
        self.init(file: file, path: path, fields: fields)
    }

    /// The names of the fields, sorted.
    public var names: [String] { fields.keys.sorted() }

    /// Whether the field is there and not null.
    public func has(_ name: String) -> Bool {
        if case .null = fields[name] ?? .null { return false }
        return true
    }

    package func failure(_ name: String, expected: String) -> FileError {
        let found = fields[name]?.description
        return FileError(
            .badData, file,
            found.map { "\(path)\(name): expected \(expected), found \($0)" } ?? "\(path)\(name) is missing: expected \(expected)")
    }

    /// The largest whole number that a setting may be: products of two cannot overflow.
    public static let largestInteger = 1 << 30

    /// A whole number, at least `least` and at most `largestInteger`.
    public func integer(_ name: String, atLeast least: Int = -largestInteger) throws(FileError) -> Int {
        if case .integer(let value) = fields[name], value >= least, value <= Self.largestInteger { return value }
        if case .integer(let value) = fields[name], value > Self.largestInteger {
            throw failure(name, expected: "a whole number of at most \(Self.largestInteger)")
        }
        throw failure(name, expected: least == -Self.largestInteger ? "a whole number" : "a whole number of at least \(least)")
    }

    /// A whole number, at least `least`; `standard` if the field is missing or null.
    public func integer(_ name: String, atLeast least: Int = -largestInteger, default standard: Int) throws(FileError) -> Int {
        has(name) ? try integer(name, atLeast: least) : standard
    }

    /// A number.
    public func number(_ name: String) throws(FileError) -> Double {
        switch fields[name] {
        case .number(let value): return value
        case .integer(let value): return Double(value)
        default: throw failure(name, expected: "a number")
        }
    }

    /// A number; `standard` if the field is missing or null.
    public func number(_ name: String, default standard: Double) throws(FileError) -> Double { has(name) ? try number(name) : standard }

    /// true or false.
    public func bool(_ name: String) throws(FileError) -> Bool {
        if case .bool(let value) = fields[name] { return value }
        throw failure(name, expected: "true or false")
    }

    /// true or false; `standard` if the field is missing or null.
    public func bool(_ name: String, default standard: Bool) throws(FileError) -> Bool { has(name) ? try bool(name) : standard }

    /// A text.
    public func text(_ name: String) throws(FileError) -> String {
        if case .string(let value) = fields[name] { return value }
        throw failure(name, expected: "a text")
    }

    /// A text; `standard` if the field is missing or null.
    public func text(_ name: String, default standard: String) throws(FileError) -> String { has(name) ? try text(name) : standard }

    /// An object within; nil if the field is missing or null.
    package func object(_ name: String) throws(FileError) -> Settings? {
        guard has(name) else { return nil }
        guard case .object(let fields) = fields[name] else { throw failure(name, expected: "an object") }
        return Settings(file: file, path: "\(path)\(name).", fields: fields)
    }

    /// The objects of an array; none if the field is missing or null.
    package func objects(_ name: String) throws(FileError) -> [Settings] {
        guard has(name) else { return [] }
        guard case .array(let elements) = fields[name] else { throw failure(name, expected: "an array") }
        var objects: [Settings] = []
        for (i, element) in elements.enumerated() {
            guard case .object(let fields) = element else { throw failure(name, expected: "an array of objects") }
            objects.append(Settings(file: file, path: "\(path)\(name)[\(i)].", fields: fields))
        }
        return objects
    }
}
