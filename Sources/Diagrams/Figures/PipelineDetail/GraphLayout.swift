// Places for the boxes of a directed graph without cycles, after Sugiyama, Tagawa and Toda 1981: layers, order within a layer by the mean place of
// neighbours, then coordinates (`GraphCoordinates`). Long edges pass through empty places of their own, so that no line crosses a box.

/// A graph in layers.
struct GraphLayout {
    /// A box, or the place where a long edge passes a layer.
    struct Node {
        let layer: Int
        /// The box's number; nil where an edge passes.
        let box: Int?
        var place = 0.0
    }

    /// An edge as the nodes that it passes, both ends among them.
    struct Edge {
        let from: Int
        let to: Int
        let nodes: [Int]
    }

    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge] = []
    /// The nodes of each layer, in order.
    private(set) var layers: [[Int]] = []
    private var before: [[Int]] = []
    private var after: [[Int]] = []

    /// A layout of `count` boxes; `edges` go from lower to higher numbers.
    /// - Parameter side: which boxes keep to the far side, all else equal.
    init(count: Int, edges pairs: [(from: Int, to: Int)], side: (Int) -> Bool) {
        let depth = Self.layering(count, pairs)
        layers = [[Int]](repeating: [], count: (depth.max() ?? -1) + 1)
        for box in (0..<count).sorted(by: { (side($0) ? 1 : 0, $0) < (side($1) ? 1 : 0, $1) }) { add(Node(layer: depth[box], box: box)) }
        let node = Dictionary(uniqueKeysWithValues: nodes.enumerated().compactMap { place, node in node.box.map { ($0, place) } })
        for pair in pairs {
            var path = [node[pair.from]!]
            for layer in depth[pair.from] + 1..<max(depth[pair.to], depth[pair.from] + 1) { path.append(add(Node(layer: layer, box: nil))) }
            path.append(node[pair.to]!)
            for (a, b) in zip(path, path.dropFirst()) {
                after[a].append(b)
                before[b].append(a)
            }
            edges.append(Edge(from: pair.from, to: pair.to, nodes: path))
        }
        order()
    }

    @discardableResult
    private mutating func add(_ node: Node) -> Int {
        nodes.append(node)
        before.append([])
        after.append([])
        layers[node.layer].append(nodes.count - 1)
        return nodes.count - 1
    }

    /// As late as what it feeds allows: a box stands close to where it is needed. Sources of the whole graph stay first.
    private static func layering(_ count: Int, _ pairs: [(from: Int, to: Int)]) -> [Int] {
        var early = [Int](repeating: 0, count: count)
        for box in 0..<count { for pair in pairs where pair.to == box { early[box] = max(early[box], early[pair.from] + 1) } }
        let last = early.max() ?? 0
        var late = [Int](repeating: last, count: count)
        for box in (0..<count).reversed() { for pair in pairs where pair.from == box { late[box] = min(late[box], late[pair.to] - 1) } }
        let fed = Set(pairs.map { $0.to })
        return (0..<count).map { fed.contains($0) ? late[$0] : max(0, min(early[$0], late[$0])) }
    }

    // MARK: Order

    private mutating func order() {
        var best = layers
        var least = crossings()
        for sweep in 0..<24 {
            let down = sweep % 2 == 0
            for layer in down ? Array(layers.indices) : layers.indices.reversed() {
                let rank = positions()
                let means = Dictionary(
                    uniqueKeysWithValues: layers[layer].map { node in
                        let near = down ? before[node] : after[node]
                        return (node, near.isEmpty ? Double(rank[node]) : Double(near.reduce(0) { $0 + rank[$1] }) / Double(near.count))
                    })
                layers[layer] = layers[layer].enumerated().sorted { (means[$0.element]!, $0.offset) < (means[$1.element]!, $1.offset) }.map(
                    { $0.element })
            }
            let now = crossings()
            if now < least { (best, least) = (layers, now) }
        }
        layers = best
    }

    /// The rank of each node within its layer, layers stretched to one length.
    private func positions() -> [Int] {
        var rank = [Int](repeating: 0, count: nodes.count)
        for layer in layers { for (i, node) in layer.enumerated() { rank[node] = (2 * i + 1) * 1_000 / (2 * layer.count) } }
        return rank
    }

    /// How many pairs of lines cross.
    func crossings() -> Int {
        var rank = [Int](repeating: 0, count: nodes.count)
        for layer in layers { for (i, node) in layer.enumerated() { rank[node] = i } }
        return layers.reduce(0) { sum, layer in
            let lines = layer.flatMap { node in after[node].map { (rank[node], rank[$0]) } }
            var count = 0
            for (i, a) in lines.enumerated() { for b in lines[(i + 1)...] where (a.0 - b.0) * (a.1 - b.1) < 0 { count += 1 } }
            return sum + count
        }
    }

    // MARK: Coordinates

    private func coordinates(box: Double, pass: Double) -> GraphCoordinates {
        let passes = nodes.map { $0.box == nil }
        return GraphCoordinates(layers: layers, before: before, after: after, passes: passes, rooms: passes.map { $0 ? pass : box })
    }

    /// The room across the layers that the graph takes with all its long lines straight.
    func naturalExtent(box: Double, pass: Double) -> Double {
        let coordinates = coordinates(box: box, pass: pass)
        return coordinates.width(coordinates.places())
    }

    /// Gives every node a place between 0 and `extent` across the layers: in the middle, and drawn together where the room is too small.
    /// - Parameters:
    ///   - box: the room of a box, with its gap.
    ///   - pass: the room of a passing line.
    mutating func place(extent: Double, box: Double, pass: Double) {
        let coordinates = coordinates(box: box, pass: pass)
        let places = coordinates.places()
        let width = coordinates.width(places)
        let (scale, shift) = width > extent ? (extent / width, 0) : (1, (extent - width) / 2)
        for (node, place) in places.enumerated() { nodes[node].place = place * scale + shift }
        guard scale < 1 else { return }
        for layer in layers {
            let spread = Self.spread(layer.map { nodes[$0].place }, layer.map { coordinates.rooms[$0] }, extent)
            for (node, place) in zip(layer, spread) { nodes[node].place = place }
        }
    }

    /// The places nearest to `wanted` that keep order, room and the borders: the mean of pushing right and of pushing left.
    private static func spread(_ wanted: [Double], _ rooms: [Double], _ extent: Double) -> [Double] {
        var right = wanted
        for i in right.indices {
            let least = i == 0 ? rooms[0] / 2 : right[i - 1] + (rooms[i - 1] + rooms[i]) / 2
            right[i] = max(right[i], least)
        }
        var left = wanted
        for i in left.indices.reversed() {
            let most = i == left.count - 1 ? extent - rooms[i] / 2 : left[i + 1] - (rooms[i] + rooms[i + 1]) / 2
            left[i] = min(left[i], most)
        }
        var mean = zip(left, right).map { ($0 + $1) / 2 }
        for i in mean.indices {
            mean[i] = max(mean[i], i == 0 ? rooms[0] / 2 : mean[i - 1] + (rooms[i - 1] + rooms[i]) / 2)
        }
        for i in mean.indices.reversed() {
            mean[i] = min(mean[i], i == mean.count - 1 ? extent - rooms[i] / 2 : mean[i + 1] - (rooms[i] + rooms[i + 1]) / 2)
        }
        return mean
    }

    /// The most boxes, and the most passing lines beside them, in one layer: what decides how large a box can be.
    func largestBox(extent: Double, pass: Double) -> Double {
        layers.map { layer in
            let boxes = layer.count { nodes[$0].box != nil }
            return boxes == 0 ? extent : (extent - pass * Double(layer.count - boxes)) / Double(boxes)
        }.min() ?? extent
    }
}
