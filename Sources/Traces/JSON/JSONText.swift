// JSON that commands print: values in the order in which they are given, numbers that read back exactly, and what is not finite as a string.

/// A JSON value to be printed; fields keep their order.
public indirect enum JSONText: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// null.
    case null
    /// true or false.
    case bool(Bool)
    /// A whole number.
    case integer(Int)
    /// A whole number of up to 128 bits.
    case exact(Int128)
    /// A number; infinities and NaN become "Infinity", "-Infinity" and "NaN".
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONText])
    /// Named fields in order.
    case object([(String, JSONText)])

    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// true or false.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list of whole numbers.
    public static func integers(_ values: [Int]) -> JSONText { .array(values.map(JSONText.integer)) }
    /// A list of texts.
    public static func strings(_ values: [String]) -> JSONText { .array(values.map(JSONText.string)) }

    /// The JSON text on one line.
    public var line: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .exact(let value): "\(value)"
        case .number(let value): value.isFinite ? "\(value)" : "\"\(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")\""
        case .string(let text): JSON.quoted(text)
        case .array(let values): "[" + values.map { $0.line }.joined(separator: ", ") + "]"
        case .object(let fields): "{" + fields.map { "\(JSON.quoted($0.0)): \($0.1.line)" }.joined(separator: ", ") + "}"
        }
    }

    /// The JSON text with lists of objects one object a line.
    public func text(indent: String = "") -> String {
        let deeper = indent + "  "
        switch self {
        case .array(let values) where values.contains { $0.isObject }:
            return "[\n" + values.map { deeper + $0.text(indent: deeper) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let fields) where fields.contains(where: { $0.1.isListOfObjects }):
            return "{" + fields.map { "\(JSON.quoted($0.0)): \($0.1.text(indent: deeper))" }.joined(separator: ", ") + "}"
        default: return line
        }
    }

    private var isObject: Bool { if case .object = self { true } else { false } }
    private var isListOfObjects: Bool { if case .array(let values) = self { values.contains { $0.isObject } } else { false } }
}
