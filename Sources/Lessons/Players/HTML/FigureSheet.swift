// SVG pictures as parts of a page. A picture is drawn in the light and in the dark theme and becomes one: lines that differ in colours alone
// share their shape and take a class with both colours; lines that differ otherwise stand in it twice. Letters are kept once a page.
// Reads what an SVG writer with one element a line produces, such as CairoRenderer's.

internal import AttentionEngine

/// What all pictures of a page share: outlines of letters, and pairs of colours.
struct SheetLibrary {
    private var shapeNumbers: [[UInt8]: Int] = [:]
    private(set) var shapes = ""
    private var colorNumbers: [ColorPair: Int] = [:]
    private(set) var colors = ""
    private var figureCount = 0

    /// The colour of one attribute in the two themes.
    struct ColorPair: Hashable {
        var kind: UInt8
        var light: [UInt8]
        var dark: [UInt8]
    }

    /// The page's name for an outline; the same outline has the same name in every picture.
    mutating func shape(_ definition: [UInt8]) -> [UInt8] {
        let number = shapeNumbers[definition] ?? shapeNumbers.count
        if shapeNumbers.updateValue(number, forKey: definition) == nil {
            // `<path …` with its new id after the element's name.
            let cut = definition.firstIndex(of: UInt8(ascii: " ")) ?? definition.endIndex
            shapes += String(decoding: definition[..<cut], as: UTF8.self) + " id=\"g\(number)\""
            shapes += String(decoding: definition[cut...], as: UTF8.self) + "\n"
        }
        return Array("g\(number)".utf8)
    }

    /// The class of a pair of colours.
    mutating func className(_ pair: ColorPair) -> String {
        if let number = colorNumbers[pair] { return "c\(number)" }
        let number = colorNumbers.count
        colorNumbers[pair] = number
        let property = pair.kind == UInt8(ascii: "f") ? "fill" : "stroke"
        let (light, dark) = (String(decoding: pair.light, as: UTF8.self), String(decoding: pair.dark, as: UTF8.self))
        colors += ".c\(number){\(property):\(light);\(property):light-dark(\(light),\(dark))}\n"
        return "c\(number)"
    }

    /// A number for the next picture, to keep its ids apart.
    mutating func nextFigure() -> Int {
        defer { figureCount += 1 }
        return figureCount
    }
}

/// A cell that a picture shows: where, which, and what to say of it.
struct SheetCell: Hashable {
    /// x, y, width, height as the picture has them.
    var frame: [String]
    var step: String
    /// The cell's index; -1 along an axis that was averaged.
    var index: [Int]
    var label: String
}

/// One picture, ready to stand in a page.
struct FigureSheet {
    /// The number of the picture in the page.
    let number: Int
    let width: Double
    let markup: String
    let cells: [SheetCell]

    /// Joins the two drawings of one picture. Throws `LessonError` if they are not SVG.
    init(light: DrawnFigure, dark: DrawnFigure, language: Language, _ library: inout SheetLibrary) throws(LessonError) {
        number = library.nextFigure()
        let prefix = Array("f\(number)-".utf8)
        let (day, night) = (SVGLines(light.bytes, idPrefix: prefix, &library), SVGLines(dark.bytes, idPrefix: prefix, &library))
        guard let size = day.viewBox, night.viewBox != nil else {
            throw LessonError(.badFile, "a page takes pictures as SVG with a viewBox: found \(light.fileExtension)")
        }
        width = size.width
        cells = day.cells
        let body = SheetMerge(day.body, night.body, &library).markup
        let alt = light.alt.hasPrefix(light.title) ? light.alt : light.title + (language == .en ? ". " : "。") + light.alt
        markup =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"\(size.text)\" role=\"img\" aria-label=\"\(HTMLText.escaped(alt))\">\n"
            + body + "</svg>"
    }
}

/// The lines of an SVG: what is drawn, with page-wide names of letters; cells taken out.
private struct SVGLines {
    var body: [[UInt8]] = []
    var cells: [SheetCell] = []
    var viewBox: (text: String, width: Double)?

    private var shapes: [[UInt8]: [UInt8]] = [:]
    private let idPrefix: [UInt8]
    private var cellStep: String?

    init(_ bytes: [UInt8], idPrefix: [UInt8], _ library: inout SheetLibrary) {
        self.idPrefix = idPrefix
        for line in bytes.split(separator: UInt8(ascii: "\n")) { add(line, &library) }
    }

