// Control-C while something long is under way: the first is noted, so that the command can end with what it has; the second ends the program.

internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

enum Interruption {
    private static let requests = Atomic<Int>(0)

    /// From now on Control-C is noted.
    static func listen() {
        _ = isRequested  // made before a handler could be the first to need it
        signal(SIGINT) { _ in
            if Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
        }
    }

    /// Whether Control-C was pressed.
    static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }
}
