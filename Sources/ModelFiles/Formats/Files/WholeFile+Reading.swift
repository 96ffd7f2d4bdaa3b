// A small file's bytes at once: configurations and tables.

public import Traces

extension WholeFile {
    /// The bytes of the file at `path`; throws if it is missing, may not be read, or is no regular file.
    public static func read(_ path: String) throws(FileError) -> [UInt8] {
        let file = try MappedFile(path: path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }
}
