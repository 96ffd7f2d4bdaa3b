// Where lessons and assets are: the folder named by --home or ATTN_HOME, else the nearest folder above the executable, else above the
// working folder, that holds `lessons`. (A bundle beside the binary would break when the binary moves.)

import Traces
internal import ModelFiles

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

struct ResourceFolder {
    let path: String

    /// Finds the folder; throws if the one that was named has no `lessons`, or none is found.
    init(named home: String?) throws {
        if let home = home ?? Output.environment("ATTN_HOME") {
            guard Self.holdsLessons(home) else { throw FileError(.noInput, home, "expected a folder with lessons in it") }
            path = home
            return
        }
        guard let found = [Self.executable, Self.workingFolder].lazy.compactMap({ $0.flatMap(Self.nearest) }).first else {
            throw FileError(.noInput, "lessons", "no such folder near the program or here; name its parent with --home or ATTN_HOME")
        }
        path = found
    }

    private static func holdsLessons(_ folder: String) -> Bool { access("\(folder)/lessons/diary.yaml", R_OK) == 0 }

    /// The first of `path` and the folders above it that holds lessons; installed beside `bin`, they are in `share/attention-steps`.
    private static func nearest(_ path: String) -> String? {
        var folder = path
        while let slash = folder.lastIndex(of: "/") {
            if holdsLessons(folder) { return folder }
            if holdsLessons(folder + "/share/attention-steps") { return folder + "/share/attention-steps" }
            folder = String(folder[..<slash])
        }
        return nil
    }

    private static var workingFolder: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }

    private static var executable: String? {
        #if canImport(Glibc)
            let link = "/proc/self/exe"
        #else
            var size: UInt32 = 0
            _NSGetExecutablePath(nil, &size)
            var buffer = [CChar](repeating: 0, count: Int(size))
            guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
            let link = String(cString: buffer)
        #endif
        guard let path = realpath(link, nil) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
