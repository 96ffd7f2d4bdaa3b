// What every picture shares: the finding at the top, how to read it under that, the source at the foot, and text that never runs over.

import Traces

/// Collects the items of one picture from the top down.
struct PictureFrame {
    let width: Double
    let type: TypeScale
    let language: Language
    let themes: [Theme]
    let text: TextMeasurer
    var items: [Item] = []
    /// How far down the picture is filled.
    var y: Double
    /// Where the headings of parts side by side end.
    var headingBottom = 0.0

    init(_ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        width = try options.checkedWidth()
        type = TypeScale(width: width, preset: options.preset)
        language = options.language
        themes = options.themes
        self.text = text
        y = max(18, type.margin * 0.8)
    }

    /// The space between the margins.
    var contentWidth: Double { width - 2 * type.margin }

    /// The width of a line.
    func width(_ line: String, _ style: TextStyle) -> Double { text.measure(line, style, language).width }

    /// The finding, in bold, over as many lines as it needs; under it how to read the picture.
    mutating func head(_ title: String, _ subtitle: String) { head(title) { _ in subtitle } }

    /// The same, where how to read the picture depends on what its theme's colours say. The longest of the texts makes the room for all.
    mutating func head(_ title: String, _ subtitle: (Theme) -> String) {
        func spaced(_ text: String) -> String { language == .zh ? Words.spaced(text) : text }
        paragraph(spaced(title), TextStyle(size: type.title, weight: .bold, color: .ink), leading: 1.25)
        y += type.body * 0.45
        let style = TextStyle(size: type.body, color: .muted)
        let texts = themes.map { lines(spaced(subtitle($0)), style) }
        for line in 0..<(texts.map { $0.count }.max() ?? 0) {
            y += style.size * 1.45
            var left = themes.indices.filter { line < texts[$0].count }
            while let first = left.first {
                let same = left.filter { texts[$0][line] == texts[first][line] }
                left.removeAll { same.contains($0) }
                add(texts[first][line], style, at: Point(type.margin, y - style.size * 0.22))
                guard same.count < themes.count, let own = items.popLast() else { continue }
                items.append(.only(same.map { themes[$0] }, [own]))
            }
        }
    }

    private func lines(_ words: String, _ style: TextStyle) -> [String] {
        LineBreaker.full(words, width: contentWidth) { width($0, style) }
    }

    /// Wrapped text from margin to margin.
    mutating func paragraph(_ words: String, _ style: TextStyle, leading: Double) {
        for line in lines(words, style) {
            y += style.size * leading
            add(line, style, at: Point(type.margin, y - style.size * 0.22))
        }
    }

    /// The last line, small and grey: what the numbers are and where they come from.
    mutating func foot(_ source: String) {
        paragraph(source, TextStyle(size: type.small, color: .muted), leading: 1.5)
        y += max(16, type.margin * 0.55)
    }

    /// One line of text. A Chinese line that begins with opening punctuation hangs it, so that the first character stands on the edge.
    mutating func add(_ line: String, _ style: TextStyle, at point: Point, _ anchor: TextRun.Anchor = .start, rotation: Double = 0) {
        if line.isEmpty { return }
        if rotation == -90, language == .zh { return upright(line, style, at: point) }
        var point = point
        if language == .zh, anchor == .start, let first = line.first, LineBreaker.opensWide(first) { point.x -= style.size * 0.5 }
        items.append(.text(TextRun(line, style, at: point, anchor: anchor, rotation: rotation)))
    }

    /// A Chinese name down a side, its characters upright, around the middle of `point`: numbers keep together, brackets and colons lie, as in a column
    /// of text.
    private mutating func upright(_ line: String, _ style: TextStyle, at point: Point) {
        var pieces: [String] = []
        var isNumber = false
        for character in line where character != " " {
            if character.isASCII, isNumber { pieces[pieces.count - 1].append(character) } else { pieces.append(String(character)) }
            isNumber = character.isASCII
        }
        let x = point.x - style.size * 0.36
        for (place, piece) in pieces.enumerated() {
            let y = point.y + (Double(place) - Double(pieces.count - 1) / 2) * style.size * 1.08
            let lies = ["（", "）", "："].contains(piece)
            let base = lies ? Point(x - style.size * 0.36, y) : Point(x, y + style.size * 0.36)
            items.append(.text(TextRun(piece, style, at: base, anchor: .middle, rotation: lies ? 90 : 0)))
        }
    }

