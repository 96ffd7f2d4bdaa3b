// What tests of files share: where fixtures are, folders that vanish, and files made byte by byte.

import Foundation
package import Traces

/// The configuration of a small case of kind `attention`.
package let attentionConfig =
    #"{"dim":4,"n_heads":2,"n_kv_heads":2,"head_dim":2,"v_head_dim":2,"length":2,"causal":true,"rope":"none","rope_theta":10000.0}"#

package enum Paths {
    /// The folder of fixtures.
    package static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../ModelFilesTests/Fixtures")
        .standardized.path
    /// Shared test data beside the package, which is not part of it: ATTN_SHARED, or ../shared.
    package static let shared =
        ProcessInfo.processInfo.environment["ATTN_SHARED"]
        ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").standardized.path
    package static let stories = shared + "/models/stories260K"
    /// Brought by `make smollm2`.
    package static let smolLM2 =
        URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf").standardized.path
    package static let hasSmolLM2 = FileManager.default.fileExists(atPath: smolLM2)
    package static let hasStories = FileManager.default.fileExists(atPath: stories + "/model.safetensors")
}

/// A folder that is removed with its contents.
package final class TemporaryFolder {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "attention-steps-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    /// Writes a file and returns its path.
    package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    package func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    /// A safetensors file from a header, true or not, and `data` bytes after it.
    package func safetensors(_ header: String, data: [UInt8] = []) throws -> String {
        try write("case.safetensors", withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8) + data)
    }
}

/// The error that `body` throws, as the reader sees it, with the folder's name left out.
package func problem(_ body: () throws -> some Any) -> String {
    do {
        _ = try body()
        return "no error"
    } catch let error as FileError {
        return "\(error.kind): \(error.problem)"
    } catch {
        return "\(error)"
    }
}

/// The reference case of that name.
package func fixture(_ name: String) -> String { "\(Paths.fixtures)/\(name).safetensors" }

package func text(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }

extension TemporaryFolder {
    /// The JSON object in the file `name`.
    package func settings(_ name: String) throws -> Settings {
        try Data(contentsOf: URL(filePath: path + "/" + name)).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: name) { reader throws(FileError) in try Settings(file: name, reader: &reader) }
        }
    }

    /// Makes a file longer without writing to it.
    package func extend(_ path: String, to size: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(size))
        try handle.close()
    }
}
