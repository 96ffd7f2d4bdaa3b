// Equations in numpy. Each kind of expression has one spelling; axes, which equations have by name, become letters of an einsum, numbers of axes,
// transposes and axes of length 1.

internal import Traces

/// Spells equations, and keeps what they need: functions and longer lists of numbers.
struct NumPySpelling {
    /// The functions that equations call.
    private(set) var functions: Set<NumPyFunction> = []
    /// Lists that are too long to stand in an equation, or stand in several.
    private(set) var constants: [(name: String, text: String)] = []
    /// What recorded steps are called in the script, by id.
    var names: [String: String] = [:]

    /// What `expression` is in numpy, as an array on the axes `wanted`.
    mutating func spell(_ expression: Expression, on wanted: [Axis]) -> String { spell(expression, wanted).along(wanted).text }

    /// A call of one of our own functions.
    private mutating func call(_ function: NumPyFunction, _ arguments: String...) -> String {
        functions.insert(function)
        return "\(function.rawValue)(\(arguments.joined(separator: ", ")))"
    }

    /// The name of a list: of the one before, if it has the same numbers.
    private mutating func constant(_ name: String, _ text: String) -> String {
        guard text.utf8.count > 40 else { return text }
        if let known = constants.first(where: { $0.text == text }) { return known.name }
        let name = Python.name(name, unlike: Set(constants.map { $0.name }))
        constants.append((name, text))
        return name
    }

