// Models as llama.cpp keeps them: key-values, a table of tensors, then the tensors' blocks, all in one file, little endian. The file is mapped, so that
// one of 10 GB opens at once: long lists are counted when it is opened, and read when they are asked for.
// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.

public import Traces

/// A GGUF file, open for reading.
public struct GGUFFile: Sendable {
    /// What the table says of one tensor.
    public struct Info: Hashable, Sendable {
        /// How its values are packed.
        public let type: GGMLType
        /// Its lengths, outermost first: the other way round than in the file.
        public let shape: [Int]
        /// Where its blocks are, from the start of the file.
        public let range: Range<Int>

        /// How many values it has.
        public var count: Int { range.count / type.blockBytes * type.blockValues }
    }

    /// The path as the reader named it.
    public let path: String
    /// Its single values by key. A list stands here without its elements: they may be many, and are read by `texts`, `integers` and `numbers`.
    public let settings: Settings
    private let lists: [String: GGUFList]
    private let tensors: [String: Info]
    private let file: MappedFile

    /// Opens the file and checks all that stands before the data; every lie in it is an error that names the key or the tensor.
    public init(path: String) throws(FileError) {
        file = try MappedFile(path: path)
        let header = try GGUFHeader(file)
        self.path = path
        settings = Settings(file: path, fields: header.values)
        (lists, tensors) = (header.lists, header.tensors)
    }

    /// The names of the tensors, sorted.
    public var names: [String] { tensors.keys.sorted() }

    /// Whether there is a tensor of this name.
    public func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// What the table says of a tensor; throws if there is none of this name.
    public func info(_ name: String) throws(FileError) -> Info {
        if let info = tensors[name] { return info }
        let near = NearWords.of(name, in: names)
        throw FileError(.badData, path, "tensor \(name) is missing" + (near.isEmpty ? "" : "; there is \(near.joined(separator: ", "))"))
    }

    /// A tensor's values, each as exact as its block has it; throws unless the tensor has exactly this shape.
    public func tensor(_ name: String, _ shape: Shape) throws(FileError) -> Tensor { try stored(name, shape)() }

    /// The same, read when it is asked for; throws now for what would be wrong then.
    func stored(_ name: String, _ shape: Shape) throws(FileError) -> @Sendable () -> Tensor {
        let info = try info(name)
        guard info.shape == shape.lengths else {
            throw FileError(.badData, path, "\(name): expected \(shape.lengths), found \(info.shape)")
        }
        return { [file] in Tensor(shape, info.type.values(UnsafeRawBufferPointer(rebasing: file.bytes[info.range]))) }
    }

    // MARK: Lists

    /// How many elements the list of this key has; nil if there is no such list.
    public func count(ofList key: String) -> Int? { lists[key]?.count }

    /// The texts of a list.
    public func texts(_ key: String) throws(FileError) -> [String] {
        try elements(key, "texts", [.text]) { value in if case .string(let text) = value { text } else { nil } }
    }

    /// The whole numbers of a list.
    public func integers(_ key: String) throws(FileError) -> [Int] {
        try elements(key, "whole numbers", GGUFValueType.integers) { value in if case .integer(let number) = value { number } else { nil } }
    }

    /// The numbers of a list.
    public func numbers(_ key: String) throws(FileError) -> [Double] {
        try elements(key, "numbers", GGUFValueType.integers + [.float32, .float64]) { value in
            switch value {
            case .integer(let number): Double(number)
            case .number(let number): number
            default: nil
            }
        }
    }

    private func elements<Element>(
        _ key: String, _ what: String, _ types: [GGUFValueType], _ change: (JSON) -> Element?
    ) throws(FileError) -> [Element] {
        guard let list = lists[key] else { throw settings.failure(key, expected: "a list of \(what)") }
        func failure(_ found: String) -> FileError { FileError(.badData, path, "\(key): expected \(what), found \(found)") }
        guard types.contains(list.type) else { throw failure("a list of type \(list.type)") }
        var reader = GGUFReader(file, at: list.start)
        var all: [Element] = []
        all.reserveCapacity(list.count)
        for _ in 0..<list.count {
            let value = try reader.value(list.type, key)
            guard let element = change(value) else { throw failure(value.description) }
            all.append(element)
        }
        return all
    }
}

/// A list that was counted and is read when somebody asks for it.
struct GGUFList: Sendable {
    let type: GGUFValueType
    let count: Int
    /// Where its first element is, from the start of the file.
    let start: Int
}
