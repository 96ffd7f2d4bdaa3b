// A lesson on a terminal, one step at a time: what the keys do. What is drawn comes from TerminalPlayer, keys and lines from Terminal; between steps
// a reader may ask why (TerminalPlay+Why) and change settings (TerminalPlay+Settings).

internal import Traces

/// What a play asks of a screen and a keyboard.
public struct TerminalConsole {
    let key: () -> Terminal.Key
    let line: ([String]) throws -> Terminal.Line
    let window: () -> Terminal.Window?
    let write: (String) throws -> Void

    /// - Parameters:
    ///   - key: waits for a key.
    ///   - line: waits for a line; gets what was typed before, the newest last.
    ///   - window: the size of the window, asked for before each screen, since a reader may change it; nil if it is unknown.
    ///   - write: gets each piece of text; what it throws ends the play.
    public init(
        key: @escaping () -> Terminal.Key, line: @escaping ([String]) throws -> Terminal.Line = { _ in .left },
        window: @escaping () -> Terminal.Window? = { nil }, write: @escaping (String) throws -> Void
    ) {
        (self.key, self.line, self.window, self.write) = (key, line, window, write)
    }
}

extension TerminalPlayer {
    /// How a play ended.
    public enum Ending: Hashable, Sendable {
        /// The reader saw the last step.
        case finished
        /// The reader pressed q.
        case quit
        /// The reader pressed Control-C.
        case interrupted
    }

    /// Plays a lesson one step at a time: Enter goes on (and answers a question first), b goes back, q quits, w asks why a number is what it is,
    /// s changes settings, ? says so. What is longer than the window comes a screen at a time.
    public func play(_ lesson: LessonPlay, on console: TerminalConsole) throws -> Ending {
        var play = TerminalPlay(lesson: lesson, console: console, player: self)
        return try play.run()
    }
}

/// A lesson being played.
struct TerminalPlay {
    /// What a reader wants next.
    enum Move: Hashable {
        case next, back, quit, interrupt
        /// The step of that id, of a page that was made anew.
        case step(String)
    }

    var lesson: LessonPlay
    let console: TerminalConsole
    var player: TerminalPlayer
    /// What was typed at questions.
    var typed: [String] = []
    private var greets = true

    var page: Page { lesson.page }
    var language: Language { page.language }

    init(lesson: LessonPlay, console: TerminalConsole, player: TerminalPlayer) {
        (self.lesson, self.console, self.player) = (lesson, console, player)
    }

    mutating func run() throws -> TerminalPlayer.Ending {
        var at = 0
        while at < page.steps.count {
            switch try show(page.steps[at]) {
            case .next: at += 1
            case .back: at = max(at - 1, 0)
            case .step(let id): at = page.steps.firstIndex { $0.id == id } ?? 0
            case .quit: return .quit
            case .interrupt: return .interrupted
            }
        }
        return .finished
    }

    private mutating func show(_ step: PageStep) throws -> Move {
        let count = player.parts(of: step, in: page).count
        for number in 0..<count {
            let move = try show(step, part: number, of: count)
            greets = false
            if move != .next { return move }
        }
        return .next
    }

    private mutating func show(_ step: PageStep, part number: Int, of count: Int) throws -> Move {
        var scroll = TerminalScroll()
        while true {
            try write(screen(&scroll) { play in play.blocks(of: step, part: number, of: count) })
            let asks = number < count - 1
            let prompt: TerminalPrompt =
                !scroll.isLast ? .more : asks ? .answer : step.number == page.steps.count ? .end : .next
            let move = try wait(at: step, prompt)
            if move == .next, !scroll.isLast {
                scroll.forward()
            } else if move == .back, !scroll.isFirst {
                scroll.back()
            } else {
                return move
            }
        }
    }

    private func blocks(of step: PageStep, part number: Int, of count: Int) -> [[String]] {
        let header = greets && number == 0 ? [player.header(of: page)] : []
        return header + player.parts(of: step, in: page)[number].blocks + (number == count - 1 ? changes(at: step) : [])
    }

    /// Waits for what is to be done at a step; questions and settings are dealt with in between.
    private mutating func wait(at step: PageStep, _ prompt: TerminalPrompt) throws -> Move {
        while true {
            switch try key(prompt, lesson.settings.text) {
            case .next: return .next
            case .back: return .back
            case .quit: return .quit
            case .interrupt: return .interrupt
            case .why: if let move = try why(step) { return move }
            case .settings: if let move = try set(at: step) { return move }
            case .help: if let move = try read([TerminalPrompt.help(language, player)]) { return move }
            case .digit, .other: break
            }
        }
    }

    // MARK: The screen

    func write(_ lines: [String]) throws { try console.write(lines.map { $0 + "\n" }.joined()) }

    /// The screen of what `blocks` makes, for the window as it is now: its last row is for a prompt.
    mutating func screen(_ scroll: inout TerminalScroll, _ blocks: (TerminalPlay) -> [[String]]) -> [String] {
        if let window = console.window() { player = player.resized(to: window) }
        let spare = TerminalPrompt.rows(lesson.settings.text, player.columns)
        return scroll.screen(blocks(self), columns: player.columns, rows: player.rows.map { $0 - spare })
    }

    /// Shows a text to its end, a screen at a time; a move if the reader wants to be elsewhere: b and q only leave the text.
    mutating func read(_ blocks: [[String]]) throws -> Move? {
        var scroll = TerminalScroll()
        while true {
            try write(screen(&scroll) { _ in blocks })
            if scroll.isLast { return nil }
            switch try key(.rest, lesson.settings.text) {
            case .next: scroll.forward()
            case .back: if scroll.isFirst { return nil } else { scroll.back() }
            case .interrupt: return .interrupt
            case .quit: return nil
            default: break
            }
        }
    }

    /// Shows the prompt, waits for a key that means something there, and wipes the prompt.
    func key(_ prompt: TerminalPrompt, _ settings: String = "") throws -> Terminal.Key {
        let (above, line) = prompt.lines(language, settings, columns: player.columns)
        try write(above)
        try console.write(line)
        var pressed = console.key()
        while !prompt.takes(pressed) { pressed = console.key() }
        try console.write("\r" + String(repeating: " ", count: TerminalText.width(line)) + "\r")
        return pressed
    }
}