    /// The names of rows and columns beside cells of `cell` points: as large as lets every one of them stand, down to 11 points.
    func nameStyle(cell: Double) -> TextStyle { style(min(type.label, max(11, cell / MatrixPanel.namePitch)), .muted) }

    /// The width of the longest of the numbers.
    func widest(_ numbers: [Int], _ style: TextStyle) -> Double { numbers.reduce(0) { max($0, width("\($1)", style)) } }

    /// Which of `count` places, `pitch` apart, have a number beside them where each number needs so much.
    func spaced(_ count: Int, by pitch: Double, needing room: Double) -> [Int] {
        let step = [1, 2, 4, 5, 8, 10].first { Double($0) * pitch >= room } ?? 16
        return Array(stride(from: 0, to: count, by: step))
    }

    /// A style of this picture.
    func style(_ size: Double, _ color: Paint, _ weight: TextStyle.Weight = .regular) -> TextStyle {
        TextStyle(size: size, weight: weight, color: color)
    }
}

/// Words that several figures use.
enum Words {
    /// `text` in the quotation marks of the language.
    static func quoted(_ text: String) -> Bilingual { Bilingual(en: "“\(text)”", zh: "“\(text)”") }

    /// The name of an axis; tokens are queries and keys where both are there.
    static func axis(_ axis: Axis, isPair: Bool) -> Bilingual {
        switch axis {
        case .t: isPair ? Bilingual(en: "query", zh: "查询") : Bilingual(en: "query token", zh: "查询词元")
        case .s: isPair ? Bilingual(en: "key", zh: "键") : Bilingual(en: "key token", zh: "键词元")
        case .h: Bilingual(en: "head", zh: "头")
        case .g: Bilingual(en: "key-value head", zh: "键值头")
        case .j: Bilingual(en: "indexer head", zh: "索引头")
        case .d: Bilingual(en: "head feature", zh: "头内特征")
        case .c: Bilingual(en: "model feature", zh: "模型特征")
        case .o: Bilingual(en: "output", zh: "输出")
        case .f: Bilingual(en: "hidden unit", zh: "隐藏单元")
        case .n: Bilingual(en: "vocabulary entry", zh: "词表项")
        case .r: Bilingual(en: "latent feature", zh: "潜向量特征")
        case .l: Bilingual(en: "query-latent feature", zh: "查询潜向量特征")
        case .e: Bilingual(en: "position feature", zh: "位置特征")
        case "b": Bilingual(en: "block", zh: "块")
        case .k: Bilingual(en: "rank", zh: "名次")
        default: Bilingual(same: axis.name)
        }
    }

    /// A part of a whole within a sentence: 54%, over 99%, under 1%.
    static func share(_ share: Double, decimals: Int = 0) -> Bilingual {
        let text = NumberText.share(share, decimals: decimals)
        switch text.first {
        case ">": return Bilingual(en: "over \(text.dropFirst())", zh: "超过 \(text.dropFirst())")
        case "<": return Bilingual(en: "under \(text.dropFirst())", zh: "不到 \(text.dropFirst())")
        default: return Bilingual(same: text)
        }
    }

    /// Whether a name is a number by which a position without a text is called: 3, 1,499.
    static func isPosition(_ name: String) -> Bool { Int(name.filter { $0 != "," }) != nil }

    /// Items in a row: commas, and the enumeration comma in Chinese.
    static func list(_ items: [Bilingual]) -> Bilingual {
        Bilingual(en: items.map { $0.en }.joined(separator: ", "), zh: items.map { $0.zh }.joined(separator: "、"))
    }
}
