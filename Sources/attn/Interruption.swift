// Ctrl-C, and the signals of somebody else who wants the program to end. What is half written is removed, the terminal is made as it was, and the
// program ends with 130; a command that can end with what it has so far asks to be told instead.

internal import Dispatch
internal import Lessons
internal import ModelFiles
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// SIGINT, SIGTERM and SIGHUP: what is half written is removed, and the program ends with 130.
struct Interruption {
    private static let requests = Atomic<Int>(0)
    private static let isNoted = Atomic<Bool>(false)
    private let sources: [any DispatchSourceSignal]

    init() {
        #if canImport(Glibc)
            // What comes before the sources listen waits for them. Ignored in between, as elsewhere, it would be lost.
            var all = sigset_t()
            sigemptyset(&all)
            for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&all, number) }
            pthread_sigmask(SIG_BLOCK, &all, nil)
        #endif
        sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
            // Whoever started the program deaf to the end of its terminal (nohup) wants it to go on.
            if number == SIGHUP, Self.isIgnored(number) { return nil }
            #if !canImport(Glibc)
                signal(number, SIG_IGN)
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let earlier = Self.requests.add(1, ordering: .relaxed).oldValue
                if Self.isNoted.load(ordering: .relaxed), earlier == 0 { return }
                WholeFile.discardUnfinished()
                Terminal.restore()
                _exit(ExitStatus.interrupted.rawValue)
            }
            source.resume()
            return source
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        let earlier = signal(number, SIG_DFL)
        guard unsafeBitCast(earlier, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) else { return false }
        signal(number, SIG_IGN)
        return true
    }

    func end() { sources.forEach { $0.cancel() } }

    /// From now on the first Ctrl-C is only noted, for the command to end with what it has; the second ends the program.
    static func note() { isNoted.store(true, ordering: .relaxed) }

    /// Whether Ctrl-C was pressed.
    static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }
}
