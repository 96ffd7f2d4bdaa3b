// Runs the built command as a user would, and keeps what it printed.

import Foundation

/// The result of one run.
struct Run {
    let status: Int32
    let output: String
    let error: String
}

/// Folders that tests use.
enum Place {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let fixtures = repository.appending(path: "Tests/ModelFilesTests/Fixtures").path
    /// The tiny real model beside the repository, or nil.
    static let model: String? = {
        let shared =
            ProcessInfo.processInfo.environment["ATTN_SHARED"] ?? repository.deletingLastPathComponent().appending(path: "shared").path
        let folder = shared + "/models/stories260K"
        return FileManager.default.fileExists(atPath: folder + "/config.json") ? folder : nil
    }()
    /// A new empty folder.
    static func temporary() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "attn-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
    /// The command, beside the test binary.
    static let attn = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "attn")
}

/// Runs `attn` with arguments.
func attn(_ arguments: String..., folder: URL? = nil, environment: [String: String] = [:]) throws -> Run {
    try attn(arguments, folder: folder, environment: environment)
}

/// Runs `attn` with arguments.
func attn(_ arguments: [String], folder: URL? = nil, environment: [String: String] = [:]) throws -> Run {
    let process = Process()
    process.executableURL = Place.attn
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder }
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": NSTemporaryDirectory(), "LANG": "C.UTF-8"].merging(environment) { $1 }
    let folder = try Place.temporary()
    defer { try? FileManager.default.removeItem(at: folder) }
    func sink(_ name: String) throws -> (URL, FileHandle) {
        let file = folder.appending(path: name)
        try Data().write(to: file)
        return (file, try FileHandle(forWritingTo: file))
    }
    let (output, outputHandle) = try sink("out")
    let (error, errorHandle) = try sink("err")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = outputHandle
    process.standardError = errorHandle
    try process.run()
    process.waitUntilExit()
    return Run(
        status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
        error: try String(contentsOf: error, encoding: .utf8))
}

/// A JSON text as Foundation reads it.
func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) }