    /// - Parameter wanted: an order of the axes that saves a transpose, for those who can choose.
    private mutating func spell(_ expression: Expression, _ wanted: [Axis]? = nil) -> NumPyText {
        switch expression.kind {
        case .recorded(let step): return NumPyText(text: names[step.id.text]!, axes: step.output.shape.axes)
        case .deferred(let result): return NumPyText(text: names[result.id.text]!, axes: result.shape.axes)
        case .filled(let value):
            let shape = expression.shape
            return NumPyText(text: "np.full(\(Python.tuple(shape.lengths)), \(Python.number(value)))", axes: shape.axes)

        case .sum(let a, let b): return spell(a, "+", b, on: expression.shape.axes, .sum)
        case .product(let a, let b): return spell(a, "*", b, on: expression.shape.axes, .product)
        case .quotient(let a, let b): return pair(a, b, on: expression.shape.axes) { $0.call(.quotient, $1, $2) }
        case .larger(let a, let b): return pair(a, b, on: expression.shape.axes) { "np.maximum(\($1), \($2))" }
        case .exponential(let a, let shift): return pair(a, shift, on: expression.shape.axes) { $0.call(.exponential, $1, $2) }
        case .scaled(let a, let constant, let divides):
            let inner = spell(a)
            return NumPyText(
                text: "\(inner.inside(.product)) \(divides ? "/" : "*") \(Self.spell(constant))", axes: inner.axes, precedence: .product)
        case .relu(let a): return changed(a) { "np.maximum(\($1.text), 0)" }
        case .silu(let a): return changed(a) { $0.call(.silu, $1.text) }
        case .gelu(let a, let form): return changed(a) { $0.call(form == .exact ? .gelu : .geluByTanh, $1.text) }
        case .softCapped(let a, let cap):
            var bent = changed(a) { "np.tanh(\($1.inside(.product)) / \(Python.number(cap))) * \(Python.number(cap))" }
            bent.precedence = .product
            return bent
        case .masked(let a, let mask, let filler, let selection):
            guard let cells = spell(mask, selection) else { return spell(a) }
            return changed(a) { "np.where(\(cells.along($1.axes).text), \($1.text), \(Python.number(filler)))" }

        case .contraction(let a, let b, _):
            let (left, right) = (spell(a), spell(b))
            let axes = wanted.map { Set($0) } == Set(expression.shape.axes) ? wanted! : expression.shape.axes
            let letters = Self.letters(left.axes + right.axes)
            let subscripts = [left.axes, right.axes, axes].map { $0.map { letters[$0]! }.joined() }
            return NumPyText(
                text: call(.einsum, "\"\(subscripts[0]),\(subscripts[1])->\(subscripts[2])\"", left.text, right.text), axes: axes)
        case .total(let a, let axis): return reduced(a, axis) { $0.call(.total, $1.text, "axis=\($2)") }
        case .maximum(let a, let axis): return reduced(a, axis) { "\($1.inside(.atom)).max(axis=\($2), initial=-inf)" }
        case .softmax(let a, let axis): return changed(a) { $0.call(.softmax, $1.text, "axis=\($1.place(of: axis))") }
        case .rmsNorm(let x, let weight, let epsilon, let axis, let isBeyondOne):
            let norm = changed(x) { $0.call(.rmsNorm, $1.text, "axis=\($1.place(of: axis))", "epsilon=\(Python.number(epsilon))") }
            let factor = spell(weight).along(norm.axes).inside(.atom)
            return NumPyText(text: "\(norm.text) * \(isBeyondOne ? "(1 + \(factor))" : factor)", axes: norm.axes, precedence: .product)
        case .layerNorm(let x, let weight, let bias, let epsilon, let axis):
            let norm = changed(x) { $0.call(.layerNorm, $1.text, "axis=\($1.place(of: axis))", "epsilon=\(Python.number(epsilon))") }
            let (factor, shift) = (spell(weight).along(norm.axes), spell(bias).along(norm.axes))
            return NumPyText(
                text: "\(norm.text) * \(factor.inside(.atom)) + \(shift.inside(.product))", axes: norm.axes, precedence: .sum)
        case .rotary(let x, let layout, let positions, let frequencies, let magnitude, let token, let axis):
            let places = constant("POSITIONS", Python.integers(positions))
            let angles = constant("FREQUENCIES", Python.list(frequencies.map(Python.number)))
            var turned = changed(x) {
                $0.call(
                    .rotary, $1.text, Python.quoted(layout.rawValue), places, angles, "token=\($1.place(of: token))",
                    "axis=\($1.place(of: axis))")
            }
            guard magnitude != 1 else { return turned }
            turned.text += " * \(Python.number(magnitude))"
            turned.precedence = .product
            return turned
        case .hadamard(let a, let axis): return changed(a) { $0.call(.hadamard, $1.text, "axis=\($1.place(of: axis))") }

        case .blockScale(let a, let format, let block, let axis, let name):
            let inner = spell(a)
            let largest = call(.blockMaximum, inner.text, "block=\(block)", "axis=\(inner.place(of: axis))")
            let axes = inner.axes.filter { $0 != axis } + (expression.shape.contains(name) ? [name] : [])
            return NumPyText(text: call(format == .powerOfTwo ? .ue8m0 : .float32Scale, largest), axes: axes)
        case .float8(let a, let scale, let block, let axis, let name):
            let (value, scale) = scaled(a, scale, block, axis, name)
            return NumPyText(text: call(.e4m3, "\(value.inside(.product)) / \(scale)"), axes: value.axes)
        case .dequantised(let a, let scale, let block, let axis, let name):
            let (value, scale) = scaled(a, scale, block, axis, name)
            return NumPyText(text: "\(value.inside(.product)) * \(scale)", axes: value.axes, precedence: .product)
        case .topK(let scores, let count, let mask):
            let axes = [mask.query, mask.key]
            let visible = spell(mask, nil)?.text ?? "np.ones(\(Python.tuple([mask.rows, mask.columns])))"
            return NumPyText(
                text: call(.topK, spell(scores, axes).along(axes).text, "k=\(count)", "visible=\(visible)"), axes: expression.shape.axes)
        case .crossEntropy(let logits, let next):
            let following = constant("FOLLOWING", Python.list(next.map(String.init)))
            return NumPyText(text: call(.crossEntropy, spell(logits, [.t, .n]).along([.t, .n]).text, following), axes: [.t])

        case .gathered(let table, let axis, let indices, let name):
            let rows = constant("ROWS", Python.integers(indices))
            return moved(table, axis, to: name) { "np.take(\($0.text), \(rows), axis=\($1))" }
        case .selected(let table, let selection):
            let rest = table.shape.axes.filter { $0 != .s }
            return NumPyText(
                text: call(.gathered, spell(table).along([.s] + rest).text, spell(selection).along([.t, .k]).text), axes: [.t, .k] + rest)
        case .concatenated(let parts, let axis):
            let first = spell(parts[0])
            let texts = [first.text] + parts.dropFirst().map { spell($0).along(first.axes).text }
            return NumPyText(text: "np.concatenate(\(Python.list(texts)), axis=\(first.place(of: axis)))", axes: first.axes)
        case .renamed(let a, let from, let to):
            var inner = spell(a)
            inner.axes = inner.axes.map { $0 == from ? to : $0 }
            return inner
        case .split(let a, let axis, let parts):
            let inner = spell(a)
            let place = inner.place(of: axis)
            var axes = inner.axes
            axes.replaceSubrange(place...place, with: parts.axes)
            return reshaped(inner, to: axes, of: expression.shape)
        case .merged(let a, let parts, let axis):
            let kept = a.shape.axes.filter { !parts.contains($0) }
            return reshaped(spell(a, kept + parts).along(kept + parts), to: kept + [axis], of: expression.shape)
        case .shared(let a, let axis, let name, let times):
            return moved(a, axis, to: name) { times == 1 ? $0.text : "np.repeat(\($0.text), \(times), axis=\($1))" }
        case .sliced(let a, let axis, let range):
            return moved(a, axis, to: axis) { inner, place in
                let index = [String](repeating: ":", count: place) + ["\(range.lowerBound):\(range.upperBound)"]
                return "\(inner.inside(.atom))[\(index.joined(separator: ", "))]"
            }
        case .assembled(let sources, let cells):
            var starts = [0]
            for source in sources { starts.append(starts.last! + source.shape.count) }
            let places = cells.map { $0.source < 0 ? -1 : starts[$0.source] + $0.place }
            let texts = sources.map { spell($0).along($0.shape.axes).text }
            functions.insert(.assembled)
            let arguments = [constant("PLACES", Python.integers(places)), Python.tuple(expression.shape.lengths)] + texts
            return NumPyText(text: "\(NumPyFunction.assembled.rawValue)(\(arguments.joined(separator: ", ")))", axes: expression.shape.axes)
        }
    }

