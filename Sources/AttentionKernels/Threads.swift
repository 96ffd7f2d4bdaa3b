// Work divided among the cores.

internal import Dispatch

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

enum Threads {
    /// Cores that may be used.
    static let count = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Runs `body` once for each of `parts` ranges that together make 0 ..< n, at the same time.
    static func split(_ n: Int, into parts: Int, _ body: @Sendable (_ part: Int, _ range: Range<Int>) -> Void) {
        if parts <= 1 { return body(0, 0..<n) }
        DispatchQueue.concurrentPerform(iterations: parts) { part in body(part, n * part / parts..<n * (part + 1) / parts) }
    }
}
