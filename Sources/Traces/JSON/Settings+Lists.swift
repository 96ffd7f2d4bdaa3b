// Lists in a JSON object: of texts, of numbers, of rows of numbers.

extension Settings {
    /// Throws for a field of another name: nothing that is asked is ignored.
    package func allow(_ known: [String]) throws(FileError) {
        for name in names where !known.contains(name) {
            throw FileError(.badData, file, "\(path)\(name): expected one of \(known.joined(separator: ", "))")
        }
    }

    /// An object that must be there.
    package func required(_ name: String) throws(FileError) -> Settings {
        guard let object = try object(name) else { throw failure(name, expected: "an object") }
        return object
    }

    /// A list of any values.
    package func list(_ name: String) throws(FileError) -> [JSON] {
        guard case .array(let elements) = fields[name] else { throw failure(name, expected: "an array") }
        return elements
    }

    /// A list of texts; none if the field is missing or null.
    package func texts(_ name: String) throws(FileError) -> [String] {
        guard has(name) else { return [] }
        return try list(name).map { element throws(FileError) in
            guard case .string(let text) = element else { throw failure(name, expected: "an array of texts") }
            return text
        }
    }

    /// A list of finite numbers.
    package func numbers(_ name: String) throws(FileError) -> [Double] { try numbers(.array(list(name)), name) }

    /// A list of rows of finite numbers, all of one length.
    package func rows(_ name: String) throws(FileError) -> [[Double]] { try rows(.array(list(name)), name) }

    /// A list of lists of rows.
    package func blocks(_ name: String) throws(FileError) -> [[[Double]]] {
        try list(name).map { block throws(FileError) in try rows(block, name) }
    }

    /// A list of whole numbers from 0 to below `end`.
    package func positions(_ name: String, below end: Int) throws(FileError) -> [Int] {
        try numbers(name).map { number throws(FileError) in
            guard let position = Int(exactly: number), (0..<end).contains(position) else {
                throw failure(name, expected: "whole numbers from 0 to below \(end)")
            }
            return position
        }
    }

    /// A text in both languages: an object with `en` and `zh`.
    package func bilingual(_ name: String) throws(FileError) -> Bilingual {
        let both = try required(name)
        return Bilingual(en: try both.text("en"), zh: try both.text("zh"))
    }

    private func numbers(_ value: JSON, _ name: String) throws(FileError) -> [Double] {
        guard case .array(let elements) = value else { throw failure(name, expected: "an array of numbers") }
        return try elements.map { element throws(FileError) in
            switch element {
            case .number(let number) where number.isFinite: return number
            case .integer(let number): return Double(number)
            default: throw failure(name, expected: "finite numbers")
            }
        }
    }

    private func rows(_ value: JSON, _ name: String) throws(FileError) -> [[Double]] {
        guard case .array(let elements) = value else { throw failure(name, expected: "an array of rows") }
        let rows = try elements.map { element throws(FileError) in try numbers(element, name) }
        guard rows.allSatisfy({ $0.count == rows[0].count }) else { throw failure(name, expected: "rows of one length") }
        return rows
    }
}
