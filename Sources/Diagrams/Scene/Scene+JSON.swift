// A scene as JSON: schema/scene.schema.json. The same scene gives the same bytes on every machine, in a command and in a page.

import Traces

extension Scene {
    /// The name that stands in every scene's text.
    package static let format = "attention-steps.scene"

    /// The scene as one line of JSON, as `theme` shows it.
    package func json(_ theme: Theme) -> [UInt8] {
        var text = SceneText(palette: .of(theme), language: language)
        text.write(self, theme)
        return text.bytes
    }
}

/// The text of a scene in the colours of one theme.
private struct SceneText: JSONSink {
    let palette: Palette
    let language: Language
    private var buffer = JSONBuffer()
    /// Coordinates that were written, each where its bits lead, and their texts.
    private var coordinates = Array(repeating: (bits: UInt64(0), text: "0"), count: 256)
    var bytes: [UInt8] { buffer.bytes }

    init(palette: Palette, language: Language) { (self.palette, self.language) = (palette, language) }

    mutating func write(_ text: String) { buffer.write(text) }

    mutating func write(_ scene: Scene, _ theme: Theme) {
        write("{\"format\":\"\(Scene.format)\",\"version\":1,\"language\":\"\(scene.language.rawValue)\",\"size\":[")
        writeJSON(scene.size.width)
        write(",")
        writeJSON(scene.size.height)
        write("],\"background\":\(color(scene.background))")
        for (name, text) in [("title", scene.title), ("alt", scene.alt), ("caption", scene.caption)] {
            write(",\"\(name)\":{\"en\":\(JSON.quoted(text.en)),\"zh\":\(JSON.quoted(text.zh))}")
        }
        write(",\"provenance\":{")
        for (i, (key, value)) in scene.facts(theme).enumerated() {
            write("\(i > 0 ? "," : "")\(JSON.quoted(key)):\(JSON.quoted(value))")
        }
        write("},\"items\":")
        writeArray(scene.items(in: theme)) { $1.write($0) }
        write("}")
    }

    private func color(_ paint: Paint) -> String { palette.color(paint).json }

    /// One item: its kind first, then what it has.
    private mutating func write(_ item: Item) {
        switch item {
        case .rect(let rect, let radius, let fill, let stroke):
            write("{\"kind\":\"rect\",\"rect\":")
            write(rect)
            if radius != 0 { field("radius", radius) }
            write(fill, stroke)
        case .path(let elements, let fill, let stroke):
            write("{\"kind\":\"path\",\"path\":")
            writeArray(elements) { $1.write($0) }
            write(fill, stroke)
        case .text(let run): write(run)
        case .image(let image, let rect):
            write("{\"kind\":\"image\",\"rect\":")
            write(rect)
            write(",\"width\":\(image.width),\"height\":\(image.height),\"palette\":")
            writeArray(image.palette) { $1.write($1.color($0)) }
            write(",\"pixels\":")
            buffer.writeJSON(image.pixels)
        case .cell, .only: preconditionFailure("no theme shows these as they are")
        case .hotSpot(let spot):
            write("{\"kind\":\"hotSpot\",\"rect\":")
            write(spot.area)
            write(",\"step\":\(JSON.quoted(spot.step)),\"index\":")
            writeJSON(spot.index)
            write(",\"label\":\(JSON.quoted(spot.label.text(language)))")
        case .group(let name, let items, let clip):
            write("{\"kind\":\"group\",\"name\":\(JSON.quoted(name))")
            if let clip {
                write(",\"clip\":")
                write(clip)
            }
            write(",\"items\":")
            writeArray(items) { $1.write($0) }
        }
        write("}")
    }

    private mutating func write(_ run: TextRun) {
        write("{\"kind\":\"text\",\"text\":\(JSON.quoted(run.text)),\"at\":")
        write(run.position)
        write(",\"anchor\":\"\(run.anchor.name)\"")
        if run.rotation != 0 { field("rotation", run.rotation) }
        field("size", run.style.size)
        write(",\"weight\":\"\(run.style.weight.name)\",\"face\":\"\(run.style.face.name)\",\"color\":\(color(run.style.color))")
    }

    private mutating func write(_ element: PathElement) {
        switch element {
        case .move(let point): writeArray("M", [point])
        case .line(let point): writeArray("L", [point])
        case .curve(let first, let second, let end): writeArray("C", [first, second, end])
        case .close: write("[\"Z\"]")
        }
    }

    private mutating func writeArray(_ letter: String, _ points: [Point]) {
        write("[\"\(letter)\"")
        for point in points {
            write(",")
            writeJSON(point.x)
            write(",")
            writeJSON(point.y)
        }
        write("]")
    }

    private mutating func write(_ fill: Fill?, _ stroke: Stroke?) {
        switch fill {
        case .solid(let paint): write(",\"fill\":\(color(paint))")
        case .hatch(let lines, let background, let spacing, let width):
            write(",\"hatch\":{\"lines\":\(color(lines))")
            if let background { write(",\"background\":\(color(background))") }
            field("spacing", spacing)
            field("width", width)
            write("}")
        case nil: break
        }
        guard let stroke else { return }
        write(",\"stroke\":{\"color\":\(color(stroke.color))")
        field("width", stroke.width)
        if !stroke.dash.isEmpty {
            write(",\"dash\":")
            writeJSON(stroke.dash)
        }
        write("}")
    }

    private mutating func field(_ name: String, _ number: Double) {
        write(",\"\(name)\":")
        writeJSON(number)
    }

    private mutating func write(_ point: Point) {
        write("[")
        coordinate(point.x)
        write(",")
        coordinate(point.y)
        write("]")
    }

    private mutating func write(_ rect: Rect) {
        write("[")
        coordinate(rect.x)
        write(",")
        coordinate(rect.y)
        write(",")
        coordinate(rect.width)
        write(",")
        coordinate(rect.height)
        write("]")
    }

    /// A number that likely stood before: cells share theirs along rows and columns.
    private mutating func coordinate(_ number: Double) {
        let bits = number.bitPattern
        let place = Int(truncatingIfNeeded: (bits &* 0x9E37_79B9_7F4A_7C15) >> 56)
        if coordinates[place].bits == bits { return write(coordinates[place].text) }
        let start = buffer.bytes.count
        writeJSON(number)
        coordinates[place] = (bits, String(decoding: buffer.bytes[start...], as: UTF8.self))
    }
}

extension Color {
    /// `"#rrggbb"`, or `"#rrggbbaa"` where it is not opaque.
    var json: String {
        var text = [UInt8(ascii: "\""), UInt8(ascii: "#")]
        for component in alpha < 1 ? [red, green, blue, alpha] : [red, green, blue] {
            let byte = UInt8((min(max(component, 0), 1) * 255).rounded())
            for digit in [byte >> 4, byte & 15] { text.append(digit < 10 ? 48 + digit : 87 + digit) }
        }
        text.append(UInt8(ascii: "\""))
        return String(decoding: text, as: UTF8.self)
    }
}

extension TextRun.Anchor {
    fileprivate var name: String {
        switch self {
        case .start: "start"
        case .middle: "middle"
        case .end: "end"
        }
    }
}

extension TextStyle.Weight {
    /// The name in files.
    package var name: String {
        switch self {
        case .regular: "regular"
        case .medium: "medium"
        case .semibold: "semibold"
        case .bold: "bold"
        }
    }
}

extension TextStyle.Face {
    /// The name in files.
    package var name: String {
        switch self {
        case .sans: "sans"
        case .mono: "mono"
        }
    }
}
