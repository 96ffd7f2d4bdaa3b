// Parts of charts: axes that end at round numbers, labels that do not collide, and categorical colours that stay apart for colour-blind readers.

import Diagrams
import Testing
import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

private func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

@Suite struct ChartTests {
    private func plain(_ value: Double) -> String { NumberText.significant(value, digits: 3) }

    @Test(
        arguments: [
            (703.7, [0.0, 200, 400, 600, 800]), (0.666, [0, 0.2, 0.4, 0.6, 0.8]), (2.154, [0, 0.5, 1, 1.5, 2, 2.5]),
            (10, [0, 2, 4, 6, 8, 10]),
        ] as [(Double, [Double])])
    func `a linear axis ends at the first round number that holds the data`(high: Double, ticks: [Double]) {
        let scale = AxisScale.linear(to: high, count: 5, label: plain)
        #expect(scale.ticks.count == ticks.count && zip(scale.ticks, ticks).allSatisfy { abs($0.value - $1) < 1e-9 })
        #expect(scale.low == 0 && abs(scale.high - ticks.last!) < 1e-9)
        #expect(scale.position(scale.low) == 0 && abs(scale.position(scale.high) - 1) < 1e-12)
    }

    @Test func `a logarithmic axis runs from power of ten to power of ten`() {
        let scale = AxisScale.decades(from: 3.6e-3, to: 0.45, label: plain)
        #expect(scale.ticks.map(\.label) == ["0.001", "0.01", "0.1", "1"])
        #expect(abs(scale.position(0.01) - 1.0 / 3) < 1e-12)
        #expect(abs(scale.value(at: 0.5) - 0.0316227766) < 1e-9)
        let long = AxisScale.decades(from: 1, to: 1e12, count: 6, label: plain)
        #expect(long.ticks.map(\.value) == [1, 1e2, 1e4, 1e6, 1e8, 1e10, 1e12])
        #expect(AxisScale.decades(from: 10, to: 10, label: plain).ticks.count == 2, "one number still has two ends")
    }

    @Test func `a short logarithmic axis runs between 1, 2 or 5 times a power of ten, a long one between powers`() {
        func labels(_ low: Double, _ high: Double) -> [String] { AxisScale.rounds(from: low, to: high, label: plain).ticks.map(\.label) }
        #expect(labels(56, 1300) == ["50", "100", "200", "500", "1e+03", "2e+03"])
        #expect(labels(1.2, 4.9) == ["1", "2", "5"])
        #expect(labels(2, 5) == ["2", "5"], "ends that are round stay")
        #expect(labels(0.03, 0.03) == ["0.02", "0.05"], "one number still has two ends")
        #expect(labels(1, 1e9).first == "1" && labels(1, 1e9).count <= 8)
        let scale = AxisScale.rounds(from: 50, to: 2000, label: plain)
        // log(241.78/50)/log(40), by hand.
        #expect(scale.isLogarithmic && abs(scale.position(241.78) - 0.42722) < 1e-4)
    }

    @Test func `lengths are round in powers of two, the last one always named`() {
        #expect(AxisScale.doublings(from: 1024, to: 131_072).ticks.map(\.label) == ["1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K"])
        #expect(AxisScale.doublings(from: 1024, to: 131_072, count: 4).ticks.map(\.label) == ["2K", "8K", "32K", "128K"])
        let marked = AxisScale.doublings(from: 1024, to: 131_072, count: 4, through: 65_536)
        #expect(marked.ticks.map(\.label) == ["1K", "4K", "16K", "64K"], "where a picture marks a length, it has a tick")
        #expect(AxisScale.lengths(to: 131_072).ticks.map(\.label) == ["0", "32K", "64K", "96K", "128K"])
        #expect(AxisScale.tokens(1 << 20) == "1M" && AxisScale.tokens(512) == "512" && AxisScale.tokens(6677) == "6,677")
    }

