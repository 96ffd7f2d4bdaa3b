// Where a command writes: `--output` is judged here, for all commands, before anything is computed.

internal import ModelFiles
internal import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

enum OutputPath {
    /// Throws if `path` cannot be what a reader meant: no name at all, a folder, a name that cannot be written, or one of the files that are read
    /// (links are followed, and other names of the same file known).
    static func check(file path: String, inputs: [String]) throws {
        guard !path.isEmpty else { throw UsageError("--output: expected a file name, found an empty one") }
        for input in inputs where isSame(path, input) {
            throw UsageError("--output \(path): expected a file other than the input \(input), which would be lost")
        }
        try WholeFile.check(path)
    }

    /// Throws if `path` cannot name a folder to write into.
    static func check(folder path: String?, option: String = "--output") throws {
        guard let path else { return }
        guard !path.isEmpty else { throw UsageError("\(option): expected a folder's name, found an empty one") }
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(.cannotWrite, path, "expected a folder, found a file")
        }
        try WholeFile.check(creatingFolders: "\(path)/index.html")
    }

    private static func isSame(_ a: String, _ b: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
