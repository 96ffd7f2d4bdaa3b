// The key w: why a number is what it is. The answer numbers what the cell was made from; each of these can be asked in turn, down to an input.

internal import Traces

extension TerminalPlay {
    /// Asks for a cell and answers, as long as the reader asks on; a move if the reader does not go on with the step.
    mutating func why(_ step: PageStep) throws -> Move? {
        let question = CellQuestion(step, of: page, changed: changed(at: step))
        var asked: [AskedCell] = []
        var isNew = true
        while true {
            if isNew {
                switch try ask(question) {
                case .cell(let cell): asked.append(cell)
                case .none where asked.isEmpty: return nil
                case .none: break
                case .interrupt: return .interrupt
                }
                isNew = false
            }
            switch try answer(asked[asked.count - 1]) {
            case .ask(let cell): asked.append(cell)
            case .another: isNew = true
            case .back where asked.count > 1: asked.removeLast()
            case .back, .step: return nil
            case .interrupt: return .interrupt
            }
        }
    }

    // MARK: The question

    private enum Asked {
        case cell(AskedCell)
        case none
        case interrupt
    }

    /// The cell that the reader types; what is refused is said, and asked again.
    private mutating func ask(_ question: CellQuestion) throws -> Asked {
        try write(words(question))
        while true {
            switch try console.line(typed) {
            case .interrupt: return .interrupt
            case .left: return .none
            case .text(let text):
                if ["q", "b"].contains(text) || text.isEmpty && question.focus == nil { return .none }
                if !text.isEmpty, text != typed.last { typed.append(text) }
                do { return .cell(try question.cell(text)) } catch { try write(player.prose([Styled(error.words[language])])) }
            }
        }
    }

    private func words(_ question: CellQuestion) -> [String] {
        var parts = [
            question.focus.map {
                Bilingual(en: "Which number? Enter alone: \($0.name); or any other, written like it", zh: "问哪个数？直接回车：\($0.name)；别的数也这样写")
            }
                ?? Bilingual(
                    en: "Which number? Write it like \(question.example); Enter alone: back to the step",
                    zh: "问哪个数？写成 \(question.example) 这样；直接回车：回到这一步")
        ]
        if question.hasMatrix {
            parts.append(Bilingual(en: "or row and column of this step's matrix, such as 3,2", zh: "也可以只写这一步矩阵的行和列，例如 3,2"))
        }
        if let changed = changed(at: question.step) {
            parts.append(
                Bilingual(
                    en: "with \(changed.name): before it, from the run with your settings",
                    zh: "前面加上 \(changed.name): 就问改过设置的那次运行"))
        }
        let text = parts.map { $0[language] }.joined(separator: language == .en ? "; " : "；")
        return player.prose([Styled(text + (language == .en ? "." : "。"))])
    }

    // MARK: The answer

    private enum After {
        case ask(AskedCell)
        case another, back, step, interrupt
    }

    /// Shows why, and waits for what is to be asked next.
    private mutating func answer(_ cell: AskedCell) throws -> After {
        let operands = Self.operands(of: cell)
        var scroll = TerminalScroll()
        var isShown = false
        while true {
            if !isShown { try write(screen(&scroll) { play in play.blocks(cell, operands) }) }
            isShown = true
            switch try key(.operands(operands.count, isLast: scroll.isLast)) {
            case .next where !scroll.isLast:
                scroll.forward()
                isShown = false
            case .back where !scroll.isFirst:
                scroll.back()
                isShown = false
            case .back: return .back
            case .next, .quit: return .step
            case .interrupt: return .interrupt
            case .why: return .another
            case .help: if try read([TerminalPrompt.helpWhy(language, player)]) == .interrupt { return .interrupt }
            case .digit(let digit):
                switch try number(digit, of: operands.count) {
                case .interrupt: return .interrupt
                case .number(let number): return .ask(operands[number - 1])
                case .none: break
                }
            default: break
            }
        }
    }

    private enum Number {
        case number(Int)
        case none
        case interrupt
    }

    /// A number from 1 to `count` that begins with `digit`: at once where no other begins so, else up to Enter. One that is not there is refused.
    private func number(_ digit: Int, of count: Int) throws -> Number {
        var number = digit
        while number > 0, number <= count {
            if number * 10 > count { return .number(number) }
            switch try key(.number(number, of: count)) {
            case .next: return .number(number)
            case .digit(let digit): number = number * 10 + digit
            case .interrupt: return .interrupt
            default: return .none
            }
        }
        let refusal =
            count == 0
            ? Bilingual(en: "this is an input: it was made from nothing that was recorded", zh: "这是输入：它不是由记录里别的数算出来的")
            : Bilingual(en: "\(number): expected 1 to \(count)", zh: "\(number)：应为 1 到 \(count)")
        try write(player.prose([Styled(refusal[language])]))
        return .none
    }

