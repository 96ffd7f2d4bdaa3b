// Loops over rows of Float32, eight lanes at a time. The exponential is Cody and Waite's reduction with the polynomial of Cephes' expf
// (S. Moshier): relative error below 2e-7 for x in [-87, 88]; below -87 it is 0.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Vectorised loops.
enum VectorMath {
    typealias Lanes = SIMD8<Float>

    @inline(__always)
    private static func load(_ p: UnsafePointer<Float>) -> Lanes { UnsafeRawPointer(p).loadUnaligned(as: Lanes.self) }
    @inline(__always)
    private static func store(_ v: Lanes, _ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Lanes.self) }

    /// The largest value; -infinity of none. NaN is not looked for.
    static func maximum(_ p: UnsafePointer<Float>, _ n: Int) -> Float {
        var best = Lanes(repeating: -.infinity)
        var i = 0
        while i + 8 <= n {
            let v = load(p + i)
            best.replace(with: v, where: v .> best)
            i += 8
        }
        var result = best.max()
        while i < n {
            if p[i] > result { result = p[i] }
            i += 1
        }
        return result
    }

    /// The natural logarithm, in Double.
    static func log(_ x: Double) -> Double {
        #if canImport(Glibc)
            Glibc.log(x)
        #else
            Darwin.log(x)
        #endif
    }

    /// Every value multiplied by `factor`.
    static func scale(_ p: UnsafeMutablePointer<Float>, _ n: Int, by factor: Float) { for i in 0..<n { p[i] *= factor } }

    /// Writes what `body` makes of each value, lane by lane.
    @inline(__always)
    static func map(_ from: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>, _ n: Int, _ body: (Lanes) -> Lanes) {
        var i = 0
        while i + 8 <= n {
            store(body(load(from + i)), out + i)
            i += 8
        }
        while i < n {
            out[i] = body(Lanes(repeating: from[i]))[0]
            i += 1
        }
    }

    /// Whether every value is finite.
    static func isFinite(_ p: UnsafePointer<Float>, _ n: Int) -> Bool {
        var marks = SIMDMask<SIMD8<Int32>>(repeating: false)
        var i = 0
        while i + 8 <= n {
            let v = load(p + i)
            marks = marks .| ((v - v) .!= 0)
            i += 8
        }
        while i < n {
            if !p[i].isFinite { return false }
            i += 1
        }
        return !any(marks)
    }

    /// Whether every value is less than infinity, and none is NaN.
    static func isBelowInfinity(_ p: UnsafePointer<Float>, _ n: Int) -> Bool {
        var marks = SIMDMask<SIMD8<Int32>>(repeating: true)
        var i = 0
        while i + 8 <= n {
            marks = marks .& (load(p + i) .< .infinity)
            i += 8
        }
        return Swift.all(marks) && (i..<n).allSatisfy { p[$0] < .infinity }
    }

    /// The hyperbolic tangent, lane by lane: for small x the polynomial of Cephes' tanhf, else 1 - 2 / (e^2x + 1).
    @inline(__always)
    static func tanh(_ x: Lanes) -> Lanes {
        let z = x * x
        var p = z * -5.70498872745e-3 + 2.06390887954e-2
        p = p * z - 5.37397155531e-2
        p = p * z + 1.33314422036e-1
        p = p * z - 3.33332819422e-1
        let near = p * z * x + x
        var clamped = x.replacing(with: 40, where: x .> 40)
        clamped.replace(with: -40, where: x .< -40)
        let far = 1 - 2 / (exp(clamped * 2) + 1)
        return far.replacing(with: near, where: (x .< 0.625) .& (x .> -0.625))
    }

    /// e^x, lane by lane, for x at most 88.
    @inline(__always)
    static func exp(_ x: Lanes) -> Lanes {
        let magic = Lanes(repeating: 12_582_912)  // 1.5 · 2^23: adding it rounds to a whole number
        var clamped = x
        clamped.replace(with: Lanes(repeating: -87), where: x .< -87)
        let n = (clamped * 1.442695041 + magic) - magic
        let r = (clamped - n * 0.693359375) - n * -2.12194440e-4
        var p = r * 1.9875691500e-4 + 1.3981999507e-3
        p = p * r + 8.3334519073e-3
        p = p * r + 4.1665795894e-2
        p = p * r + 1.6666665459e-1
        p = p * r + 5.0000001201e-1
        let value = (p * (r * r) + r) + 1
        let bits = (SIMD8<Int32>(truncatingIfNeeded: n + magic, bitsOf: magic) &+ 127) &<< 23
        var result = value * Lanes(bits: bits)
        result.replace(with: 0, where: x .< -87)
        return result
    }

    /// Each value becomes exp(scale · value - shift); their sum.
    static func exponentials(_ p: UnsafeMutablePointer<Float>, _ n: Int, scale: Float, minus shift: Float) -> Float {
        var sum = Lanes.zero
        var i = 0
        while i + 8 <= n {
            let e = exp(load(p + i) * scale - shift)
            store(e, p + i)
            sum += e
            i += 8
        }
        var total = sum.sum()
        while i < n {
            let e = exp(Lanes(repeating: p[i] * scale - shift))[0]
            p[i] = e
            total += e
            i += 1
        }
        return total
    }

    /// total[i] = Σ_j weights[j] · max(values[j, i], 0) with rows of `values` `stride` apart: the index score of n keys. Four heads at a time, so that
    /// totals are loaded and stored less often.
    static func sumRectified(
        _ values: UnsafePointer<Float>, stride: Int, heads: Int, weights: UnsafePointer<Float>, into total: UnsafeMutablePointer<Float>,
        _ n: Int
    ) {
        total.update(repeating: 0, count: n)
        var j = 0
        while j + 4 <= heads {
            let (a, b, c, d) = (values + j * stride, values + (j + 1) * stride, values + (j + 2) * stride, values + (j + 3) * stride)
            let (wa, wb, wc, wd) = (weights[j], weights[j + 1], weights[j + 2], weights[j + 3])
            var i = 0
            while i + 8 <= n {
                let low = rectified(load(a + i)) * wa + rectified(load(b + i)) * wb
                let high = rectified(load(c + i)) * wc + rectified(load(d + i)) * wd
                store(load(total + i) + (low + high), total + i)
                i += 8
            }
            while i < n {
                total[i] += rectified(a[i]) * wa + rectified(b[i]) * wb + (rectified(c[i]) * wc + rectified(d[i]) * wd)
                i += 1
            }
            j += 4
        }
        while j < heads {
            for i in 0..<n { total[i] += rectified(values[j * stride + i]) * weights[j] }
            j += 1
        }
    }

    @inline(__always)
    private static func rectified(_ x: Float) -> Float { x < 0 ? 0 : x }
    @inline(__always)
    private static func rectified(_ x: Lanes) -> Lanes { x.replacing(with: 0, where: x .< 0) }
}

extension SIMD8<Int32> {
    /// The whole number that was rounded into the low bits of `value` by adding `magic`.
    @inline(__always)
    fileprivate init(truncatingIfNeeded value: SIMD8<Float>, bitsOf magic: SIMD8<Float>) {
        self = unsafeBitCast(value, to: SIMD8<Int32>.self) &- unsafeBitCast(magic, to: SIMD8<Int32>.self)
    }
}

extension SIMD8<Float> {
    /// The floats with these bit patterns.
    @inline(__always)
    fileprivate init(bits: SIMD8<Int32>) { self = unsafeBitCast(bits, to: SIMD8<Float>.self) }
}