    // MARK: One operand

    /// `a` with its cells changed, its axes as they are.
    private mutating func changed(_ a: Expression, _ change: (inout NumPySpelling, NumPyText) -> String) -> NumPyText {
        let inner = spell(a)
        return NumPyText(text: change(&self, inner), axes: inner.axes)
    }

    /// `a` without the axis that is summed over, or whose largest is taken.
    private mutating func reduced(_ a: Expression, _ axis: Axis, _ change: (inout NumPySpelling, NumPyText, _ place: Int) -> String)
        -> NumPyText
    {
        let inner = spell(a)
        return NumPyText(text: change(&self, inner, inner.place(of: axis)), axes: inner.axes.filter { $0 != axis })
    }

    /// `a` with other positions along one axis, which may have another name then.
    private mutating func moved(_ a: Expression, _ axis: Axis, to name: Axis, _ change: (NumPyText, _ place: Int) -> String) -> NumPyText {
        let inner = spell(a)
        return NumPyText(text: change(inner, inner.place(of: axis)), axes: inner.axes.map { $0 == axis ? name : $0 })
    }

    private func reshaped(_ inner: NumPyText, to axes: [Axis], of shape: Shape) -> NumPyText {
        NumPyText(text: "\(inner.inside(.atom)).reshape(\(axes.map { "\(shape[$0]!)" }.joined(separator: ", ")))", axes: axes)
    }

    /// √4 as such; another constant by its digits.
    private static func spell(_ constant: Constant) -> String {
        if constant.text.hasPrefix("√"), let n = Int(constant.text.dropFirst()), Constant.root(n) == constant { return "np.sqrt(\(n))" }
        let number = Python.number(constant.value)
        return number.hasPrefix("-") ? "(\(number))" : number
    }

    // MARK: Two operands

    /// Arithmetic of two operands, kept in the order in which the engine does it.
    private mutating func spell(_ a: Expression, _ sign: String, _ b: Expression, on axes: [Axis], _ precedence: NumPyText.Precedence)
        -> NumPyText
    {
        let (left, right) = (spell(a).along(axes), spell(b).along(axes))
        let second = right.inside(precedence == .sum ? .product : .atom)
        return NumPyText(text: "\(left.inside(precedence)) \(sign) \(second)", axes: axes, precedence: precedence)
    }