    @Test func `labels that do not collide stay at their lines`() {
        #expect(LabelStack.placed([10, 50, 90], heights: [10, 10, 10], low: 0, high: 100) == [10, 50, 90])
    }

    @Test func `labels that collide share their displacement and keep their order`() {
        #expect(LabelStack.placed([50, 50], heights: [10, 10], low: 0, high: 100) == [45, 55])
        #expect(
            LabelStack.placed([52, 48], heights: [10, 20], low: 0, high: 100) == [57.5, 42.5], "the one that wants to be lower stays lower")
        #expect(LabelStack.placed([2, 3, 4], heights: [10, 10, 10], low: 0, high: 100) == [5, 15, 25], "not above the top")
        #expect(LabelStack.placed([99, 98], heights: [10, 10], low: 0, high: 100) == [95, 85], "not below the bottom")
    }

    @Test func `no two labels overlap, whatever they want`() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<200 {
            let wanted = (0..<6).map { _ in 200 * generator.uniform() }
            let heights = (0..<6).map { _ in 10 + 15 * generator.uniform() }
            let placed = LabelStack.placed(wanted, heights: heights, low: 0, high: 200)
            let boxes = zip(placed, heights).map { ($0 - $1 / 2, $0 + $1 / 2) }.sorted { $0.0 < $1.0 }
            #expect(zip(boxes, boxes.dropFirst()).allSatisfy { $0.1 <= $1.0 + 1e-9 })
            #expect(boxes.allSatisfy { $0.0 >= -1e-9 && $0.1 <= 200 + 1e-9 })
        }
    }

    // MARK: Colour blindness

    /// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
    private static let deficiencies: [(name: String, rows: [[Double]])] = [
        ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
        ("deuteranopia", [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
        ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
    ]

    /// `color` as somebody with the deficiency sees it; transfer functions of IEC 61966-2-1, written out here on their own.
    private func seen(_ color: Color, _ rows: [[Double]]) -> Lab {
        func light(_ c: Double) -> Double { c <= 0.04045 ? c / 12.92 : power((c + 0.055) / 1.055, 2.4) }
        func byte(_ l: Double) -> UInt32 {
            let l = min(max(l, 0), 1)
            return UInt32(((l <= 0.0031308 ? 12.92 * l : 1.055 * power(l, 1 / 2.4) - 0.055) * 255).rounded())
        }
        let rgb = [light(color.red), light(color.green), light(color.blue)]
        let out = rows.map { row in byte(zip(row, rgb).reduce(0) { $0 + $1.0 * $1.1 }) }
        return Lab(Color(out[0] << 16 | out[1] << 8 | out[2]))
    }

    @Test(arguments: [Theme.light, .dark]) func `roles stay apart under every colour blindness`(theme: Theme) {
        let palette = Palette.of(theme)
        let roles: [(String, Color)] = [
            ("query", palette.query), ("key", palette.key), ("value", palette.value), ("indexer", palette.indexer),
            ("highlight", palette.highlight), ("ink", palette.ink), ("bar", palette.bar),
        ]
        for (name, rows) in Self.deficiencies {
            for i in roles.indices {
                for j in roles.indices where j > i && !(roles[i].0 == "query" && roles[j].0 == "bar") {
                    let distance = seen(roles[i].1, rows).distance(to: seen(roles[j].1, rows))
                    // 2.3 is just noticeable; 10 is told apart at a glance.
                    #expect(distance >= 10, "\(theme), \(name): \(roles[i].0) and \(roles[j].0) are \(distance) apart")
                }
            }
        }
    }

    @Test func `the simulation is the published one`() {
        // Greys stay greys; red darkens for protanopes; to 8 bits.
        for (_, rows) in Self.deficiencies { #expect(seen(Color(0x808080), rows).distance(to: Lab(Color(0x808080))) < 0.6) }
        #expect(seen(Color(0xFF0000), Self.deficiencies[0].rows).lightness < 50)
    }
}
