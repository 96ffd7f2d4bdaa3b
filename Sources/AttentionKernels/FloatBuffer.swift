// Memory of the kernels: 64-byte aligned Float32, allocated once, never resized; and the numbers that timings and their checks are run on.

internal import Synchronization

/// A fixed array of Float32 that several threads may read, and write in parts that do not meet.
public final class FloatBuffer: @unchecked Sendable {
    /// The storage.
    let pointer: UnsafeMutablePointer<Float>
    /// How many values there are.
    public let count: Int

    /// Room for `count` values, to be written before they are read.
    init(roomFor count: Int) {
        self.count = count
        pointer = IdleMemory.take(count)
    }

    /// `count` zeros.
    public convenience init(count: Int) {
        self.init(roomFor: count)
        pointer.initialize(repeating: 0, count: count)
    }

    /// The values of `array`.
    public convenience init(_ array: [Float]) {
        self.init(count: array.count)
        for (i, value) in array.enumerated() { pointer[i] = value }
    }

    deinit { IdleMemory.give(pointer, count) }

    /// One value; traps outside.
    public subscript(i: Int) -> Float {
        get {
            precondition(i >= 0 && i < count, "index \(i) is outside 0 ..< \(count)")
            return pointer[i]
        }
        set {
            precondition(i >= 0 && i < count, "index \(i) is outside 0 ..< \(count)")
            pointer[i] = newValue
        }
    }

    /// A copy.
    public var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// Uniform numbers in [-1, 1), times `scale`: the top 24 bits of SplitMix64's mixing of `seed`·2^40 + i. `Benchmarks/decode_vs_pytorch.py` makes the same.
    public static func seeded(_ seed: UInt64, count: Int, scale: Float = 1) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        Threads.split(count, into: Threads.count) { _, range in
            for i in range {
                var z = (seed << 40 &+ UInt64(i)) &* 0x9E37_79B9_7F4A_7C15
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                z ^= z >> 31
                buffer.pointer[i] = (Float(z >> 40) * 0x1p-23 - 1) * scale
            }
        }
        return buffer
    }
}

/// Memory of buffers that are gone, for the next ones of their lengths: each layer of a model asks for the same as the one before, and memory that comes
/// from the system anew is cleared page by page.
private enum IdleMemory {
    private struct Places {
        /// Addresses by how many values there is room for.
        var known: [Int: [UInt]] = [:]
        /// How many values they hold.
        var held = 0

        mutating func release() {
            for address in known.values.joined() { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
            self = Places()
        }
    }

    private static let idle = Mutex(Places())
    /// Shorter buffers are cheap to ask for.
    private static let shortest = 1 << 12
    /// 64 MiB. When more would lie idle all that does goes back: lengths have changed.
    private static let most = 1 << 24

    static func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        let known = idle.withLock { places -> UInt? in
            let address = places.known[count]?.popLast()
            if address != nil { places.held -= count }
            return address
        }
        let raw = known.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) ?? .allocate(byteCount: max(count, 1) * 4, alignment: 64)
        return raw.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    static func give(_ place: UnsafeMutablePointer<Float>, _ count: Int) {
        guard (shortest...most).contains(count) else { return UnsafeMutableRawPointer(place).deallocate() }
        let address = UInt(bitPattern: place)
        idle.withLock { places in
            if places.held + count > most { places.release() }
            places.known[count, default: []].append(address)
            places.held += count
        }
    }
}
