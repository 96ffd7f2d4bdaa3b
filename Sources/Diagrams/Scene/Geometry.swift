// Lengths are in points of the final picture: x to the right, y down, the origin at the top left.

/// A place in a picture.
public struct Point: Hashable, Sendable {
    /// Distance from the left edge.
    public var x: Double
    /// Distance from the top edge.
    public var y: Double
    /// A place.
    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

/// Width and height.
public struct Size: Hashable, Sendable {
    /// Extent to the right.
    public var width: Double
    /// Extent downward.
    public var height: Double
    /// A size.
    public init(_ width: Double, _ height: Double) {
        self.width = width
        self.height = height
    }
}

/// An upright rectangle.
public struct Rect: Hashable, Sendable {
    /// Left edge.
    public var x: Double
    /// Top edge.
    public var y: Double
    /// Extent to the right.
    public var width: Double
    /// Extent downward.
    public var height: Double
    /// A rectangle from its top left corner and its extents.
    public init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
    /// Right edge.
    public var maxX: Double { x + width }
    /// Bottom edge.
    public var maxY: Double { y + height }
    /// Horizontal middle.
    public var midX: Double { x + width / 2 }
    /// Vertical middle.
    public var midY: Double { y + height / 2 }
    /// The rectangle with each edge moved inward by `margin`.
    public func insetBy(_ margin: Double) -> Rect { Rect(x + margin, y + margin, width - 2 * margin, height - 2 * margin) }
}
