// What all pictures of a page share, so that it is written once: outlines of letters, runs of letters, pairs of colours, sizes of boxes.

/// Collects the shared parts of a page's pictures.
struct SheetLibrary {
    private var shapeNumbers: [[UInt8]: Int] = [:]
    private var runNumbers: [[UInt8]: Int] = [:]
    private(set) var shapes = ""
    private var rules: [String: String] = [:]
    /// The classes of colours and sizes, as a stylesheet.
    private(set) var styles = ""
    private var figureCount = 0

    /// The colour of one attribute in the two themes.
    struct ColorPair: Hashable {
        var property: String
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

    /// The page's name for letters side by side: a word at its size and colour is one reference.
    mutating func run(_ letters: ArraySlice<UInt8>) -> String {
        let number = runNumbers[Array(letters)] ?? runNumbers.count
        if runNumbers.updateValue(number, forKey: Array(letters)) == nil {
            shapes += "<g id=\"r\(number)\">" + String(decoding: letters, as: UTF8.self) + "</g>\n"
        }
        return "r\(number)"
    }

    /// The class of a pair of colours.
    mutating func className(_ pair: ColorPair) -> String {
        let (light, dark) = (String(decoding: pair.light, as: UTF8.self), String(decoding: pair.dark, as: UTF8.self))
        return className("\(pair.property):\(light);\(pair.property):light-dark(\(light),\(dark))")
    }

    /// The class of boxes of one size.
    mutating func className(width: String, height: String) -> String { className("width:\(width)px;height:\(height)px") }

    private mutating func className(_ rule: String) -> String {
        if let name = rules[rule] { return name }
        let name = "c\(rules.count)"
        rules[rule] = name
        styles += ".\(name){\(rule)}\n"
        return name
    }

    /// A number for the next picture, to keep its ids apart.
    mutating func nextFigure() -> Int {
        defer { figureCount += 1 }
        return figureCount
    }
}
