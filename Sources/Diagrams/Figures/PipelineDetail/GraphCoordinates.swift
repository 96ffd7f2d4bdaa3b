// Coordinates across the layers of a graph, after Brandes and Köpf 2002: each node is drawn to the median of its neighbours, four times (from both
// ends, pushed to both sides), and stands at the mean of the two middle results. A line that passes several layers comes out straight.

/// Places for the nodes of a layered graph whose order within each layer is settled.
struct GraphCoordinates {
    /// The nodes of each layer, in order.
    let layers: [[Int]]
    /// The neighbours of each node in the layer before, and in the layer after.
    let before: [[Int]]
    let after: [[Int]]
    /// Whether a node is a place where a long edge passes.
    let passes: [Bool]
    /// The room that each node takes, its gap included.
    let rooms: [Double]

    /// The centre of each node; the outermost node's room begins at 0.
    func places() -> [Double] {
        guard !rooms.isEmpty else { return [] }
        let apart = crossingsToYield()
        var results: [(places: [Double], isRight: Bool)] = []
        for isUp in [false, true] {
            for isRight in [false, true] {
                let rows = (isUp ? layers.reversed() : layers).map { isRight ? $0.reversed() : $0 }
                let roots = blocks(rows, near: isUp ? after : before, apart)
                let places = compacted(rows, roots)
                results.append((isRight ? places.map(-) : places, isRight))
            }
        }
        return balanced(results)
    }

    /// Width from the first node's room to the last one's.
    func width(_ places: [Double]) -> Double {
        let (low, high) = bounds(places)
        return high - low
    }

    private func bounds(_ places: [Double]) -> (low: Double, high: Double) {
        let low = places.indices.map { places[$0] - rooms[$0] / 2 }.min() ?? 0
        let high = places.indices.map { places[$0] + rooms[$0] / 2 }.max() ?? 0
        return (low, high)
    }

    private struct Pair: Hashable {
        let upper: Int
        let lower: Int
    }

    private func ranks(_ rows: [[Int]]) -> [Int] {
        var rank = [Int](repeating: 0, count: rooms.count)
        for row in rows { for (place, node) in row.enumerated() { rank[node] = place } }
        return rank
    }

    /// Of two lines that cross, one may not be straight: the one that does not pass on both ends, else the later.
    private func crossingsToYield() -> Set<Pair> {
        let rank = ranks(layers)
        var yielding: Set<Pair> = []
        for layer in layers {
            let lines = layer.flatMap { upper in after[upper].map { Pair(upper: upper, lower: $0) } }
            for (place, a) in lines.enumerated() {
                for b in lines[(place + 1)...] where (rank[a.upper] - rank[b.upper]) * (rank[a.lower] - rank[b.lower]) < 0 {
                    func isPassing(_ line: Pair) -> Bool { passes[line.upper] && passes[line.lower] }
                    if isPassing(a) { yielding.insert(b) } else if isPassing(b) { yielding.insert(a) }
                }
            }
        }
        return yielding
    }

    /// Nodes that stand in one line across layers: each node's root.
    private func blocks(_ rows: [[Int]], near: [[Int]], _ apart: Set<Pair>) -> [Int] {
        let rank = ranks(rows)
        var root = Array(rooms.indices)
        for row in rows {
            var last = -1
            for node in row {
                let neighbours = near[node].sorted { rank[$0] < rank[$1] }
                let middle = neighbours.count - 1
                for place in Set([middle / 2, (middle + 1) / 2]).sorted() where middle >= 0 && root[node] == node {
                    let other = neighbours[place]
                    guard rank[other] > last, !apart.contains(Pair(upper: other, lower: node)),
                        !apart.contains(Pair(upper: node, lower: other))
                    else { continue }
                    root[node] = root[other]
                    last = rank[other]
                }
            }
        }
        return root
    }

    /// The blocks pushed together to the left, then each as far to the right as the next allows.
    private func compacted(_ rows: [[Int]], _ root: [Int]) -> [Double] {
        var next = [[(block: Int, gap: Double)]](repeating: [], count: rooms.count)
        var entries = [Int](repeating: 0, count: rooms.count)
        for row in rows {
            for (a, b) in zip(row, row.dropFirst()) {
                next[root[a]].append((root[b], (rooms[a] + rooms[b]) / 2))
                entries[root[b]] += 1
            }
        }
        var order = root.indices.filter { root[$0] == $0 && entries[$0] == 0 }
        var place = [Double](repeating: 0, count: rooms.count)
        var done = 0
        while done < order.count {
            let block = order[done]
            done += 1
            for (other, gap) in next[block] {
                place[other] = max(place[other], place[block] + gap)
                entries[other] -= 1
                if entries[other] == 0 { order.append(other) }
            }
        }
        for block in order.reversed() {
            if let most = next[block].map({ place[$0.block] - $0.gap }).min() { place[block] = max(place[block], most) }
        }
        return root.map { place[$0] }
    }

    /// The four results side by side: each node at the mean of its two middle places.
    private func balanced(_ results: [(places: [Double], isRight: Bool)]) -> [Double] {
        let narrowest = results.min { width($0.places) < width($1.places) }?.places ?? []
        let (low, high) = bounds(narrowest)
        let aligned = results.map { places, isRight in
            let own = bounds(places)
            let shift = isRight ? high - own.high : low - own.low
            return places.map { $0 + shift }
        }
        let middle = rooms.indices.map { node in
            let sorted = aligned.map { $0[node] }.sorted()
            return (sorted[1] + sorted[2]) / 2
        }
        let start = bounds(middle).low
        return middle.map { $0 - start }
    }
}
