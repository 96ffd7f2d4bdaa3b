// Matrices of more than 64 tokens as images: what a pixel says of several cells, hatching in pixels, the framed row and column.

import Diagrams
import Testing
import Traces

/// Scores of 384 tokens: two cells a pixel in a picture 280 points wide.
private func scores(_ cells: [[Int]: Double]) -> Trace {
    var values = [Double](repeating: -.infinity, count: 384 * 384)
    for (place, value) in cells { values[place[0] * 384 + place[1]] = value }
    return trace(values, [.t, .s], [384, 384], id: "attention.scores")
}

extension PixelImage {
    /// The paint at a point of the raster.
    fileprivate func color(_ row: Int, _ column: Int) -> Paint { palette[Int(pixels[row * width + column])] }

    /// The paints in a part of the image, given in shares of its sides.
    fileprivate func colors(x: ClosedRange<Double>, y: ClosedRange<Double>) -> Set<Paint> {
        func range(_ part: ClosedRange<Double>, _ count: Int) -> Range<Int> {
            Int(part.lowerBound * Double(count))..<Int(part.upperBound * Double(count))
        }
        return Set(range(y, height).flatMap { row in range(x, width).map { color(row, $0) } })
    }
}

@Suite struct RasterTests {
    private static let block: [[Int]: Double] = [
        [0, 0]: 8, [0, 1]: 8, [1, 0]: 8, [1, 1]: 8,  // the first pixel
        [100, 50]: 1, [100, 51]: 2, [101, 50]: 3, [101, 51]: 6,  // pixel 50, 25
        [200, 60]: 4, [201, 61]: 2,  // pixel 100, 30: two of its four cells are masked
    ]

    private func image(_ trace: Trace, _ change: (inout FigureOptions) -> Void) throws -> PixelImage {
        let scene = try draw(trace) { options in
            (options.step, options.width) = ("attention.scores", 280)
            change(&options)
        }
        let image = try #require(scene.images.first)
        #expect((image.width, image.height) == (192, 192))
        return image
    }

    @Test func `the largest of a block is drawn by default`() throws {
        let image = try image(scores(Self.block)) { _ in }
        let map = ColorScale.sequential
        #expect(image.color(0, 0) == map.paint(at: 1))
        #expect(image.color(50, 25) == map.paint(at: 6.0 / 8))
        #expect(image.color(100, 30) == map.paint(at: 4.0 / 8))
    }

    @Test func `the mean of a block leaves masked cells out, and the scale fits the means`() throws {
        let image = try image(scores(Self.block)) { $0.aggregate = .mean }
        let map = ColorScale.sequential
        #expect(image.color(0, 0) == map.paint(at: 1))
        #expect(image.color(50, 25) == map.paint(at: 3.0 / 8))
        #expect(image.color(100, 30) == map.paint(at: 3.0 / 8))
        #expect(image.color(30, 100) == .paper)
        let halves = try draw(scores([[0, 0]: 8, [0, 1]: 2, [1, 0]: 1, [1, 1]: 1])) { options in
            (options.step, options.width, options.aggregate) = ("attention.scores", 280, .mean)
        }
        #expect(halves.words.contains("3") && !halves.words.contains("8"), "the scale ends at the largest mean")
    }

    @Test func `NaN is seen through both aggregations`() throws {
        for aggregate in Aggregation.allCases {
            let image = try image(scores([[0, 0]: 1, [10, 4]: .nan, [10, 5]: 3])) { $0.aggregate = aggregate }
            #expect(image.color(5, 2) == .alarm)
        }
    }

    @Test func `the picture says what a pixel shows`() throws {
        func subtitle(_ step: String, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> String {
            try draw(LargeTrace.selective(384)) { options in
                (options.step, options.width) = (step, 280)
                change(&options)
            }.words.joined(separator: " ")
        }
        #expect(try subtitle("sparse.weights").contains("One pixel shows the largest of up to 2 × 2 cells."))
        #expect(
            try subtitle("sparse.weights") { $0.aggregate = .mean }.contains(
                "One pixel shows the mean of up to 2 × 2 cells, blank ones left out."))
        #expect(try subtitle("selected").contains("One pixel is filled if any of up to 2 × 2 cells is."))
        #expect(try !subtitle("sparse.weights") { $0.width = 1200 }.contains("One pixel"))
    }

