// Independent work spread over all cores, results in order.

internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

enum Parallel {
    /// `change(item, worker)` for each item, results in the items' order; throws the first error in that order. Each thread has a worker of
    /// its own: a renderer's fonts and caches are not shared between threads.
    static func map<Item, Worker, Value>(
        _ items: [Item], worker make: @Sendable () -> Worker, _ change: @Sendable (Item, Worker) throws -> Value
    ) throws -> [Value] {
        let threads = min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), max(items.count, 1))
        let slots = Slots<Item, Value>(items)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let worker = make()
            while let slot = slots.next() { slots.set(slot) { try change($0, worker) } }
        }
        return try slots.results()
    }

    /// Items and one place for each result; every place is written by one thread and read after all are done.
    private final class Slots<Item, Value>: @unchecked Sendable {
        private let items: [Item]
        private let places: UnsafeMutableBufferPointer<Result<Value, any Error>?>
        private let taken = Atomic(0)
        /// The first item that no thread has taken yet; nil after the last.
        func next() -> Int? {
            let slot = taken.wrappingAdd(1, ordering: .relaxed).oldValue
            return slot < items.count ? slot : nil
        }

        init(_ items: [Item]) {
            self.items = items
            places = .allocate(capacity: items.count)
            places.initialize(repeating: nil)
        }

        deinit {
            places.deinitialize()
            places.deallocate()
        }

        func set(_ slot: Int, _ change: (Item) throws -> Value) { places[slot] = Result { try change(items[slot]) } }

        func results() throws -> [Value] { try places.map { try $0!.get() } }
    }
}