    private mutating func add(_ line: ArraySlice<UInt8>, _ library: inout SheetLibrary) {
        if line.hasPrefix("<svg ") {
            guard let box = line.attribute("viewBox") else { return }
            let text = String(decoding: box, as: UTF8.self)
            let numbers = text.split(separator: " ").compactMap { Double($0) }
            viewBox = numbers.count == 4 ? (text, numbers[2]) : nil
        } else if line.hasPrefix("<title") || line.hasPrefix("<desc") || line.hasPrefix("<metadata") || line.hasPrefix("</svg") {
            return
        } else if line.hasPrefix("<path id=") || line.hasPrefix("<image id=") {
            guard let id = line.attribute("id") else { return }
            shapes[Array(id)] = library.shape(line.removing(attribute: "id"))
        } else if line.hasPrefix("<g data-step=") {
            cellStep = line.attribute("data-step").map { String(decoding: $0, as: UTF8.self).xmlUnescaped }
        } else if let step = cellStep {
            if line.hasPrefix("</g>") { cellStep = nil } else { addCell(line, step) }
        } else if !line.hasPrefix("<defs>"), !line.hasPrefix("</defs>") {
            body.append(renamed(line.hasPrefix("<g id=") ? line.removing(attribute: "id")[...] : line))
        }
    }

    private mutating func addCell(_ line: ArraySlice<UInt8>, _ step: String) {
        let frame = ["x", "y", "width", "height"].compactMap { line.attribute($0).map { String(decoding: $0, as: UTF8.self) } }
        guard frame.count == 4, frame.allSatisfy({ Double($0) != nil }), let index = line.attribute("data-index") else { return }
        let numbers = String(decoding: index, as: UTF8.self).split(separator: ",").compactMap { Int($0) }
        let text = String(decoding: line, as: UTF8.self)
        let label = text.between("<title>", "</title>") ?? ""
        cells.append(SheetCell(frame: frame, step: step, index: numbers, label: label.xmlUnescaped))
    }

    /// Letters by their names in the page, other ids with the picture's prefix.
    private func renamed(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(line.count)
        var at = line.startIndex
        while at < line.endIndex {
            if line[at] == UInt8(ascii: "#"), at > line.startIndex, let (mark, isReference) = reference(line, at) {
                let end = line[at...].firstIndex(of: mark) ?? line.endIndex
                let id = Array(line[line.index(after: at)..<end])
                result.append(UInt8(ascii: "#"))
                result += isReference ? shapes[id] ?? idPrefix + id : idPrefix + id
                at = end
            } else if line[at...].hasPrefix(" id=\"") {
                result += Array(" id=\"".utf8) + idPrefix
                at += 5
            } else {
                result.append(line[at])
                at += 1
            }
        }
        return result
    }

    /// Whether the # at `at` begins an id: after `href="` or `url(`; colours begin otherwise. The first is what ends it.
    private func reference(_ line: ArraySlice<UInt8>, _ at: Int) -> (UInt8, Bool)? {
        let before = line[..<at]
        if before.hasSuffix("href=\"") { return (UInt8(ascii: "\""), true) }
        return before.hasSuffix("url(") ? (UInt8(ascii: ")"), false) : nil
    }
}

/// Two drawings of one picture as one.
private struct SheetMerge {
    /// A line with its colours taken out.
    private struct Template: Hashable {
        var pieces: [UInt8]
        static let fill: UInt8 = 1
        static let stroke: UInt8 = 2
    }
    private typealias Line = (template: Template, colors: [[UInt8]])

    private(set) var markup = ""

    init(_ light: [[UInt8]], _ dark: [[UInt8]], _ library: inout SheetLibrary) {
        let (day, night) = (light.map(Self.line), dark.map(Self.line))
        var bytes: [UInt8] = []
        var (i, j) = (0, 0)
        let (removed, inserted) = Self.changes(day.map(\.template), night.map(\.template))
        while i < day.count || j < night.count {
            if i < day.count, removed.contains(i) {
                bytes += Self.only("light", light[i])
                i += 1
            } else if j < night.count, inserted.contains(j) {
                bytes += Self.only("dark", dark[j])
                j += 1
            } else {
                bytes += Self.joined(day[i], night[j].colors, &library) + [10]
                i += 1
                j += 1
            }
        }
        markup = String(decoding: bytes, as: UTF8.self)
    }

