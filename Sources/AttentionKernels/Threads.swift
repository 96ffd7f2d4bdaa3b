// Work divided among the cores. A layer of a model is some thirty pieces of work of a fraction of a millisecond each, and waking a sleeping thread takes
// about as long as one of them: so threads that have just worked look for the next piece a while before they sleep.

internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package enum Threads {
    /// Cores that may be used.
    package static let count = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    private static let crew = Crew(workers: count - 1)

    /// Runs `body` once for each of `parts` ranges that together make 0 ..< n, at the same time. `body` must not call this again.
    package static func split(_ n: Int, into parts: Int, _ body: @Sendable (_ part: Int, _ range: Range<Int>) -> Void) {
        if parts <= 1 { return body(0, 0..<n) }
        crew.run(parts) { part in body(part, n * part / parts..<n * (part + 1) / parts) }
    }
}

/// Threads that share one piece of work at a time with whoever brings it.
private final class Crew: Sendable {
    /// What is shared.
    private struct Work: @unchecked Sendable {
        var parts = 0
        var body: ((Int) -> Void)?
    }

    /// The piece that is shared now: its number, whether workers may still join it, and how many are at it.
    private struct Piece: AtomicRepresentable {
        var number: Int
        var isOpen: Bool
        var workers: Int

        typealias AtomicRepresentation = Int.AtomicRepresentation
        static func encodeAtomicRepresentation(_ piece: consuming Piece) -> AtomicRepresentation {
            Int.encodeAtomicRepresentation(piece.number << 16 | (piece.isOpen ? 1 << 15 : 0) | piece.workers)
        }
        static func decodeAtomicRepresentation(_ stored: consuming AtomicRepresentation) -> Piece {
            let bits = Int.decodeAtomicRepresentation(stored)
            return Piece(number: bits >> 16, isOpen: bits >> 15 & 1 == 1, workers: bits & 0x7FFF)
        }
    }

    /// Held by whoever brings work.
    private let turn = Mutex(())
    /// Written before its piece is opened, and read by whoever has joined it.
    private nonisolated(unsafe) var work = Work()
    private let piece = Atomic(Piece(number: 0, isOpen: false, workers: 0))
    private let nextPart = Atomic(0)
    /// How many workers sleep, or are about to.
    private let asleep = Atomic(0)
    private let alarm = DispatchSemaphore(value: 0)
    /// How often a worker looks for work before it sleeps: some tenths of a millisecond.
    private static let patience = 1000

    init(workers: Int) {
        for number in 0..<workers { DispatchQueue(label: "kernels \(number)", qos: .userInitiated).async { self.serve() } }
    }

    /// Runs `body` for every part, here and on the workers. Where they are at work for somebody else, here alone.
    func run(_ parts: Int, _ body: @Sendable (Int) -> Void) {
        let isShared: Void? = turn.withLockIfAvailable { _ in
            withoutActuallyEscaping(body) { body in
                work = Work(parts: parts, body: body)
                nextPart.store(0, ordering: .relaxed)
                let last = piece.load(ordering: .relaxed).number
                piece.store(Piece(number: last + 1, isOpen: true, workers: 0), ordering: .sequentiallyConsistent)
                for _ in 0..<asleep.exchange(0, ordering: .sequentiallyConsistent) { alarm.signal() }
                takeParts()
                close()
                work.body = nil
            }
        }
        if isShared == nil { for part in 0..<parts { body(part) } }
    }

    /// Lets no more workers join, and waits for those that have.
    private func close() {
        change { piece in piece.isOpen = false }
        while piece.load(ordering: .acquiring).workers > 0 { sched_yield() }
    }

    private func takeParts() {
        while true {
            let part = nextPart.add(1, ordering: .relaxed).oldValue
            guard part < work.parts else { return }
            work.body?(part)
        }
    }

    private func change(_ body: (inout Piece) -> Void) {
        var known = piece.load(ordering: .relaxed)
        while true {
            var wished = known
            body(&wished)
            let (isDone, found) = piece.compareExchange(expected: known, desired: wished, ordering: .acquiringAndReleasing)
            if isDone { return }
            known = found
        }
    }

    /// A worker's life.
    private func serve() -> Never {
        var (seen, looks) = (0, 0)
        while true {
            let known = piece.load(ordering: .acquiring)
            if known.number == seen {
                looks += 1
                if looks < Self.patience { sched_yield() } else { sleep(since: seen) }
            } else if known.isOpen {
                let joined = Piece(number: known.number, isOpen: true, workers: known.workers + 1)
                guard piece.compareExchange(expected: known, desired: joined, ordering: .acquiringAndReleasing).exchanged else { continue }
                takeParts()
                change { piece in piece.workers -= 1 }
                (seen, looks) = (known.number, 0)
            } else {
                (seen, looks) = (known.number, 0)
            }
        }
    }

    /// Sleeps until there is work after the piece `seen`.
    private func sleep(since seen: Int) {
        asleep.add(1, ordering: .sequentiallyConsistent)
        if piece.load(ordering: .sequentiallyConsistent).number != seen {
            // Work has come meanwhile: unless whoever brought it has counted this worker already, it need not be woken.
            var count = asleep.load(ordering: .sequentiallyConsistent)
            while count > 0 {
                let (isTaken, found) = asleep.compareExchange(expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
                if isTaken { return }
                count = found
            }
        }
        alarm.wait()
    }
}
