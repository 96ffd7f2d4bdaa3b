// The angles of rotary embedding: pair i turns by θ^(-2i/d) radians a position (RoFormer, Su et al. 2021, section 3.2.2).

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An angle's cosine and sine.
struct Angle {
    let cosine: Double
    let sine: Double

    init(_ radians: Double) {
        cosine = cos(radians)
        sine = sin(radians)
    }
}

/// Frequencies of rotary embedding, one for each pair of features.
public enum RotaryFrequencies {
    /// `theta^(-2i/dimension)` for i = 0 ..< dimension/2; `dimension` must be even.
    public static func plain(dimension: Int, theta: Double) throws(EngineError) -> [Double] {
        guard dimension > 0, dimension % 2 == 0 else {
            throw EngineError(.shape, "rotary embedding", expected: "an even, positive number of features", found: "\(dimension)")
        }
        guard theta > 0, theta.isFinite else {
            throw EngineError(.value, "rotary embedding", expected: "a positive base θ", found: "\(theta)")
        }
        return (0..<dimension / 2).map { 1 / pow(theta, Double(2 * $0) / Double(dimension)) }
    }
}
