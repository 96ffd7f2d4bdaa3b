// Text into lines of a given width. Latin words break at spaces; Chinese anywhere, but no line begins with closing punctuation or ends with
// opening punctuation (W3C Requirements for Chinese Text Layout, section 3.1.2: the basic rule).

/// Breaks text into lines.
public enum LineBreaker {
    private static let closing: Set<Character> = Set("，。、；：？！）》」』】〕〉”’…·—％%,.;:?!)]}°")
    private static let opening: Set<Character> = Set("（《「『【〔〈“‘([{$¥￥")

    /// Whether the character is opening punctuation of full width in Chinese: its left half is empty.
    static func opensWide(_ character: Character) -> Bool { "（《「『【〔〈“‘".contains(character) }

    /// Whether lines may break at either side of the character.
    public static func isIdeographic(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first else { return false }
        switch scalar.value {
        case 0x2E80...0x312F, 0x3130...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7AF, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF01...0xFF60,
            0x20000...0x3FFFF:
            return true
        default: return false
        }
    }

    /// The lines of `text`, each at most `width` wide where its words allow it; spaces at breaks are dropped.
    public static func lines(_ text: String, width: Double, measure: (String) -> Double) -> [String] {
        var lines: [String] = []
        var line = ""
        for piece in pieces(text) {
            if !line.isEmpty, measure(trimmed(line + piece)) > width {
                lines.append(trimmed(line))
                line = String(piece.drop { $0 == " " })
            } else {
                line += piece
            }
        }
        let rest = trimmed(line)
        return rest.isEmpty && !lines.isEmpty ? lines : lines + [rest]
    }

    /// As few lines as `lines` makes, but narrower where the last of them would hold next to nothing.
    public static func full(_ text: String, width: Double, measure: (String) -> Double) -> [String] {
        let widest = lines(text, width: width, measure: measure)
        guard widest.count > 1, measure(widest[widest.count - 1]) < width / 4 else { return widest }
        for share in stride(from: 0.96, to: 0.6, by: -0.04) {
            let narrower = lines(text, width: width * share, measure: measure)
            if narrower.count > widest.count { break }
            if measure(narrower[narrower.count - 1]) >= width / 4 { return narrower }
        }
        return widest
    }

    /// The text cut at every place where a line may end.
    static func pieces(_ text: String) -> [String] {
        let characters = Array(text)
        let kept = quotations(characters).union(words(characters))
        var pieces: [String] = []
        for (place, character) in characters.enumerated() {
            if place == 0
                || !kept.contains(place) && !isInEquation(characters, place) && !isCounted(characters, place)
                    && mayBreak(characters[place - 1], character)
            {
                pieces.append("")
            }
            pieces[pieces.count - 1].append(character)
        }
        return pieces
    }

    /// The places inside short quotations: a token's name stays on one line.
    private static func quotations(_ characters: [Character]) -> Set<Int> {
        var places: Set<Int> = []
        for (start, character) in characters.enumerated() where character == "“" {
            let rest = characters[(start + 1)...].prefix(longestQuotation + 1)
            if let end = rest.firstIndex(of: "”") { places.formUnion(start + 1...end) }
        }
        return places
    }

    /// Whether the space before `place` belongs to an equation: P = 10¹⁵ stays on one line.
    private static func isInEquation(_ characters: [Character], _ place: Int) -> Bool {
        characters[place - 1] == " " && (characters[place] == "=" || place > 1 && characters[place - 2] == "=")
    }

    private static let units: [[Character]] = ["B", "kB", "MB", "GB", "GiB", "ms"].map { Array($0) }

    private static func isLetter(_ characters: [Character], _ place: Int) -> Bool {
        place < characters.count && characters[place].isASCII && characters[place].isLetter
    }

    /// Whether a number stands before `place`, with a space or none, and behind it what it counts: 3.5 倍 stays on one line.
    private static func isCounted(_ characters: [Character], _ place: Int) -> Bool {
        let before = characters[place - 1] == " " && place > 1 ? characters[place - 2] : characters[place - 1]
        if before == "×" || characters[place] == "×" { return true }
        guard before.isASCII && before.isNumber || before == "%" else { return false }
        return isIdeographic(characters[place])
            || units.contains { characters[place...].starts(with: $0) && !isLetter(characters, place + $0.count) }
    }

    /// The places inside words that are not torn: those of the field, of which a reader expects the rest.
    private static func words(_ characters: [Character]) -> Set<Int> {
        var places: Set<Int> = []
        var start = 0
        while start < characters.count {
            let rest = characters[start...]
            guard let word = isIdeographic(characters[start]) ? whole.first(where: { rest.starts(with: $0) }) : nil else {
                start += 1
                continue
            }
            places.formUnion(start + 1..<start + word.count)
            start += word.count
        }
        return places
    }

    /// Longer words before those that they begin with.
    private static let whole: [[Character]] = [
        "预填充", "潜向量", "注意力", "索引器", "上下文", "词元", "查询", "索引", "稠密", "稀疏", "权重", "分数", "得分", "份额", "向量", "缓存", "掩住", "掩码", "加权", "求和", "平均",
        "模型",
        "特征", "位置", "未来", "保住", "留下", "选中", "公布", "预测", "价格", "成本", "运算", "字节", "内存", "片上", "带宽", "数据", "设计", "程序", "编译器", "芯片", "线程", "矩阵",
        "每个", "论文", "灰色", "蓝色", "橙色", "相乘", "运行时", "一个", "一行", "距离", "相当", "反推", "折算", "斜线", "故事", "压缩", "条目", "便宜", "长度", "增长", "没有", "进入",
        "最好", "最近", "最大", "当前", "其中", "根据", "报道", "速度",
    ].map { Array($0) }

    /// Characters of a quotation that is kept together.
    private static let longestQuotation = 8

    private static func mayBreak(_ before: Character, _ after: Character) -> Bool {
        if after == " " || closing.contains(after) || opening.contains(before) { return false }
        return before == " " || isIdeographic(before) || isIdeographic(after)
    }

    /// `line` without spaces at its end.
    static func trimmed(_ line: String) -> String {
        var line = Substring(line)
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
