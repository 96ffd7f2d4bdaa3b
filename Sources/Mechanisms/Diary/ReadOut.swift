// What a read-out says: which of the words that can answer have the largest product with the output.

/// The largest among the products of a read-out.
public struct ReadOut: Hashable, Sendable {
    /// The largest product.
    public let largest: Double
    /// Positions of those that have it, ascending: several in a tie. Products that differ by less than 1e-9 of the largest, or of 1, are equal: what
    /// tells them apart is rounding.
    public let winners: [Int]

    /// The read-out of the products of each word; of none there is no largest.
    public init(_ products: [Double]) {
        let largest = products.max() ?? 0
        let slack = 1e-9 * max(abs(largest), 1)
        self.largest = largest
        winners = products.indices.filter { largest - products[$0] <= slack }
    }
}
