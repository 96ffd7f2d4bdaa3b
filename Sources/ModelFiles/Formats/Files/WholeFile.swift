// A file appears whole or not at all: it is written under a temporary name in the same folder and renamed when it is complete.
// Devices and pipes (/dev/stdout) cannot be renamed over and are written as they are; a link is followed.

public import Traces

import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes files whole or not at all.
public enum WholeFile {
    /// Temporary files that are being written now.
    private static let unfinished = Mutex<Set<String>>([])

    /// Removes the temporary files that are being written: for a program that is interrupted and is about to exit.
    public static func discardUnfinished() {
        unfinished.withLock { paths in
            for path in paths { unlink(path) }
            paths = []
        }
    }

    /// Throws what writing to `path` would throw now, and leaves nothing behind: to be asked before long work.
    public static func check(_ path: String) throws(FileError) {
        let (exists, status) = try examine(path)
        if exists, status.st_mode & S_IFMT != S_IFREG {
            guard access(path, W_OK) == 0 else { throw .system(.cannotWrite, path, "cannot be written") }
            return
        }
        let temporary = temporaryName(beside: exists ? resolved(path) : path)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system(.cannotWrite, path, "cannot be written") }
        close(descriptor)
        unlink(temporary)
    }

    /// What stands at `path`. Throws for a folder, for a link to nothing, which would be lost, and for a name that no file can have.
    private static func examine(_ path: String) throws(FileError) -> (exists: Bool, status: stat) {
        var (status, link) = (stat(), stat())
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError(.cannotWrite, path, "expected a file name, found a folder") }
            return (true, status)
        }
        guard errno == ENOENT || errno == ENOTDIR else { throw .system(.cannotWrite, path, "cannot be written") }
        guard lstat(path, &link) != 0 else { throw FileError(.cannotWrite, path, "expected a file name, found a link to nothing") }
        return (false, status)
    }

    /// Throws what writing to `path` with its folders would throw now, and leaves nothing behind.
    public static func check(creatingFolders path: String) throws(FileError) {
        let made = try makeFolders(of: path)
        defer { for folder in made.reversed() { rmdir(folder) } }
        try check(path)
    }

    /// Makes the folders on the way to `path` that are not there, all or none, and says which.
    @discardableResult public static func makeFolders(of path: String) throws(FileError) -> [String] {
        var made: [String] = []
        var folder = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/").dropLast() {
            folder += "/\(part)"
            if mkdir(folder, 0o777) == 0 {
                made.append(folder)
            } else if errno != EEXIST {
                let error = FileError.system(.cannotWrite, path, "its folder cannot be made")
                for folder in made.reversed() { rmdir(folder) }
                throw error
            }
        }
        return made
    }

    /// Writes text as UTF-8.
    public static func write(_ path: String, _ text: String) throws(FileError) {
        try write(path) { stream throws(FileError) in try stream.write(text) }
    }

    /// Writes bytes.
    public static func write(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        try write(path) { stream throws(FileError) in try stream.write(bytes) }
    }

    /// Writes bytes; folders on the way that are not there are made.
    public static func write(_ path: String, creatingFolders bytes: [UInt8]) throws(FileError) {
        try makeFolders(of: path)
        try write(path, bytes)
    }

    /// Writes what `contents` puts into the stream. If anything fails, the temporary file is removed, an earlier file of this name
    /// stays as it was, and the error is thrown on.
    public static func write(_ path: String, contents: (inout ByteStream) throws(FileError) -> Void) throws(FileError) {
        let (exists, status) = try examine(path)
        if exists, status.st_mode & S_IFMT != S_IFREG { return try writeInPlace(path, contents) }
        let target = exists ? resolved(path) : path
        removeStale(beside: target)
        let temporary = temporaryName(beside: target)
        unfinished.withLock { _ = $0.insert(temporary) }
        defer { unfinished.withLock { _ = $0.remove(temporary) } }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? status.st_mode & 0o777 : 0o666)
        guard descriptor >= 0 else { throw .system(.cannotWrite, path, "cannot be written") }
        do throws(FileError) {
            try fill(descriptor, path, contents)
            guard rename(temporary, target) == 0 else { throw .system(.cannotWrite, path, "cannot be written") }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func writeInPlace(_ path: String, _ contents: (inout ByteStream) throws(FileError) -> Void) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(.cannotWrite, path, "cannot be written") }
        try fill(descriptor, path, contents)
    }

    /// Writes and closes; a disk may say only on closing that it is full.
    private static func fill(_ descriptor: Int32, _ path: String, _ contents: (inout ByteStream) throws(FileError) -> Void)
        throws(FileError)
    {
        do throws(FileError) {
            var stream = ByteStream(descriptor: descriptor, name: path)
            try contents(&stream)
            try stream.finish()
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw .system(.cannotWrite, path, "cannot be written") }
    }

    /// The file that a chain of links ends at.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// The names of what is in a folder; none if it cannot be read.
    public static func names(in folder: String) -> [String] {
        guard let entries = opendir(folder) else { return [] }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
                        String(cString: $0)
                    }
                })
        }
        return names
    }

    /// Removes the temporary files in the same folder that processes left which are no more: killed, or gone with a machine.
    private static func removeStale(beside path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
        for name in names(in: folder) {
            guard name.hasPrefix(".attn-"), name.hasSuffix(".partial"), let owner = pid_t(name.dropFirst(6).prefix { $0 != "-" }), owner > 0
            else { continue }
            if kill(owner, 0) != 0, errno == ESRCH { unlink(folder + name) }
        }
    }

    /// A hidden name in the same folder that no other process uses.
    private static func temporaryName(beside path: String) -> String {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? ""
        return "\(folder).attn-\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
    }
}