    private mutating func pair(
        _ a: Expression, _ b: Expression, on axes: [Axis], _ change: (inout NumPySpelling, String, String) -> String
    ) -> NumPyText {
        let (left, right) = (spell(a).along(axes).text, spell(b).along(axes).text)
        return NumPyText(text: change(&self, left, right), axes: axes)
    }

    /// Values in blocks, and the scale of each value's block.
    private mutating func scaled(_ a: Expression, _ scale: Expression, _ block: Int, _ axis: Axis, _ name: Axis) -> (NumPyText, String) {
        let value = spell(a)
        var factor = spell(scale)
        if factor.axes.contains(name) {
            factor = NumPyText(
                text: "np.repeat(\(factor.text), \(block), axis=\(factor.place(of: name)))",
                axes: factor.axes.map { $0 == name ? axis : $0 })
        }
        return (value, factor.along(value.axes).inside(.atom))
    }

    /// A letter for each axis: its own if it is one, else a free one.
    private static func letters(_ axes: [Axis]) -> [Axis: String] {
        var free = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)
        var letters: [Axis: String] = [:]
        for axis in axes where free.contains(axis.name) {
            letters[axis] = axis.name
            free.removeAll { $0 == axis.name }
        }
        for axis in axes where letters[axis] == nil { letters[axis] = free.removeFirst() }
        return letters
    }

    // MARK: Masks

    /// The pairs that a mask lets through, true or false; nil where it lets all of them through. From the selection that it was made from, if that
    /// says it; by its rule, if it has one; else written out.
    private mutating func spell(_ mask: Mask, _ selection: Expression?) -> NumPyText? {
        let axes = [mask.query, mask.key]
        let rows = (0..<mask.rows).map(mask.visibleKeys(of:))
        if rows.allSatisfy({ $0.count == mask.columns }) { return nil }
        if let selection, selection.shape[mask.query] == mask.rows {
            let chosen = selection.tensor.transposed(to: [mask.query, .k])
            let ranks = chosen.shape[.k]!
            let selected = (0..<mask.rows).map { row in
                Set(chosen.values[row * ranks..<(row + 1) * ranks].lazy.filter { $0 >= 0 }.map { Int($0) })
            }
            if zip(rows, selected).allSatisfy({ Set($0) == $1 }) {
                return NumPyText(text: call(.kept, spell(selection).along([mask.query, .k]).text, "keys=\(mask.columns)"), axes: axes)
            }
        }
        return Self.rule(rows, mask.columns, axes) ?? NumPyText(text: writtenOut(mask), axes: axes)
    }

    /// Up to the own position and no further; perhaps only the latest of these.
    private static func rule(_ rows: [[Int]], _ columns: Int, _ axes: [Axis]) -> NumPyText? {
        func triangle(_ offset: Int) -> String {
            "np.tri(\(rows.count), \(columns)\(offset == 0 ? "" : ", \(offset)"), dtype=bool)"
        }
        guard let row = rows.firstIndex(where: { !$0.isEmpty }), let last = rows.last?.count else { return nil }
        let offset = rows[row].last! - row
        func follows(window: Int) -> Bool {
            rows.enumerated().allSatisfy { row, keys in
                let end = min(max(offset + row + 1, 0), columns)
                return keys == Array(min(max(offset + row + 1 - window, 0), end)..<end)
            }
        }
        if follows(window: offset + rows.count) { return NumPyText(text: triangle(offset), axes: axes) }
        guard last > 0, follows(window: last) else { return nil }
        return NumPyText(text: "\(triangle(offset)) & ~\(triangle(offset - last))", axes: axes, precedence: .sum)
    }

    private mutating func writtenOut(_ mask: Mask) -> String {
        let rows = (0..<mask.rows).map { row in Python.quoted(String((0..<mask.columns).map { mask[row, $0] ? "1" : "0" })) }
        functions.insert(.seen)
        return constant("SEEN", "\(NumPyFunction.seen.rawValue)(\(rows.joined(separator: ", ")))")
    }
}
