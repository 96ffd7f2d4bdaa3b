// What the tests of this module share: where fixtures are, folders that vanish, and files made byte by byte.

import Traces
import Foundation
import ModelFiles
import Testing

enum Paths {
    /// The folder of this test target's fixtures.
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
    /// Shared test data beside the package, which is not part of it: ATTN_SHARED, or ../shared.
    static let shared =
        ProcessInfo.processInfo.environment["ATTN_SHARED"]
        ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").standardized.path
    static let stories = shared + "/models/stories260K"
    /// Brought by `make smollm2`.
    static let smolLM2 =
        URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf").standardized.path
    static let hasSmolLM2 = FileManager.default.fileExists(atPath: smolLM2)
    static let hasStories = FileManager.default.fileExists(atPath: stories + "/model.safetensors")
}

/// A folder that is removed with its contents.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "attention-steps-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    /// Writes a file and returns its path.
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    /// A safetensors file from a header, true or not, and `data` bytes after it.
    func safetensors(_ header: String, data: [UInt8] = []) throws -> String {
        try write("case.safetensors", withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8) + data)
    }
}

/// The error that `body` throws, as the reader sees it, with the folder's name left out.
func problem(_ body: () throws -> some Any) -> String {
    do {
        _ = try body()
        return "no error"
    } catch let error as FileError {
        return "\(error.kind): \(error.problem)"
    } catch {
        return "\(error)"
    }
}

func text(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }

extension TemporaryFolder {
    /// The JSON object in the file `name`.
    func settings(_ name: String) throws -> Settings {
        try Data(contentsOf: URL(filePath: path + "/" + name)).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: name) { reader throws(FileError) in try Settings(file: name, reader: &reader) }
        }
    }

    /// Makes a file longer without writing to it.
    func extend(_ path: String, to size: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(size))
        try handle.close()
    }
}
