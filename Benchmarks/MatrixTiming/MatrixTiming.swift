// Times the PNG of a matrix figure by library calls alone: layout, drawing and encoding of attention over seeded noise, the trace made beforehand.
// Prints one JSON line a size: {"tokens", "seconds": […], "bytes", "width", "height"}. Used by Benchmarks/matrix_vs_matplotlib.py.
// Arguments: how many runs, then sizes.

import CairoRenderer
import Diagrams
import Mechanisms
import Traces

@main
enum MatrixTiming {
    static func main() throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard let runs = numbers.first, runs > 0, numbers.count > 1 else {
            print("usage: MatrixTiming RUNS TOKENS…")
            return
        }
        for tokens in numbers.dropFirst() { try measure(tokens, runs: runs) }
    }

    private static func measure(_ tokens: Int, runs: Int) throws {
        let data = FigureData(traces: [("noise", try RandomAttention.trace(tokens: tokens))], provenance: Provenance(name: "random"))
        let renderer = CairoRenderer()
        var seconds: [Double] = []
        var (bytes, size) = (0, Size(0, 0))
        let clock = ContinuousClock()
        // One run more goes before, to warm up.
        for run in 0...runs {
            let start = clock.now
            let scene = try Figure.matrix.draw(data, FigureOptions(), renderer.measurer)
            let png = try renderer.png(scene)
            if run > 0 { seconds.append((clock.now - start) / .seconds(1)) }
            (bytes, size) = (png.count, scene.size)
        }
        let list = seconds.map { NumberText.significant($0, digits: 6) }.joined(separator: ", ")
        print(
            "{\"tokens\": \(tokens), \"seconds\": [\(list)], \"bytes\": \(bytes), \"width\": \(Int(size.width)), \"height\": \(Int(size.height))}"
        )
    }
}