    /// What a cell was made from; of a row, its cells.
    private static func operands(of cell: AskedCell) -> [AskedCell] {
        guard let index = cell.exact else { return cell.cells.map { AskedCell(run: cell.run, step: cell.step, index: $0) } }
        guard let explanation = try? cell.step.explain(index) else { return [] }
        return ExplanationText(cell.step, explanation, .en).operands.compactMap { operand in
            guard let step = try? cell.run.trace.step(operand.step) else { return nil }
            let row = AskedCell(run: cell.run, step: step, index: operand.index)
            // A row of one number is that number.
            return row.cells.count == 1 ? AskedCell(run: cell.run, step: step, index: row.cells[0]) : row
        }
    }

    private func blocks(_ cell: AskedCell, _ operands: [AskedCell]) -> [[String]] {
        guard let index = cell.exact, let explanation = try? cell.step.explain(index) else { return rowBlocks(cell, operands) }
        let text = ExplanationText(cell.step, explanation, language)
        let head = [Styled((cell.run.name.isEmpty ? "" : cell.run.name + ":") + TerminalText.sanitized(text.title), .title)]
        var blocks = [player.prose(head) + [text.formula, text.place].filter { !$0.isEmpty }.flatMap(muted) + [""]]
        let full = explanation.lines(language).dropFirst(explanation.chain.count)
        blocks.append(player.chain(explanation) + full.flatMap { player.prose([Styled($0.trimmed, .muted)], indent: 6) } + [""])
        let notes = explanation.notes.flatMap { muted($0[language]) }
        if !notes.isEmpty { blocks.append(notes + [""]) }
        let symbols = text.operands.map(\.symbol)
        if operands.isEmpty {
            if cell.step.inputs.isEmpty {
                blocks.append(muted(Bilingual(en: "An input: here the arithmetic begins.", zh: "这是输入：算术从这里开始。")[language]))
            }
        } else {
            let colon = Bilingual(en: ": ", zh: "：")[language]
            blocks += zip(symbols, operands).enumerated().map { number, operand in
                let (symbol, made) = operand
                return numbered(
                    number + 1, of: operands.count, symbol + value(made) + colon + made.step.id.text + AskedCell.brackets(made.index))
            }
            blocks.append([""])
        }
        return blocks + [muted(text.source) + [""]]
    }

    /// A row of recorded cells: each with its place and its value.
    private func rowBlocks(_ cell: AskedCell, _ cells: [AskedCell]) -> [[String]] {
        let count = Bilingual(en: "\(cells.count) numbers, one of them:", zh: "\(cells.count) 个数，问哪一个：")[language]
        let title = player.prose([Styled(cell.name, .title), Styled("  \(count)")]) + [""]
        let axes = Array(zip(cell.step.output.shape.axes, cell.index).enumerated().filter { $0.element.1 == nil })
        return [title]
            + cells.enumerated().map { number, one in
                let place = axes.map { position, axis in
                    let at = one.index[position] ?? 0
                    return "\(axis.0) = \(at)"
                        + (cell.step.labels[axis.0].map { Bilingual(en: " “\($0[at])”", zh: "“\($0[at])”")[language] } ?? "")
                }
                return numbered(
                    number + 1, of: cells.count, place.joined(separator: ", ") + Bilingual(en: ": ", zh: "：")[language] + written(one))
            } + [[""]]
    }

    private func numbered(_ number: Int, of count: Int, _ text: String) -> [String] {
        let width = "\(count)".count + 4
        let lines = TerminalText.wrapped([Styled(TerminalText.sanitized(text), .code)], columns: player.columns - width).map(player.painted)
        let first = TerminalText.padded("\(number)", to: width - 2, right: true) + "  "
        return player.indented(lines, first: first, rest: String(repeating: " ", count: width))
    }

    private func written(_ cell: AskedCell) -> String {
        cell.exact.map { NumberText.significant(cell.step.output[$0], digits: 6) } ?? ""
    }

    /// ` = 2` of a cell, ` (4 numbers)` of a row.
    private func value(_ cell: AskedCell) -> String {
        if cell.exact != nil { return " = " + written(cell) }
        let count = cell.cells.count
        return Bilingual(en: count == 1 ? " (1 number)" : " (\(count) numbers)", zh: "（\(count) 个数）")[language]
    }

    private func muted(_ text: String) -> [String] { player.prose([Styled(TerminalText.sanitized(text), .muted)], indent: 4) }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
