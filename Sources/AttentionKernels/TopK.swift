// The k largest of n scores in linear time: a radix select on the bits of the floats finds the score at the cut, one pass collects.
// At the cut the lower position wins; -0 equals 0; a NaN is an error.

public import Traces

/// Selection of the largest scores.
public enum TopK {
    /// Positions of the `k` largest of `scores`, ascending (all if there are no more than k). Throws at the first NaN.
    public static func positions(of scores: UnsafeBufferPointer<Float>, k: Int) throws(EngineError) -> [Int32] {
        guard k >= 0 else { throw EngineError(.value, "top-k", expected: "0 or more", found: "\(k)") }
        if let bad = scores.firstIndex(where: \.isNaN) {
            throw EngineError(.value, "index score \(bad)", expected: "a number", found: "NaN")
        }
        if scores.count <= k { return (0..<Int32(scores.count)).map { $0 } }
        if k == 0 { return [] }
        let keys = scores.map(ordered)
        let (cut, ties) = threshold(keys, k)
        var left = ties
        var chosen: [Int32] = []
        chosen.reserveCapacity(k)
        for (i, key) in keys.enumerated() where key >= cut {
            if key == cut {
                if left == 0 { continue }
                left -= 1
            }
            chosen.append(Int32(truncatingIfNeeded: i))
        }
        return chosen
    }

    /// Bits whose order as whole numbers is the order of the floats; -0 as 0.
    @inline(__always)
    private static func ordered(_ x: Float) -> UInt32 {
        let bits = (x + 0).bitPattern
        return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    }

    /// The k-th largest key, and how many keys equal to it are needed: digit by digit from the top, 11 + 11 + 10 bits.
    private static func threshold(_ keys: [UInt32], _ k: Int) -> (cut: UInt32, ties: Int) {
        var candidates = keys
        var cut: UInt32 = 0
        var wanted = k
        for (shift, bits) in [(21, 11), (10, 11), (0, 10)] {
            var counts = [Int](repeating: 0, count: 1 << bits)
            let mask = UInt32(1 << bits - 1)
            for key in candidates { counts[Int(key >> UInt32(shift) & mask)] += 1 }
            var digit = counts.count - 1
            while counts[digit] < wanted {
                wanted -= counts[digit]
                digit -= 1
            }
            cut |= UInt32(digit) << UInt32(shift)
            candidates = candidates.filter { Int($0 >> UInt32(shift) & mask) == digit }
        }
        return (cut, wanted)
    }
}
