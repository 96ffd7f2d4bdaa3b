// A JSON object's fields with the type that was expected of them: what is missing or of another type is an error that names the field.

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The fields of one small JSON object.
struct JSONFields {
    private enum Value: Decodable {
        case number(Double)
        case text(String)
        case other

        init(from decoder: any Swift.Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if (try? container.decode(Bool.self)) == nil, let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }
    }

    private let file: String
    private let fields: [String: Value]

    /// Reads an object from `bytes`; `file` names it in errors.
    init(_ bytes: [UInt8], file: String) throws(FileError) {
        self.file = file
        do {
            fields = try JSONDecoder().decode([String: Value].self, from: Data(bytes))
        } catch {
            throw FileError(.badData, file, "expected a JSON object, found something else")
        }
    }

    /// Whether the field is there with a number.
    func hasNumber(_ field: String) -> Bool { if case .number = fields[field] { true } else { false } }

    /// A text, or nil if there is none.
    func text(_ field: String) -> String? { if case .text(let text) = fields[field] { text } else { nil } }

    /// A number; throws if it is missing or something else.
    func number(_ field: String) throws(FileError) -> Double {
        switch fields[field] {
        case .number(let number): return number
        case nil: throw FileError(.badData, file, "\(field): expected a number, found no such field")
        default: throw FileError(.badData, file, "\(field): expected a number, found something else")
        }
    }

    /// A whole number; throws if it is missing, broken or beyond 2^53.
    func integer(_ field: String) throws(FileError) -> Int {
        let number = try number(field)
        guard let whole = Int(exactly: number), abs(whole) <= 1 << 53 else {
            throw FileError(.badData, file, "\(field): expected a whole number, found \(number)")
        }
        return whole
    }
}
