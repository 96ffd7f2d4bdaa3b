// Labels beside the ends of lines: each as near to its line as the others allow, none over another. Labels that would collide are pooled and share
// their displacement (pool adjacent violators), so that the sum of squares of all displacements is least.

/// Places labels one above the other.
public enum LabelStack {
    /// The middles of labels with the heights `heights` that want to stand at `wanted`, in the same order, without overlap and within `low` to `high`
    /// where they fit.
    public static func placed(_ wanted: [Double], heights: [Double], low: Double, high: Double) -> [Double] {
        let order = wanted.indices.sorted { wanted[$0] != wanted[$1] ? wanted[$0] < wanted[$1] : $0 < $1 }
        // Each pool: members in order, and where its top edge would like to be.
        var pools: [(members: [Int], top: Double, height: Double)] = []
        for label in order {
            pools.append(([label], wanted[label] - heights[label] / 2, heights[label]))
            while pools.count > 1, pools[pools.count - 2].top + pools[pools.count - 2].height > pools[pools.count - 1].top {
                let last = pools.removeLast()
                let first = pools.removeLast()
                pools.append(merged(first, last))
            }
        }
        var middles = wanted
        for pool in fitted(pools, low, high) {
            var y = pool.top
            for label in pool.members {
                middles[label] = y + heights[label] / 2
                y += heights[label]
            }
        }
        return middles
    }

    private typealias Pool = (members: [Int], top: Double, height: Double)

    private static func merged(_ a: Pool, _ b: Pool) -> Pool {
        let (m, n) = (Double(a.members.count), Double(b.members.count))
        return (a.members + b.members, (a.top * m + (b.top - a.height) * n) / (m + n), a.height + b.height)
    }

    /// Pools moved inside the ends: down from the top first, then up from the bottom, pushing their neighbours.
    private static func fitted(_ pools: [Pool], _ low: Double, _ high: Double) -> [Pool] {
        var pools = pools
        var edge = low
        for i in pools.indices {
            pools[i].top = max(pools[i].top, edge)
            edge = pools[i].top + pools[i].height
        }
        edge = high
        for i in pools.indices.reversed() {
            pools[i].top = min(pools[i].top, edge - pools[i].height)
            edge = pools[i].top
        }
        return pools
    }
}
