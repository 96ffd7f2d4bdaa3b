// A file of arrays, told by its first bytes: .npy (one array without a name), .npz (a zip archive of such), .safetensors.

import Traces

/// The arrays of a file, by name.
struct ArrayFile: Sendable {
    let path: String
    private let contents: Contents

    private enum Contents: Sendable {
        case single(MappedFile)
        case archive(ZipArchive)
        case tensors(Safetensors)
    }

    init(path: String) throws(FileError) {
        self.path = path
        let file = try MappedFile(path: path)
        if file.bytes.starts(with: NumPyHeader.magic) {
            contents = .single(file)
        } else if file.bytes.starts(with: ZipArchive.magic) {
            contents = .archive(try ZipArchive(file))
        } else if path.hasSuffix(".safetensors") {
            contents = .tensors(try Safetensors(path: path))
        } else {
            let found = ForeignFile.name(file.bytes) ?? "none of them"
            throw FileError(.badData, path, "expected a .npy, .npz or .safetensors file, found \(found)")
        }
    }

    /// The names of the arrays; nil where there is one that has none.
    var names: [String]? {
        switch contents {
        case .single: nil
        case .archive(let archive): archive.names.filter { $0.hasSuffix(Self.ending) }.map { String($0.dropLast(Self.ending.count)) }
        case .tensors(let file): file.names
        }
    }

    private static let ending = ".npy"

    /// The array that is meant: by its name, or the only one; and what it is called.
    func array(_ wanted: String?) throws(FileError) -> StoredArray {
        guard let names else {
            guard wanted == nil else { throw FileError(.badData, path, "--tensor: a .npy file holds one array, which has no name") }
            return try single()
        }
        guard !names.isEmpty else {
            let (wanted, hint) =
                if case .archive = contents { ("arrays (.npy)", ": is it PyTorch's, of pickles?") } else { ("tensors", "") }
            throw FileError(.badData, path, "expected \(wanted) in it, found none\(hint)")
        }
        let some = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", … (\(names.count) in all)" : "")
        guard let name = wanted ?? (names.count == 1 ? names[0] : nil) else {
            throw FileError(.badData, path, "expected --tensor with one of \(some)")
        }
        guard names.contains(name) else {
            let near = NearWords.of(name, in: names)
            throw FileError(.badData, path, "tensor \(name) is missing; there is \(near.isEmpty ? some : near.joined(separator: ", "))")
        }
        switch contents {
        case .archive(let archive): return try self.array(name, of: archive)
        case .tensors(let file): return try array(name, of: file)
        case .single: return try single()
        }
    }

    private func single() throws(FileError) -> StoredArray {
        guard case .single(let file) = contents else { preconditionFailure("an array without a name is in a .npy file") }
        let header = try NumPyHeader(file.bytes, path)
        try Self.check(header, size: file.bytes.count, path)
        return StoredArray(
            path, header.number, isBigEndian: header.isBigEndian, header.lengths, isFortran: header.isFortran,
            .mapped(file, header.dataStart..<file.bytes.count))
    }

    private func array(_ name: String, of archive: ZipArchive) throws(FileError) -> StoredArray {
        let subject = "\(path) (\(name))"
        guard let member = try archive.member(name + Self.ending) else { throw FileError(.badData, path, "tensor \(name) is missing") }
        // The header first: an array that is refused is not unpacked.
        let start = try archive.beginning(of: member, NumPyHeader.reach)
        let header = try start.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try NumPyHeader(bytes, subject) }
        }.get()
        try Self.check(header, size: member.size, subject)
        let storage: StoredArray.Storage
        if member.isDeflated {
            storage = .unpacked(try archive.unpacked(member), from: header.dataStart)
        } else {
            try archive.check(member)
            storage = .mapped(archive.file, member.range.lowerBound + header.dataStart..<member.range.upperBound)
        }
        return StoredArray(
            subject, header.number, isBigEndian: header.isBigEndian, header.lengths, isFortran: header.isFortran, storage)
    }

    private static func check(_ header: NumPyHeader, size: Int, _ subject: String) throws(FileError) {
        guard header.dataStart + header.dataSize == size else {
            throw FileError(
                .badData, subject,
                "expected \(header.dataSize) bytes of \(header.number.rawValue) \(header.lengths), found \(size - header.dataStart)")
        }
    }

    private func array(_ name: String, of file: Safetensors) throws(FileError) -> StoredArray {
        let info = try file.info(name)
        let subject = "\(path) (\(name))"
        let numbers: [Safetensors.DataType: StoredArray.Number] = [.f16: .float16, .bf16: .bfloat16, .f32: .float32, .f64: .float64]
        guard let number = numbers[info.dataType] else {
            throw FileError(.badData, subject, "expected F16, BF16, F32 or F64, found \(info.dataType.rawValue)")
        }
        guard StoredArray.count(info.shape) != nil else {
            throw FileError(.badData, subject, "expected lengths from 1, found \(info.shape)")
        }
        let (mapped, range) = file.stored(info)
        return StoredArray(subject, number, info.shape, .mapped(mapped, range))
    }
}