    @Test func `a pixel of a selection is filled if any of its cells is selected`() throws {
        let scene = try draw(LargeTrace.selective(384)) { options in (options.step, options.width) = ("selected", 280) }
        let image = try #require(scene.images.first)
        let filled = ColorScale.sequential.paint(at: 1)
        for pixel in 0..<192 {
            #expect(image.color(pixel, pixel) == filled, "the diagonal is kept")
            #expect(image.color(pixel, 0) == filled, "key 0 is kept")
        }
        #expect(image.colors(x: 0.6...0.9, y: 0.1...0.4) == [.paper])
        #expect(!image.colors(x: 0.1...0.4, y: 0.6...0.9).contains(filled))
    }

    @Test func `a mean of yes and no is refused`() {
        #expect(
            throws: FigureError("selected: aggregate mean: a matrix of yes and no shows whether any cell is filled; expected max")
        ) {
            try draw(LargeTrace.selective(80)) { options in (options.step, options.aggregate) = ("selected", .mean) }
        }
    }

    @Test(arguments: [100, 384]) func `dropped cells are hatched in pixels, masked ones blank, in every figure`(
        count: Int
    ) throws {
        for (figure, step) in [(Figure.matrix, "sparse.weights"), (.matrix, "selected"), (.compare, nil), (.heads, "sparse.weights")] {
            let scene = try draw(LargeTrace.selective(count), figure) { options in
                (options.step, options.width) = (step, 300)
            }
            let picture = try #require(scene.images.last { $0.height > 1 }, "all but the legend's scale")
            #expect(picture.colors(x: 0.1...0.4, y: 0.6...0.9) == [.paper, .hatch], "\(figure.name) \(step ?? "")")
            #expect(picture.colors(x: 0.6...0.9, y: 0.1...0.4) == [.paper])
            #expect(scene.words.contains { $0.hasSuffix("visible, not selected") })
            #expect(scene.words.contains { $0.hasPrefix("blank: ") && !$0.contains("not selected") })
        }
    }

    @Test func `a number that the mask is still to hide is pale in pixels too`() throws {
        let scene = try draw(LargeTrace.selective(100)) { $0.step = "sparse.dot" }
        let image = try #require(scene.images.first)
        let color = ColorScale.sequential.paint(at: 0.5)
        #expect(image.colors(x: 0.1...0.4, y: 0.6...0.9) == [color])
        let future = image.colors(x: 0.6...0.9, y: 0.1...0.4)
        #expect(future.count == 1 && !future.contains(color))
        #expect(scene.words.contains("faint: future keys"))
    }

    // MARK: The framed row and column

    private func frames(_ scene: Scene, _ color: Paint) -> [Rect] {
        scene.rects.filter { $0.fill == nil && $0.stroke?.color == color }.map(\.rect)
    }

    @Test func `a key frames its column in its role's colour, its name in bold, and the words say so`() throws {
        let scene = try draw(Diary.trace("trip", .en)) { $0.key = 4 }
        let column = try #require(frames(scene, .key).first)
        let row = try #require(frames(scene, .query).first)
        #expect(column.height > 10 * column.width && row.width > 10 * row.height)
        let bold = scene.texts.filter { $0.style.weight == .bold && $0.style.size < 15 }.map(\.text)
        #expect(Set(bold) == ["?", "Dali"])
        #expect(scene.title.en == "“?” gives “Dali” 60% of its attention")
        #expect(scene.words.joined(separator: " ").contains("Framed: row “?”, column “Dali”."))
        #expect(scene.alt.en.contains(" Column 4, “Dali”: highest at “Dali” (0.692), “?” (0.602), “Trip” (0.26"))
        #expect(scene.provenance["key"] == "4")
    }

    @Test func `where row and column meet, the title says what stands there`() throws {
        func title(_ trace: Trace, _ step: String, _ query: Int, _ key: Int) throws -> String {
            try draw(trace) { options in (options.step, options.query, options.key) = (step, query, key) }.title.en
        }
        #expect(try title(Diary.trace("trip", .en), "attention.weights", 4, 17) == "“Dali” cannot see “?”")
        #expect(try title(Diary.selective("trip", .en), "sparse.weights", 17, 3) == "“?” leaves out “to”")
        #expect(try title(Diary.selective("trip", .en), "selected", 17, 4) == "“?” keeps “Dali”")
        #expect(try title(Diary.selective("trip", .en), "selected", 17, 3) == "“?” leaves out “to”")
        #expect(try title(Diary.trace("trip", .en), "attention.weights", 17, 8) == "“?” gives “noodles” 0.2% of its attention")
    }

    @Test func `a raster frames row and column around their pixels, and writes their positions in bold`() throws {
        let scene = try draw(LargeTrace.selective(100)) { options in (options.query, options.key) = (70, 33) }
        let row = try #require(frames(scene, .query).first)
        let column = try #require(frames(scene, .key).first)
        let area = try #require(
            scene.flat.lazy.compactMap { if case .image(_, let area) = $0 { area } else { nil } }.first)
        #expect(abs(row.midY - (area.y + 70.5 * area.height / 100)) < 1e-9 && row.width > area.width)
        #expect(abs(column.midX - (area.x + 33.5 * area.width / 100)) < 1e-9 && column.height > area.height)
        #expect(row.height - 1.5 >= area.height / 100, "the frame covers no cell of its row")
        let bold = scene.texts.filter { $0.style.weight == .bold && $0.style.size < 15 }.map(\.text)
        #expect(bold == ["70", "33"])
        #expect(try frames(draw(LargeTrace.selective(100)) { $0.key = 33 }, .query).isEmpty)
    }

    @Test(arguments: [Figure.matrix, .compare])
    func `of an image the cells of the story's row can be asked, each over its own pixels`(_ figure: Figure) throws {
        let scene = try draw(LargeTrace.selective(100), figure) { $0.query = 70 }
        // Of an image alone the row's ranking stands beside it.
        let (count, visible) = figure.name == "compare" ? (2, 71) : (1, 100)
        let images = scene.flat.compactMap { if case .image(_, let area) = $0 { area } else { nil } }.prefix(count)
        try #require(images.count == count && scene.hotSpots.count == count * visible)
        for (number, area) in images.enumerated() {
            let spots = scene.hotSpots[number * visible..<(number + 1) * visible]
            for (column, spot) in spots.enumerated() {
                #expect(spot.index == [-1, 70, column] && spot.label.text(.en).hasPrefix("query w70, key w\(column): "))
                #expect(abs(spot.area.midX - (area.x + (Double(column) + 0.5) * area.width / 100)) < 1e-9)
                #expect(abs(spot.area.midY - (area.y + 70.5 * area.height / 100)) < 1e-9 && spot.area.height >= 9)
            }
        }
        let small = try draw(LargeTrace.selective(400), figure) { ($0.query, $0.width) = (399, Figure.leastWidth) }
        #expect(small.hotSpots.isEmpty, "cells narrower than a point cannot be met")
    }

    @Test func `a key that is not there is a named error`() throws {
        let diary = try Diary.trace("trip", .en)
        func message(_ step: String, _ key: Int) -> String {
            do {
                _ = try draw(diary) { options in (options.step, options.key) = (step, key) }
                return "drawn"
            } catch { return "\(error)" }
        }
        for key in [-1, 18] {
            #expect(
                message("attention.weights", key)
                    == "attention.weights: key \(key): expected columns of tokens, 0 to 17, found [h: 2, t: 18, s: 18]")
        }
        #expect(message("attention.q", 2) == "attention.q: key 2: expected columns of tokens, found [t: 18, h: 2, d: 4]")
    }
}
