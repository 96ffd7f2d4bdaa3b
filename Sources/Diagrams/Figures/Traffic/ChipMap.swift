// A chip as a map: far memory as a bar at the top, near memories in a row under it, and the paths that move anything as arrows, as thick as their
// bytes, with the bytes beside them. Paths that differ between two chips are on the highlighter.

import TileMachine
import Traces

struct ChipMap {
    let schedule: Schedule
    /// Paths whose bytes differ from the other chip's: `L0C→UB`.
    let differs: [String]
    /// Bytes of the thickest arrow.
    let most: Int
    let x: Double
    let width: Double
    let isNarrow: Bool
    /// From far memory to the near ones, in points.
    var rise: Double

    private struct Arrow {
        let from: String
        let to: String
        let bytes: Int
        let engine: String
    }

    private var arrows: [Arrow] {
        zip(schedule.chip.paths, schedule.bytes).filter { $0.1 > 0 || differs.contains("\($0.0.from)→\($0.0.to)") }.map {
            Arrow(from: $0.0.from, to: $0.0.to, bytes: $0.1, engine: $0.0.engine)
        }
    }

    private var memories: [String] {
        schedule.chip.memories.dropFirst().map { $0.name }.filter { name in arrows.contains { $0.from == name || $0.to == name } }
    }

    private func thickness(_ bytes: Int) -> Double { max(1, 13 * Double(bytes) / Double(most)) }

    func draw(_ title: String, on frame: inout PictureFrame) {
        let label = frame.type.label
        frame.y += frame.type.body * 1.1
        frame.add(title, frame.style(frame.type.body, .ink, .semibold), at: Point(x, frame.y))
        frame.y += label * 0.8
        let far = Rect(x, frame.y, width, label * 2.2)
        box(far, Chip.far, on: &frame)
        let column = width / Double(max(memories.count, 1))
        let row = far.maxY + rise
        let boxes = memories.enumerated().map { place, _ in
            Rect(x + Double(place) * column + column * 0.14, row, column * 0.72, label * 2.2)
        }
        var numbers: [() -> (String, Point, Bool)] = []
        for (place, name) in memories.enumerated() {
            let (down, up) = (arrows.first { $0.from == Chip.far && $0.to == name }, arrows.first { $0.from == name && $0.to == Chip.far })
            // Far enough apart that a number on one arrow leaves the other free.
            let both = [down, up].compactMap { $0 }
            let strong = frame.style(label, .ink, .semibold)
            let reach = both.map { frame.width(NumberText.grouped($0.bytes), strong) + thickness($0.bytes) }.max() ?? 0
            let shift = both.count > 1 ? max(boxes[place].width * 0.25, (reach / 2 + 10) / 2) : 0
            if let down {
                let at = boxes[place].midX - shift
                vertical(at, far.maxY, row, down, on: &frame)
                numbers.append { (NumberText.grouped(down.bytes), Point(at, far.maxY + rise * 0.3), isMarked(down)) }
            }
            if let up {
                let at = boxes[place].midX + shift
                vertical(at, row, far.maxY, up, on: &frame)
                let low = far.maxY + rise * 0.3 + max(rise * 0.3, label * 1.5)
                numbers.append { (NumberText.grouped(up.bytes), Point(at, low), isMarked(up)) }
            }
        }
        let under = row + label * 2.2
        for bracket in brackets {
            let depth = under + label * (1.6 + 2.1 * Double(bracket.level))
            let (start, end) = (port(bracket.from, bracket, boxes), port(bracket.to, bracket, boxes))
            draw(bracket.arrow, from: Point(start, under), to: Point(end, under), depth, on: &frame)
            // Where nothing else goes down: in the middle of what is on this level alone.
            numbers.append {
                (NumberText.grouped(bracket.arrow.bytes), Point((start + end) / 2, depth + label * 0.36), isMarked(bracket.arrow))
            }
        }
        for (place, name) in memories.enumerated() { box(boxes[place], name, on: &frame) }
        for number in numbers { note(number(), on: &frame) }
        frame.y = under + label * depth
    }

    /// The depth of what lies under the near memories, in label sizes.
    private var depth: Double { brackets.map { $0.level }.max().map { 2.8 + 2.1 * Double($0) } ?? 0.5 }

    /// The height of all but the rise.
    func height(_ type: TypeScale) -> Double { type.body * 1.1 + type.label * (0.8 + 2.2 + 2.2 + depth) }

