// A file's bytes, mapped into memory: opening costs nothing however large the file is, and pages are read when they are touched.
// A file that another process shortens while it is mapped is not guarded against.

import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The read-only bytes of one regular file. They never change, so the class may be shared between tasks.
final class MappedFile: @unchecked Sendable {
    /// The path as the reader named it.
    let path: String
    /// All bytes.
    let bytes: UnsafeRawBufferPointer

    /// Maps the file; throws if it is missing, may not be read, or is a folder or a device.
    init(path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(.noInput, path, "cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(.noInput, path, "cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let found = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or pipe"
            throw FileError(.noInput, path, "expected a file, found \(found)")
        }
        self.path = path
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .system(.noInput, path, "cannot be mapped into memory")
        }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}
