// SVG pictures as parts of a page. A picture is drawn in the light and in the dark theme and becomes one: lines that differ in colours alone
// share their shape and take a class with both colours; lines that differ otherwise stand in it twice. Letters and words are kept once a page.
// Reads what an SVG writer with one element a line produces, such as CairoRenderer's.

internal import Traces

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
            body.append(shared(renamed(line.hasPrefix("<g id=") ? line.removing(attribute: "id")[...] : line), &library))
        }
    }

    /// `<g …>letters</g>` as a reference to the same letters, wherever they stand first.
    private func shared(_ line: [UInt8], _ library: inout SheetLibrary) -> [UInt8] {
        guard line[...].hasPrefix("<g "), line[...].hasSuffix("</g>"), let end = line.firstIndex(of: UInt8(ascii: ">")) else { return line }
        let name = library.run(line[(end + 1)...].dropLast(4))
        return Array("<use href=\"#\(name)\"".utf8) + line[2..<end] + Array("/>".utf8)
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
