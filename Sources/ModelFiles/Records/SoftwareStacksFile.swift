// The software stacks of assets/data/stacks.json. A name is a text, or an object of both languages; parts beside and the bridge say where they stand by
// the names of towers, layers and parts.

public import Records
public import Traces

extension PublishedData {
    /// The stacks of `stacks.json` at `path`. Throws `FileError` if it cannot be read.
    public static func stacks(path: String) throws(FileError) -> SoftwareStacks {
        try stacks(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors. Throws `FileError`, naming the field, where one is missing, of another type, empty
    /// or too long to be drawn, or names something that is not there.
    public static func stacks(_ bytes: [UInt8], file: String) throws(FileError) -> SoftwareStacks {
        try stacks(Settings(bytes, file: file))
    }

    private static func stacks(_ settings: Settings) throws(FileError) -> SoftwareStacks {
        var towers: [SoftwareStacks.Tower] = []
        for tower in try list("towers", of: settings) {
            towers.append(SoftwareStacks.Tower(id: try tower.line("id"), name: try tower.label("name")))
        }
        var layers: [SoftwareStacks.Layer] = []
        for layer in try list("layers", of: settings) {
            var all: [[SoftwareStacks.Part]] = []
            for tower in towers {
                var parts: [SoftwareStacks.Part] = []
                for part in try list(tower.id, of: layer) { parts.append(try self.part(part)) }
                guard SoftwareStacks.partCount.contains(parts.count) else { throw layer.failure(tower.id, expected: "1 to 4 parts") }
                all.append(parts)
            }
            layers.append(
                SoftwareStacks.Layer(
                    id: try layer.line("id"), name: try layer.label("name"), role: try layer.label("role"), parts: all))
        }
        var beside: [SoftwareStacks.SidePart] = []
        for side in try list("beside", of: settings) {
            let tower = try side.place("tower", among: towers.map { $0.id })
            let layer = try side.place("layer", among: layers.map { $0.id })
            beside.append(SoftwareStacks.SidePart(try part(side), tower: tower, layer: layer))
        }
        let bridge = try bridge(settings, towers, layers)
        do { return try SoftwareStacks(towers: towers, layers: layers, beside: beside, bridge: bridge) } catch {
            throw FileError(.badData, settings.file, error.description)
        }
    }

    /// The objects of a list that must be there, though it may be empty.
    private static func list(_ name: String, of settings: Settings) throws(FileError) -> [Settings] {
        guard settings.has(name) else { throw settings.failure(name, expected: "an array of objects") }
        return try settings.objects(name)
    }

    private static func part(_ settings: Settings) throws(FileError) -> SoftwareStacks.Part {
        let joints = SoftwareStacks.Part.Joint.allCases.map { $0.rawValue }
        let joint = settings.has("joint") ? try settings.place("joint", among: joints) : 0
        return SoftwareStacks.Part(
            name: try settings.label("name"), note: settings.has("note") ? try settings.label("note") : nil,
            joint: SoftwareStacks.Part.Joint.allCases[joint], source: try settings.line("source", atMost: 400))
    }

    private static func bridge(_ settings: Settings, _ towers: [SoftwareStacks.Tower], _ layers: [SoftwareStacks.Layer]) throws(FileError)
        -> SoftwareStacks.Bridge
    {
        guard let bridge = try settings.object("bridge"), let emits = try bridge.object("emits") else {
            throw settings.failure("bridge", expected: "an object with emits")
        }
        let layer = try bridge.place("layer", among: layers.map { $0.id })
        var emitted: [Int] = []
        for (tower, parts) in zip(towers, layers[layer].parts) {
            emitted.append(try emits.place(tower.id, among: parts.map { $0.name.en }))
        }
        return SoftwareStacks.Bridge(try part(bridge), layer: layer, emits: emitted)
    }
}

extension Settings {
    /// A text that a picture can set: not empty, at most `limit` characters, no control characters.
    func line(_ name: String, atMost limit: Int = 60) throws(FileError) -> String {
        let text = try text(name)
        guard (1...limit).contains(text.count), text.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
            throw failure(name, expected: "1 to \(limit) characters on one line")
        }
        return text
    }

    /// A text to be drawn: the same in both languages, or an object with `en` and `zh`.
    func label(_ name: String) throws(FileError) -> Bilingual {
        if case .object = fields[name], let both = try object(name) {
            return Bilingual(en: try both.line("en", atMost: 200), zh: try both.line("zh", atMost: 200))
        }
        return Bilingual(same: try line(name))
    }

    /// The place of a name among `names`.
    fileprivate func place(_ name: String, among names: [String]) throws(FileError) -> Int {
        let text = try text(name)
        guard let place = names.firstIndex(of: text) else { throw failure(name, expected: "one of \(names.joined(separator: ", "))") }
        return place
    }
}
