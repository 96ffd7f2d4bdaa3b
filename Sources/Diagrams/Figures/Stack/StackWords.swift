// What `stack` says: the finding, the towers in words, where the entries come from and whose the pairing is. All names are the data's.

import Records
import Traces

struct StackWords {
    private let stacks: SoftwareStacks
    private let provenance: Provenance

    init(_ stacks: SoftwareStacks, _ provenance: Provenance) { (self.stacks, self.provenance) = (stacks, provenance) }

    /// A part with its note.
    private static func named(_ part: SoftwareStacks.Part) -> Bilingual {
        guard let note = part.note else { return part.name }
        return Bilingual(en: "\(part.name.en) (\(note.en))", zh: "\(part.name.zh)（\(note.zh)）")
    }

    /// What stands over the names of the layers.
    static let paired = Bilingual(en: "paired by us", zh: "由我们配对")

    /// The parts of a box with the signs between them, in lines that `fits` allows: broken between parts, or within one that is too long.
    func lines(_ parts: [SoftwareStacks.Part], _ language: Language, _ fits: (String) -> Bool) -> [String] {
        var lines: [String] = []
        for part in parts {
            let (name, sign) = (Self.named(part)[language], Self.sign(part.joint))
            guard let last = lines.popLast() else {
                lines += Self.broken(name, fits)
                continue
            }
            let joined = "\(last) \(sign) \(name)"
            if fits(joined) {
                lines.append(joined)
            } else {
                lines += [last] + Self.broken(part.joint == .and ? name : "\(sign) \(name)", fits)
            }
        }
        return lines
    }

    /// The lines of one long name: whatever fits is no wider than the measure of one.
    private static func broken(_ text: String, _ fits: (String) -> Bool) -> [String] {
        LineBreaker.lines(text, width: 1) { fits($0) ? 0 : 2 }
    }

    private static func sign(_ joint: SoftwareStacks.Part.Joint) -> String {
        switch joint {
        case .and: "·"
        case .with: "+"
        case .then: "→"
        }
    }

    /// The parts of one tower in a layer as a sentence says them.
    private func spoken(_ parts: [SoftwareStacks.Part]) -> Bilingual {
        parts.dropFirst().reduce(Self.named(parts[0])) { sentence, part in
            let joint =
                switch part.joint {
                case .and: Bilingual(en: ", ", zh: "、")
                case .with: Bilingual(en: " with ", zh: " 加 ")
                case .then: Bilingual(en: ", then ", zh: "，再到 ")
                }
            return sentence + joint + Self.named(part)
        }
    }

    /// A sentence for each tower that has something beside it.
    var beside: [Bilingual] {
        stacks.towers.indices.compactMap { tower in
            let parts = stacks.beside.filter { $0.tower == tower }.map { Self.named($0.part) }
            guard !parts.isEmpty else { return nil }
            let (name, list) = (stacks.towers[tower].name, Words.list(parts))
            return Bilingual(en: "Beside \(name.en): \(list.en).", zh: "\(name.zh)旁边还有：\(list.zh)。")
        }
    }

    /// What both towers begin with, or nil.
    private var shared: Bilingual? {
        let (left, right) = (stacks.layers[0].parts[0], stacks.layers[0].parts[1])
        return left.first { part in right.contains { $0.name == part.name } }?.name
    }

    /// What the bridge emits; `name` sets the names of languages.
    private func emits(_ name: (String) -> String) -> Bilingual {
        let (bridge, a, b) = (stacks.bridge.part, stacks.emitted(0).name.map(name), stacks.emitted(1).name.map(name))
        let note = bridge.note.map { Bilingual(en: ", \($0.en)", zh: "，\($0.zh)") } ?? Bilingual(en: "", zh: "")
        return Bilingual(
            en: "\(bridge.name.en) emits \(a.en) or \(b.en)\(note.en).", zh: "\(bridge.name.zh) 生成 \(a.zh) 或 \(b.zh)\(note.zh)。")
    }

    private static func lowercased(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

    var words: FigureWords {
        let (bridge, layer) = (stacks.bridge.part, stacks.layers[stacks.bridge.layer].name)
        let (left, right) = (stacks.towers[0].name, stacks.towers[1].name)
        let top =
            shared.map { Bilingual(en: "Two towers under one \($0.en)", zh: "同一个 \($0.zh) 之下，两座软件塔") }
            ?? Bilingual(en: "Two towers of software", zh: "两座软件塔")
        let pairing = Bilingual(en: "Which layers answer each other is our pairing.", zh: "各层的对应由我们配对。")
        let rows = stacks.layers.map { layer in
            let (first, second) = (spoken(layer.parts[0]), spoken(layer.parts[1]))
            return Bilingual(en: "\(layer.name.en): \(first.en); \(second.en).", zh: "\(layer.name.zh)：\(first.zh)；\(second.zh)。")
        }
        let all = rows + beside + [emits { $0 }, pairing]
        // On lines of a picture CUDA C++ stays whole.
        let kept = emits { $0.split(separator: " ").joined(separator: "\u{A0}") }
        return FigureWords(
            title: Bilingual(
                en: "\(top.en); \(bridge.name.en) bridges them at the \(Self.lowercased(layer.en))",
                zh: "\(top.zh)；\(bridge.name.zh) 在“\(layer.zh)”这一层架桥"),
            subtitle: Bilingual(en: "From the model down to the chip, layer by layer. \(kept.en)", zh: "自上而下，从模型到芯片，逐层对照。\(kept.zh)"),
            alt: Bilingual(
                en:
                    "Two stacks of software side by side, \(left.en) and \(right.en), \(stacks.layers.count) layers each. \(all.map { $0.en }.joined(separator: " "))",
                zh: "两个软件栈并排：\(left.zh)与\(right.zh)，各 \(stacks.layers.count) 层。\(all.map { $0.zh }.joined())"),
            caption: Bilingual(
                en:
                    "The software between a model and a chip, \(left.en) and \(right.en), with \(bridge.name.en) between them; the pairing of layers is ours.",
                zh: "从模型到芯片的软件：\(left.zh)与\(right.zh)，中间是 \(bridge.name.zh)；各层的对应由我们配对。"),
            source: Bilingual(
                en:
                    "Names and places: the vendors’ and projects’ documentation, a source for every entry in \(provenance.name). Which layers answer each other is our pairing, not theirs, and neither stack is shown whole.",
                zh: "名称与位置取自各厂商和项目的文档，每一项的出处见 \(provenance.name)。各层的对应由我们配对，并非厂商说法；两边都没有画全。"))
    }
}
