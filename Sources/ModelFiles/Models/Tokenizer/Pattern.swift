// The regular expressions of tokenizer files: classes, choices, repetitions and a look at the next character, which is what the published splitting
// patterns are made of (GPT-2, Llama 3, Qwen, DeepSeek). Meaning: the leftmost match, and there the first choice that leads to one, as much as possible
// first. What is not among it is refused by name. A place in the pattern that failed at a place in the text is not tried there again, so that the time
// is linear in the text.

import Traces

/// A set of characters.
struct ScalarClass: Sendable, Equatable {
    enum Member: Sendable, Equatable {
        case categories(CategorySet)
        case whitespace
        case range(ClosedRange<UInt32>)
    }
    var members: [(Member, isNegated: Bool)] = []
    var isNegated = false

    static func == (a: Self, b: Self) -> Bool {
        a.isNegated == b.isNegated && a.members.elementsEqual(b.members) { $0.0 == $1.0 && $0.isNegated == $1.isNegated }
    }

    init() {}
    init(_ member: Member, isNegated: Bool = false) { members = [(member, isNegated)] }

    func contains(_ scalar: Unicode.Scalar, _ category: CategorySet) -> Bool {
        let isAmong = members.contains { member, isNegated in
            switch member {
            case .categories(let set): set.contains(category) != isNegated
            case .whitespace: scalar.properties.isWhitespace != isNegated
            case .range(let range): range.contains(scalar.value) != isNegated
            }
        }
        return isAmong != isNegated
    }
}

/// A pattern, ready to be looked for.
struct Pattern: Sendable {
    indirect enum Node {
        case one(Int)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, atLeast: Int, atMost: Int?)
        /// Looks at the next character and takes none.
        case ahead(Int, isNegated: Bool)

        var canBeEmpty: Bool {
            switch self {
            case .one: false
            case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
            case .choice(let parts): parts.contains(where: \.canBeEmpty)
            case .repeated(let part, let least, _): least == 0 || part.canBeEmpty
            case .ahead: true
            }
        }
    }

    private enum Step {
        case one(Int)
        case ahead(Int, isNegated: Bool)
        /// Goes on there; if that fails, here.
        case fork(Int, Int)
        case jump(Int)
        case match
    }

    private var steps: [Step] = []
    private let classes: [ScalarClass]
    /// Bit i: is in class i. Of each ASCII character.
    private let asciiMembership: [UInt64]

    static let mostSteps = 512, mostClasses = 64, longest = 4096

    /// - Parameter problem: makes an error of what was expected.
    init(_ text: String, _ problem: (_ expected: String) -> FileError) throws(FileError) {
        guard text.unicodeScalars.count <= Self.longest else { throw problem("a pattern of at most \(Self.longest) characters") }
        var parser = PatternParser(text)
        let root: Node
        do { root = try parser.parse() } catch { throw problem(error.expected) }
        guard !root.canBeEmpty else { throw problem("a pattern that takes at least one character") }
        classes = parser.classes
        guard classes.count <= Self.mostClasses else { throw problem("a pattern of at most \(Self.mostClasses) classes of characters") }
        asciiMembership = (0..<128).map { Self.membership(Unicode.Scalar(UInt8($0)), parser.classes) }
        guard Self.size(root) < Self.mostSteps else { throw problem("a pattern of at most \(Self.mostSteps) steps") }
        compile(root)
        steps.append(.match)
    }

    /// How many steps a node needs, or some number past the limit.
    private static func size(_ node: Node) -> Int {
        func sum(_ parts: [Node], each extra: Int) -> Int { parts.reduce(0) { min($0 + size($1) + extra, mostSteps) } }
        switch node {
        case .one, .ahead: return 1
        case .sequence(let parts): return sum(parts, each: 0)
        case .choice(let parts): return sum(parts, each: 2)
        case .repeated(let part, let least, let most):
            return min((size(part) + 2) * min(max(most ?? least + 1, 1), mostSteps), mostSteps)
        }
    }

    private mutating func compile(_ node: Node) {
        switch node {
        case .one(let index): steps.append(.one(index))
        case .ahead(let index, let isNegated): steps.append(.ahead(index, isNegated: isNegated))
        case .sequence(let parts): for part in parts { compile(part) }
        case .choice(let parts):
            var ends: [Int] = []
            for part in parts.dropLast() {
                let fork = reserve()
                compile(part)
                ends.append(reserve())
                steps[fork] = .fork(fork + 1, steps.count)
            }
            compile(parts[parts.count - 1])
            for end in ends { steps[end] = .jump(steps.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least { compile(part) }
            guard let most else {
                let fork = reserve()
                compile(part)
                steps.append(.jump(fork))
                steps[fork] = .fork(fork + 1, steps.count)
                return
            }
            let forks = (least..<most).map { _ in
                let fork = reserve()
                compile(part)
                return fork
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        }
    }

    /// The place of a step that is not known yet.
    private mutating func reserve() -> Int {
        steps.append(.match)
        return steps.count - 1
    }

    private static func membership(_ scalar: Unicode.Scalar, _ classes: [ScalarClass]) -> UInt64 {
        let category = scalar.category(in: 16)
        return classes.indices.reduce(0) { classes[$1].contains(scalar, category) ? $0 | 1 << UInt64($1) : $0 }
    }

    /// All matches, one after another, none of them empty.
    func matches(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        let memberships = scalars.map { $0.value < 128 ? asciiMembership[Int($0.value)] : Self.membership($0, classes) }
        // A row of bits a place in the text: the steps that were tried there.
        let width = (steps.count + 63) / 64
        var tried = [UInt64](repeating: 0, count: width * (scalars.count + 1))
        var pending: [(step: Int, at: Int)] = []
        var (found, start) = ([Range<Int>](), 0)
        while start < scalars.count {
            guard let end = end(from: start, memberships, &tried, width, &pending) else {
                start += 1
                continue
            }
            found.append(start..<end)
            start = end
            // What was tried further on failed; what was tried here may have led to this match.
            for word in width * end..<width * (end + 1) { tried[word] = 0 }
        }
        return found
    }

    private func end(
        from start: Int, _ memberships: [UInt64], _ tried: inout [UInt64], _ width: Int, _ pending: inout [(step: Int, at: Int)]
    ) -> Int? {
        pending.removeAll(keepingCapacity: true)
        pending.append((0, start))
        while var (step, at) = pending.popLast() {
            func isNext(_ index: Int) -> Bool { at < memberships.count && memberships[at] >> UInt64(index) & 1 == 1 }
            path: while true {
                let (word, bit) = (width * at + step / 64, UInt64(1) << UInt64(step % 64))
                if tried[word] & bit != 0 { break }
                tried[word] |= bit
                switch steps[step] {
                case .one(let index):
                    guard isNext(index) else { break path }
                    (step, at) = (step + 1, at + 1)
                case .ahead(let index, let isNegated):
                    guard isNext(index) != isNegated else { break path }
                    step += 1
                case .fork(let first, let second):
                    pending.append((second, at))
                    step = first
                case .jump(let next): step = next
                case .match: return at
                }
            }
        }
        return nil
    }
}
