// The figure `traffic`: bytes along the paths of chips, counted by executing tile programs. First one program without tiles, with tiles of three sizes,
// and pipelined, a column for each path; then attention on two chips, drawn as maps whose arrows are as thick as what moves along them; last dense
// attention against an indexer and sparse attention. Where the proportions are fixed the maps stand alone: they are what no other picture shows.

import TileMachine
import Traces

extension Figure {
    /// Bytes along each path.
    public static let traffic = Figure(
        name: "traffic",
        summary: Bilingual(
            en: "Bytes along each path: without tiles, tiled, pipelined; two chips; dense and sparse", zh: "每条通路的字节数：不分块、分块、流水；两种芯片；稠密与稀疏"),
        needs: .tiles
    ) { data, options, text throws(FigureError) in
        let (tiles, frame) = (try data.tiles("traffic"), try PictureFrame(options.inArticleType, text))
        return try computing { () throws(EngineError) in
            var figure = TrafficFigure(tiles, try TrafficCounts(tiles), data.provenance, options, frame)
            return figure.scene()
        }
    }
}

struct TrafficFigure {
    private let data: TileData
    private let counts: TrafficCounts
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ data: TileData, _ counts: TrafficCounts, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.data, self.counts, self.provenance, self.options, self.frame) = (data, counts, provenance, options, frame)
    }

    private var isNarrow: Bool { frame.width < 700 }
    private var left: Double { frame.type.margin }

    mutating func scene() -> Scene {
        let words = TrafficWords(data: data, counts: counts, isShort: options.preset.proportion != nil && !counts.pair.isEmpty)
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.1
        let body = frame.items.count
        if !counts.pair.isEmpty { maps(words, above: text.source) }
        if options.preset.proportion == nil || counts.pair.isEmpty {
            table(words)
            if options.preset.proportion == nil { situations(words) }
        }
        return frame.scene("traffic", body: body, options, text, provenance)
    }

    private mutating func heading(_ title: Bilingual?, _ line: Bilingual) {
        let style = frame.style(frame.type.panel, .ink, .semibold)
        for text in LineBreaker.full(title?[frame.language] ?? "", width: frame.contentWidth, measure: { frame.width($0, style) }) {
            if title == nil { continue }
            frame.y += frame.type.panel * 1.22
            frame.add(text, style, at: Point(left, frame.y))
        }
        for text in LineBreaker.full(line[frame.language], width: frame.contentWidth, measure: { frame.width($0, frame.labelStyle) }) {
            frame.y += frame.type.label * 1.4
            frame.add(text, frame.labelStyle, at: Point(left, frame.y))
        }
        frame.y += frame.type.label * 0.8
    }

    // MARK: One program

    private mutating func table(_ words: TrafficWords) {
        heading(words.tableTitle, words.tableLine)
        let ways = counts.ways
        let paths = data.chip.paths.indices.filter { path in ways.contains { $0.schedule.bytes[path] > 0 } }
        let most = Double(ways.flatMap { way in paths.map { way.schedule.bytes[$0] } }.max() ?? 1)
        if isNarrow { return narrowTable(words, paths, most) }
        let strong = frame.style(frame.type.label, .ink, .semibold)
        let names = ways.map { words.name($0)[frame.language] }
        let nameWidth = names.map { frame.width($0, strong) }.max() ?? 0
        let gap = 18.0
        let column = (frame.contentWidth - nameWidth - gap * Double(paths.count)) / Double(paths.count)
        func x(_ place: Int) -> Double { left + nameWidth + gap + Double(place) * (column + gap) }
        frame.y += frame.type.label * 1.2
        for (place, path) in paths.enumerated() {
            let way = data.chip.paths[path]
            frame.add(data.chip.called(way)[frame.language], strong, at: Point(x(place), frame.y))
            frame.add(data.chip.called(way.engine)[frame.language], frame.labelStyle, at: Point(x(place), frame.y + frame.type.label * 1.3))
        }
        frame.y += frame.type.label * 1.9
        for (way, name) in zip(ways, names) {
            let row = frame.type.body * 1.7
            let baseline = frame.y + row * 0.66
            frame.add(name, strong, at: Point(left, baseline))
            for (place, path) in paths.enumerated() {
                let bytes = way.schedule.bytes[path]
                let number = NumberText.grouped(bytes)
                let room = column - frame.width(NumberText.grouped(Int(most)), frame.labelStyle) - 6
                let length = room * Double(bytes) / most
                if bytes > 0 { bar(Rect(x(place), frame.y + 3, length, row - 7), paint(path)) }
                frame.add(number, frame.labelStyle, at: Point(x(place) + (bytes > 0 ? length + 6 : 0), baseline))
            }
            frame.y += row
            if let note = words.note(way) {
                frame.y += frame.type.label * 0.9
                frame.add(note[frame.language], frame.labelStyle, at: Point(left, frame.y))
                frame.y += frame.type.label * 0.5
            }
        }
        frame.y += frame.type.body * 1.2
    }

    private mutating func narrowTable(_ words: TrafficWords, _ paths: [Int], _ most: Double) {
        let strong = frame.style(frame.type.label, .ink, .semibold)
        for way in counts.ways {
            frame.y += frame.type.label * 1.7
            frame.add(words.name(way)[frame.language], strong, at: Point(left, frame.y))
            if let note = words.note(way) {
                frame.y += frame.type.label * 1.4
                frame.add(note[frame.language], frame.labelStyle, at: Point(left, frame.y))
            }
            for path in paths where way.schedule.bytes[path] > 0 {
                frame.y += frame.type.label * 1.55
                let bytes = way.schedule.bytes[path]
                let name = data.chip.called(data.chip.paths[path])[frame.language]
                frame.add(name, frame.labelStyle, at: Point(left, frame.y))
                frame.add(NumberText.grouped(bytes), frame.labelStyle, at: Point(frame.width - left, frame.y), .end)
                frame.y += 5
                bar(Rect(left, frame.y, frame.contentWidth * Double(bytes) / most, 5), paint(path))
                frame.y += 5
            }
        }
        frame.y += frame.type.body * 1.6
    }

    private mutating func bar(_ area: Rect, _ fill: Fill) {
        frame.items.append(.rect(Rect(area.x, area.y, max(area.width, 1), area.height), radius: 1.5, fill: fill))
    }

    /// Far paths are full, near ones pale: the far ones are what costs.
    private func paint(_ path: Int) -> Fill {
        let way = data.chip.paths[path]
        return .solid(way.from == Chip.far || way.to == Chip.far ? .bar : Paint.bar.mixed(0.4))
    }

    // MARK: Dense and sparse

    private mutating func situations(_ words: TrafficWords) {
        heading(words.situationTitle, words.situationLine)
        let strong = frame.style(frame.type.label, .ink, .semibold)
        for situation in counts.situations {
            frame.y += frame.type.label * 1.5
            let lines = LineBreaker.lines(words.situation(situation)[frame.language], width: frame.contentWidth) { frame.width($0, strong) }
            for (i, line) in lines.enumerated() {
                if i > 0 { frame.y += frame.type.label * 1.35 }
                frame.add(line, strong, at: Point(left, frame.y))
            }
            frame.y += frame.type.label * 0.5
            let most = Double(max(situation.dense.bytes, situation.sparse))
            row(TrafficWords.dense, [(situation.dense.bytes, Fill.solid(.ink))], most)
            row(
                TrafficWords.sparse,
                [
                    (situation.parts[0].bytes, Fill.hatch(lines: .paper, background: .indexer, spacing: 5, width: 1.6)),
                    (situation.parts[1].bytes, .solid(.value)),
                ], most, detail: words.detail(situation))
            frame.y += frame.type.label * 0.5
        }
        frame.y += frame.type.body * 0.7
    }

    private mutating func row(_ name: Bilingual, _ parts: [(bytes: Int, fill: Fill)], _ most: Double, detail: Bilingual? = nil) {
        let style = frame.style(frame.type.label, .ink)
        let names = [TrafficWords.dense, TrafficWords.sparse].map { frame.width($0[frame.language], style) }
        let total = NumberText.grouped(parts.reduce(0) { $0 + $1.bytes })
        let nameWidth = isNarrow ? 0 : (names.max() ?? 0) + 14
        let room = frame.contentWidth - nameWidth - (isNarrow ? 0 : frame.width(NumberText.grouped(Int(most)), style) + 8)
        let height = isNarrow ? 8 : frame.type.label * 1.15
        if isNarrow {
            frame.y += frame.type.label * 1.35
            frame.add(name[frame.language], style, at: Point(left, frame.y))
            frame.add(total, style, at: Point(frame.width - left, frame.y), .end)
            frame.y += 5
        } else {
            frame.y += 5
            frame.add(name[frame.language], style, at: Point(left, frame.y + height * 0.8))
        }
        var x = left + nameWidth
        for (bytes, fill) in parts {
            let width = room * Double(bytes) / most
            bar(Rect(x, frame.y, max(width - 1, 1), height), fill)
            x += width
        }
        if !isNarrow { frame.add(total, style, at: Point(x + 7, frame.y + height * 0.8)) }
        frame.y += height + 2
        guard let detail else { return }
        for line in LineBreaker.lines(
            detail[frame.language], width: frame.contentWidth - nameWidth, measure: { frame.width($0, frame.labelStyle) })
        {
            frame.y += frame.type.label * 1.3
            frame.add(line, frame.labelStyle, at: Point(left + nameWidth, frame.y))
        }
    }

    // MARK: Two chips

    private mutating func maps(_ words: TrafficWords, above source: Bilingual) {
        // Alone, the maps are what the picture's title speaks of.
        heading(words.isShort ? nil : words.mapTitle, words.mapLine)
        let isWide = frame.width >= 860
        let gap = 48.0
        let width = isWide ? (frame.contentWidth - gap) / 2 : frame.contentWidth
        let most = counts.pair.flatMap { $0.bytes }.max() ?? 1
        let top = frame.y
        var bottom = top
        var maps = counts.pair.enumerated().map { number, schedule in
            ChipMap(
                schedule: schedule, differs: schedule.chip.paths.filter { words.differs($0.from, $0.to) }.map { "\($0.from)→\($0.to)" },
                most: most, x: isWide ? left + Double(number) * (width + gap) : left, width: width, isNarrow: isNarrow,
                rise: 128)
        }
        if let proportion = options.preset.proportion {
            let free = frame.width * proportion - top - frame.footHeight(source) - frame.type.body * 0.4
            let rise = free - (maps.map { $0.height(frame.type) }.max() ?? 0)
            for number in maps.indices { maps[number].rise = min(max(rise, 60), 220) }
        }
        for (map, schedule) in zip(maps, counts.pair) {
            if isWide { frame.y = top }
            map.draw(words.mapName(schedule)[frame.language], on: &frame)
            bottom = max(bottom, frame.y)
        }
        frame.y = bottom + frame.type.body * (words.isShort ? 0.4 : 1.1)
    }
}
