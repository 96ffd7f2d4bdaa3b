// Two drawings of one picture, in the light and in the dark theme, as one.

/// Two drawings of one picture as one.
struct SheetMerge {
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
                bytes += Self.only("light", light[i], &library)
                i += 1
            } else if j < night.count, inserted.contains(j) {
                bytes += Self.only("dark", dark[j], &library)
                j += 1
            } else {
                bytes += Self.joined(day[i], night[j].colors, [], &library)
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
    private static func only(_ theme: String, _ bytes: [UInt8], _ library: inout SheetLibrary) -> [UInt8] {
        let line = line(bytes)
        return joined(line, line.colors, ["on-\(theme)"], &library)
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

    /// The line with its colours, an attribute where both themes agree, else a class; a box's size is a class too.
    private static func joined(_ line: Line, _ dark: [[UInt8]], _ classes: [String], _ library: inout SheetLibrary) -> [UInt8] {
        var classes = classes
        let template = sized(line.template.pieces, &classes, &library)
        var result: [UInt8] = []
        result.reserveCapacity(template.count + 24)
        var color = 0
        let classPlace = template.firstIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ">") } ?? 0
        for byte in template {
            guard byte == Template.fill || byte == Template.stroke else {
                result.append(byte)
                continue
            }
            let property = byte == Template.fill ? "fill" : "stroke"
            let (light, night) = (line.colors[color], dark[color])
            color += 1
            if light == night {
                result += Array(" \(property)=\"".utf8) + light + Array("\"".utf8)
            } else {
                classes.append(library.className(.init(property: property, light: light, dark: night)))
            }
        }
        if !classes.isEmpty { result.insert(contentsOf: Array(" class=\"\(classes.joined(separator: " "))\"".utf8), at: classPlace) }
        return result + [10]
    }

    /// A box without its width and height, which become a class.
    private static func sized(_ pieces: [UInt8], _ classes: inout [String], _ library: inout SheetLibrary) -> [UInt8] {
        let box = pieces[...]
        guard box.hasPrefix("<rect "), let width = box.attribute("width"), let height = box.attribute("height") else { return pieces }
        let (w, h) = (String(decoding: width, as: UTF8.self), String(decoding: height, as: UTF8.self))
        classes.append(library.className(width: w, height: h))
        return box.removing(attribute: "width")[...].removing(attribute: "height")
    }
}
