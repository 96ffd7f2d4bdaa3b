// The lines of a hatch as plain geometry, so that every back end draws the same ones. Lines run from bottom left to top right and hang on
// the picture's origin: neighbouring cells continue each other's lines.

extension Item {
    /// The outline of a rectangle with rounded corners.
    public static func outline(_ rect: Rect, radius: Double) -> [PathElement] {
        let r = max(0, min(radius, rect.width / 2, rect.height / 2))
        guard r > 0 else {
            return [
                .move(Point(rect.x, rect.y)), .line(Point(rect.maxX, rect.y)), .line(Point(rect.maxX, rect.maxY)),
                .line(Point(rect.x, rect.maxY)), .close,
            ]
        }
        let k = r * 0.447_715_25  // distance of a quarter circle's control point from the corner
        let (x, y, X, Y) = (rect.x, rect.y, rect.maxX, rect.maxY)
        return [
            .move(Point(x + r, y)), .line(Point(X - r, y)), .curve(Point(X - k, y), Point(X, y + k), to: Point(X, y + r)),
            .line(Point(X, Y - r)), .curve(Point(X, Y - k), Point(X - k, Y), to: Point(X - r, Y)),
            .line(Point(x + r, Y)), .curve(Point(x + k, Y), Point(x, Y - k), to: Point(x, Y - r)),
            .line(Point(x, y + r)), .curve(Point(x, y + k), Point(x + k, y), to: Point(x + r, y)), .close,
        ]
    }
}

/// The segments of 45-degree hatching inside an outline.
public enum Hatch {
    /// Pairs of end points of the lines inside `outline` (even-odd rule), `spacing` points apart at right angles to themselves.
    public static func segments(in outline: [PathElement], spacing: Double) -> [(Point, Point)] {
        let edges = edges(of: outline)
        guard spacing > 0, let first = edges.first else { return [] }
        var low = first.0.x + first.0.y
        var high = low
        for (a, b) in edges {
            low = min(low, a.x + a.y, b.x + b.y)
            high = max(high, a.x + a.y, b.x + b.y)
        }
        let step = spacing * 2.0.squareRoot()
        var segments: [(Point, Point)] = []
        var n = (low / step).rounded(.up)
        while n * step < high {
            // On the line x + y = c each crossing is known by its x.
            let crossings = crossings(of: edges, with: n * step).sorted()
            for i in stride(from: 0, to: crossings.count - 1, by: 2) where crossings[i + 1] - crossings[i] > 0.01 {
                segments.append((Point(crossings[i], n * step - crossings[i]), Point(crossings[i + 1], n * step - crossings[i + 1])))
            }
            n += 1
        }
        return segments
    }

    private static func crossings(of edges: [(Point, Point)], with c: Double) -> [Double] {
        edges.compactMap { a, b in
            let (u, v) = (a.x + a.y - c, b.x + b.y - c)
            return (u < 0) == (v < 0) ? nil : a.x + (b.x - a.x) * u / (u - v)
        }
    }

    /// The outline as straight edges; a curve becomes eight of them.
    private static func edges(of outline: [PathElement]) -> [(Point, Point)] {
        var edges: [(Point, Point)] = []
        var start = Point(0, 0)
        var current = start
        func line(to point: Point) {
            edges.append((current, point))
            current = point
        }
        for element in outline {
            switch element {
            case .move(let point):
                start = point
                current = point
            case .line(let point): line(to: point)
            case .curve(let p, let q, to: let end):
                let from = current
                for i in 1...8 { line(to: cubic(from, p, q, end, Double(i) / 8)) }
            case .close: line(to: start)
            }
        }
        return edges
    }

    private static func cubic(_ a: Point, _ b: Point, _ c: Point, _ d: Point, _ t: Double) -> Point {
        let u = 1 - t
        func mix(_ a: Double, _ b: Double, _ c: Double, _ d: Double) -> Double {
            u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d
        }
        return Point(mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y))
    }
}
