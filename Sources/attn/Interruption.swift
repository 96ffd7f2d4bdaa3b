// Control-C. A command that writes files removes what is half written and ends; one that measures notes the first Control-C, so that it can
// end with what it has, and the second ends the program.

internal import Dispatch
internal import ModelFiles
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

enum Interruption {
    private static let requests = Atomic<Int>(0)
    /// Set and cancelled on the main thread alone.
    nonisolated(unsafe) private static var watching: (any DispatchSourceSignal)?

    /// From now on Control-C removes what is half written and ends the program with 130.
    static func watch() {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            WholeFile.discardUnfinished()
            _exit(ExitStatus.interrupted.rawValue)
        }
        source.resume()
        watching = source
    }

    /// From now on the first Control-C is noted.
    static func listen() {
        watching?.cancel()
        watching = nil
        _ = isRequested  // made before a handler could be the first to need it
        signal(SIGINT) { _ in
            if Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
        }
    }

    /// Whether Control-C was noted.
    static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }
}