    private func isMarked(_ arrow: Arrow) -> Bool { differs.contains("\(arrow.from)→\(arrow.to)") }

    private func note(_ note: (text: String, at: Point, isMarked: Bool), on frame: inout PictureFrame) {
        let paint: Paint = note.isMarked ? .onHighlight : .ink
        let style = frame.style(frame.type.label, paint, note.isMarked ? .semibold : .regular)
        let width = frame.width(note.text, style)
        let middle = min(note.at.x, x + self.width - width / 2 - 3)
        let area = Rect(middle - width / 2 - 3, note.at.y - style.size * 0.98, width + 6, style.size * 1.34)
        frame.items.append(.rect(area, radius: 2, fill: .solid(note.isMarked ? .highlight : .paper)))
        frame.add(note.text, style, at: Point(middle, note.at.y), .middle)
    }

    private func box(_ area: Rect, _ name: String, on frame: inout PictureFrame) {
        frame.items.append(.rect(area, radius: 4, fill: .solid(.paper), stroke: Stroke(.muted, width: 1.2)))
        let style = frame.style(frame.type.label, .ink, .semibold)
        let name = schedule.chip.called(name)[frame.language]
        frame.add(name, style, at: Point(area.midX, area.midY + style.size * 0.36), .middle)
    }

    private func paint(_ arrow: Arrow) -> Paint { isMarked(arrow) ? .bar : .muted }

    private func vertical(_ x: Double, _ from: Double, _ to: Double, _ arrow: Arrow, on frame: inout PictureFrame) {
        let width = thickness(arrow.bytes)
        let head = max(9, width * 0.9)
        let end = to + (from < to ? -head : head)
        frame.items.append(.path([.move(Point(x, from)), .line(Point(x, end))], stroke: Stroke(paint(arrow), width: width)))
        let half = max(4.5, width * 0.85)
        frame.items.append(
            .path([.move(Point(x, to)), .line(Point(x - half, end)), .line(Point(x + half, end)), .close], fill: .solid(paint(arrow))))
    }

    /// A path between two near memories, drawn below them.
    private struct Bracket {
        let arrow: Arrow
        let from: Int
        let to: Int
        /// How deep it lies, from 0.
        var level = 0

        func crosses(_ other: Bracket) -> Bool { min(from, to) < max(other.from, other.to) && min(other.from, other.to) < max(from, to) }
    }

    /// Short ones first, each on the first level where it crosses no other.
    private var brackets: [Bracket] {
        let all = arrows.compactMap { arrow -> Bracket? in
            guard let a = memories.firstIndex(of: arrow.from), let b = memories.firstIndex(of: arrow.to) else { return nil }
            return Bracket(arrow: arrow, from: a, to: b)
        }.sorted { abs($0.from - $0.to) < abs($1.from - $1.to) }
        var placed: [Bracket] = []
        for bracket in all {
            var own = bracket
            while placed.contains(where: { $0.level == own.level && $0.crosses(own) }) { own.level += 1 }
            placed.append(own)
        }
        return placed
    }

    /// Where a bracket meets a memory: those to the left first, the deepest in the middle, so that none crosses another.
    private func port(_ memory: Int, _ bracket: Bracket, _ boxes: [Rect]) -> Double {
        let own = brackets.filter { $0.from == memory || $0.to == memory }
        func goesRight(_ bracket: Bracket) -> Bool { max(bracket.from, bracket.to) > memory }
        let ordered =
            own.filter { !goesRight($0) }.sorted { $0.level < $1.level } + own.filter(goesRight).sorted { $0.level > $1.level }
        let place = ordered.firstIndex { $0.from == bracket.from && $0.to == bracket.to } ?? 0
        return boxes[memory].x + boxes[memory].width * (Double(place) + 0.5) / Double(ordered.count)
    }

    private func draw(_ arrow: Arrow, from: Point, to: Point, _ depth: Double, on frame: inout PictureFrame) {
        let width = thickness(arrow.bytes)
        let head = max(9, width * 0.9)
        let line: [PathElement] = [.move(from), .line(Point(from.x, depth)), .line(Point(to.x, depth)), .line(Point(to.x, to.y + head))]
        frame.items.append(.path(line, stroke: Stroke(paint(arrow), width: width)))
        let half = max(4.5, width * 0.85)
        frame.items.append(
            .path(
                [.move(to), .line(Point(to.x - half, to.y + head)), .line(Point(to.x + half, to.y + head)), .close],
                fill: .solid(paint(arrow))))
    }
}
