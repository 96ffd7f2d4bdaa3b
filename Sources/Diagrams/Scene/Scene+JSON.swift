// A scene as JSON: schema/scene.schema.json. The same scene gives the same bytes on every machine, in a command and in a page.

import Traces

extension Scene {
    /// The name that stands in every scene's text.
    package static let format = "attention-steps.scene"

    /// The scene as one line of JSON.
    package func json() -> [UInt8] {
        var buffer = JSONBuffer()
        buffer.write("{\"format\":\"\(Self.format)\",\"version\":1,\"language\":\"\(language.rawValue)\",\"size\":[")
        buffer.writeJSON(size.width)
        buffer.write(",")
        buffer.writeJSON(size.height)
        buffer.write("],\"background\":\(background.json)")
        for (name, text) in [("title", title), ("alt", alt), ("caption", caption)] {
            buffer.write(",\"\(name)\":{\"en\":\(JSON.quoted(text.en)),\"zh\":\(JSON.quoted(text.zh))}")
        }
        buffer.write(",\"provenance\":{")
        for (i, (key, value)) in provenance.sorted(by: { $0.key < $1.key }).enumerated() {
            buffer.write("\(i > 0 ? "," : "")\(JSON.quoted(key)):\(JSON.quoted(value))")
        }
        buffer.write("},\"items\":")
        buffer.writeArray(items) { $1.write($0) }
        buffer.write("}")
        return buffer.bytes
    }
}

extension Color {
    /// `"#rrggbb"`, or `"#rrggbbaa"` where it is not opaque.
    var json: String {
        func byte(_ component: Double) -> String {
            let digits = String(Int((min(max(component, 0), 1) * 255).rounded()), radix: 16)
            return digits.utf8.count < 2 ? "0" + digits : digits
        }
        return "\"#\(byte(red))\(byte(green))\(byte(blue))\(alpha < 1 ? byte(alpha) : "")\""
    }
}

extension JSONBuffer {
    /// One item: its kind first, then what it has.
    fileprivate mutating func write(_ item: Item) {
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
            writeArray(image.palette) { $1.write($0.json) }
            write(",\"pixels\":")
            writeJSON(image.pixels.map { Int($0) })
        case .hotSpot(let spot):
            write("{\"kind\":\"hotSpot\",\"rect\":")
            write(spot.area)
            write(",\"step\":\(JSON.quoted(spot.step)),\"index\":")
            writeJSON(spot.index)
            write(",\"label\":\(JSON.quoted(spot.label))")
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
        write(",\"weight\":\"\(run.style.weight.name)\",\"face\":\"\(run.style.face.name)\",\"color\":\(run.style.color.json)")
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
        case .solid(let color): write(",\"fill\":\(color.json)")
        case .hatch(let lines, let background, let spacing, let width):
            write(",\"hatch\":{\"lines\":\(lines.json)")
            if let background { write(",\"background\":\(background.json)") }
            field("spacing", spacing)
            field("width", width)
            write("}")
        case nil: break
        }
        guard let stroke else { return }
        write(",\"stroke\":{\"color\":\(stroke.color.json)")
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

    private mutating func write(_ point: Point) { writeJSON([point.x, point.y]) }
    private mutating func write(_ rect: Rect) { writeJSON([rect.x, rect.y, rect.width, rect.height]) }
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
