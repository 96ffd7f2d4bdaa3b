// What the system says about a failed call, as a FileError.

import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FileError {
    /// The failure of the last system call, in the system's words: `No such file or directory`.
    static func system(_ kind: Kind, _ file: String, _ doing: String) -> FileError {
        let code = errno
        return FileError(code == EPIPE ? .closedPipe : kind, file, "\(doing): \(String(cString: strerror(code)))")
    }
}
