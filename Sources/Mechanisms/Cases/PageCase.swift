// A case of DeepSeek Sparse Attention as text for a page: settings, weights and inputs, each number to its last bit; no expected values. The command
// writes it out of a file, a page's engine reads it, and both hold it to what a file is held to.

public import Traces

/// What a page needs of a reference case.
public struct PageCase: Sendable, CaseTensors {
    /// The name by which a run asks for it: the file's, without its extension.
    public let name: String
    /// The SHA-256 of the file that it came from, in hexadecimal, for pictures to carry.
    public let sha256: String?
    /// What errors call it.
    package let path: String
    private let config: Settings
    private let tensors: [NamedTensor]

    /// A case of its parts.
    package init(name: String, sha256: String?, path: String? = nil, config: Settings, tensors: [NamedTensor]) {
        (self.name, self.sha256, self.config, self.tensors) = (name, sha256, config, tensors)
        self.path = path ?? name
    }

    /// The mechanism with its inputs and passes; throws if a setting or a tensor is missing, does not fit, or is not known.
    public func sparseAttention() throws(FileError) -> SparseCase { try SparseCase(config, self) }

    package var names: [String] { tensors.map { $0.name }.sorted() }

    package func lengths(_ name: String) throws(FileError) -> [Int] { try named(name).shape.lengths }

    package func tensor(_ name: String, _ shape: Shape) throws(FileError) -> Tensor {
        let tensor = try named(name)
        guard tensor.shape.lengths == shape.lengths else {
            throw FileError(.badData, path, "\(name): expected \(shape.lengths), found \(tensor.shape.lengths)")
        }
        return Tensor(shape, tensor.values)
    }

    private func named(_ name: String) throws(FileError) -> Tensor {
        if let found = tensors.first(where: { $0.name == name }) { return found.tensor }
        throw FileError(.badData, path, "tensor \(name) is missing")
    }
}

extension PageCase {
    /// The name that stands in its text.
    private static let format = "attention-steps.case"

    /// The case as one line of JSON: `{"format", "version", "name", "sha256", "config", "tensors": {NAME: {"shape", "values"}}}`, values in base64.
    public func json() -> String {
        let fields = tensors.map { tensor in
            (
                tensor.name,
                JSONText.object([
                    ("shape", .integers(tensor.tensor.shape.lengths)), ("values", .string(Base64.text(tensor.tensor.values))),
                ])
            )
        }
        return JSONText.object([
            ("format", .string(Self.format)), ("version", 1), ("name", .string(name)), ("sha256", sha256.map(JSONText.string) ?? .null),
            ("config", .object(config.names.map { ($0, config.fields[$0]?.text ?? .null) })), ("tensors", .object(fields)),
        ]).line
    }

    /// Reads what `json()` writes; throws for a tensor that is not what it says.
    package init(_ root: Settings) throws(FileError) {
        try root.allow(["format", "version", "name", "sha256", "config", "tensors"])
        guard try root.text("format") == Self.format, try root.integer("version") == 1 else {
            throw root.failure("format", expected: "\"\(Self.format)\", version 1")
        }
        let all = try root.required("tensors")
        var (tensors, values): ([NamedTensor], Int) = ([], 0)
        for name in all.names {
            let tensor = try all.required(name).tensor(name)
            values += tensor.shape.count
            guard values <= CaseParts.mostValues else {
                throw root.failure("tensors", expected: "a case of at most \(CaseParts.mostValues) values")
            }
            tensors.append(NamedTensor(name, tensor))
        }
        self.init(
            name: try root.text("name"), sha256: root.has("sha256") ? try root.text("sha256") : nil, path: root.file,
            config: try root.required("config"), tensors: tensors)
    }
}

extension Settings {
    /// The tensor of an object with a shape and values in base64.
    fileprivate func tensor(_ name: String) throws(FileError) -> Tensor {
        try allow(["shape", "values"])
        let lengths = try positions("shape", below: Self.largestInteger)
        let shape: Shape
        do throws(EngineError) { shape = try Shape(checking: lengths.indices.map { Axis("\($0)") }, lengths, name) } catch {
            throw FileError(.badData, file, "\(error)")
        }
        guard let values = Base64.values(try text("values")), values.count == shape.count else {
            throw FileError(.badData, file, "\(path)values: expected \(shape.count) numbers of 64 bits in base64")
        }
        return Tensor(shape, values)
    }
}

extension JSON {
    /// The value as it is printed; the fields of an object in the order of their names.
    fileprivate var text: JSONText {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .array(let values): .array(values.map { $0.text })
        case .object(let fields): .object(fields.keys.sorted().map { ($0, fields[$0]!.text) })
        }
    }
}