    private static func changes(_ day: [Template], _ night: [Template]) -> (removed: Set<Int>, inserted: Set<Int>) {
        if day == night { return ([], []) }
        var (removed, inserted): (Set<Int>, Set<Int>) = ([], [])
        for change in night.difference(from: day) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        return (removed, inserted)
    }

    /// A whole element that only one theme shows; beginnings and ends of groups never differ.
    private static func only(_ theme: String, _ line: [UInt8]) -> [UInt8] {
        Array("<g class=\"on-\(theme)\">".utf8) + line + Array("</g>\n".utf8)
    }

    /// Takes `fill="#…"` and `stroke="#…"` out of a line.
    private static func line(_ bytes: [UInt8]) -> Line {
        var pieces: [UInt8] = []
        pieces.reserveCapacity(bytes.count)
        var colors: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            let rest = bytes[at...]
            let isFill = bytes[at] == UInt8(ascii: " ") && rest.hasPrefix(" fill=\"#")
            if isFill || (bytes[at] == UInt8(ascii: " ") && rest.hasPrefix(" stroke=\"#")) {
                let start = at + (isFill ? 7 : 9)
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\"")) ?? bytes.endIndex
                pieces.append(isFill ? Template.fill : Template.stroke)
                colors.append(Array(bytes[start..<end]))
                at = end + 1
            } else {
                pieces.append(bytes[at])
                at += 1
            }
        }
        return (Template(pieces: pieces), colors)
    }

    /// The line with its colours: an attribute where both themes agree, else a class for all of its element.
    private static func joined(_ line: Line, _ dark: [[UInt8]], _ library: inout SheetLibrary) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(line.template.pieces.count + 24)
        var (color, classes, classPlace) = (0, [String](), 0)
        for byte in line.template.pieces {
            guard byte == Template.fill || byte == Template.stroke else {
                if byte == UInt8(ascii: ">"), !classes.isEmpty {
                    result.insert(contentsOf: Array(" class=\"\(classes.joined(separator: " "))\"".utf8), at: classPlace)
                    classes = []
                }
                result.append(byte)
                continue
            }
            let kind = byte == Template.fill ? "fill" : "stroke"
            let (light, night) = (line.colors[color], dark[color])
            color += 1
            if light == night {
                result += Array(" \(kind)=\"".utf8) + light + Array("\"".utf8)
            } else {
                if classes.isEmpty { classPlace = result.count }
                classes.append(library.className(.init(kind: UInt8(ascii: byte == Template.fill ? "f" : "s"), light: light, dark: night)))
            }
        }
        return result
    }
}

extension ArraySlice<UInt8> {
    func hasPrefix(_ text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        for offset in 0..<text.utf8CodeUnitCount where self[startIndex + offset] != text.utf8Start[offset] { return false }
        return true
    }

    func hasSuffix(_ text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && self[(endIndex - text.utf8CodeUnitCount)...].hasPrefix(text)
    }

    /// Where the value of an attribute of the line's first element stands.
    func attributeRange(_ name: String) -> Range<Int>? {
        let wanted = Array(" \(name)=\"".utf8)
        let end = firstIndex(of: UInt8(ascii: ">")) ?? endIndex
        var at = startIndex
        while at + wanted.count < end {
            if self[at] == wanted[0], self[at..<at + wanted.count].elementsEqual(wanted) {
                let start = at + wanted.count
                return start..<(self[start...].firstIndex(of: UInt8(ascii: "\"")) ?? endIndex)
            }
            at += 1
        }
        return nil
    }

    func attribute(_ name: String) -> ArraySlice<UInt8>? { attributeRange(name).map { self[$0] } }

    func removing(attribute name: String) -> [UInt8] {
        guard let range = attributeRange(name) else { return Array(self) }
        return Array(self[..<(range.lowerBound - name.utf8.count - 3)] + self[(range.upperBound + 1)...])
    }
}

extension String {
    func between(_ open: String, _ close: String) -> String? {
        guard let start = firstRange(of: open), let end = self[start.upperBound...].firstRange(of: close) else { return nil }
        return String(self[start.upperBound..<end.lowerBound])
    }

    /// The five entities of XML as the characters they stand for.
    var xmlUnescaped: String {
        guard contains("&") else { return self }
        var text = self
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
            text = text.split(separator: entity, omittingEmptySubsequences: false).joined(separator: character)
        }
        return text
    }
}
