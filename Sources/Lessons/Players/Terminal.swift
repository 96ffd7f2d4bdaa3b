// The terminal itself: is it one, how wide is it, which colours, and one key at a time. The only file of this module that speaks to the
// system about the screen. Raw mode is on only while a key is awaited, and is taken back on every way out.

internal import Records
internal import Synchronization
internal import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A terminal by its two file descriptors.
public struct Terminal: Sendable {
    /// What a reader may do between steps.
    public enum Key: Hashable, Sendable {
        /// Enter, space, n or the right arrow.
        case next
        /// b or the left arrow.
        case back
        /// q, or the end of input.
        case quit
        /// Control-C.
        case interrupt
        /// Anything else.
        case other
    }

    /// Where keys come from.
    public let input: Int32
    /// Where text goes.
    public let output: Int32

    /// A terminal; by default standard input and output.
    public init(input: Int32 = 0, output: Int32 = 1) {
        self.input = input
        self.output = output
    }

    /// Whether both ends are a terminal: only then is there somebody to press Enter.
    public var isInteractive: Bool { isatty(input) == 1 && isatty(output) == 1 }

    /// Columns of the window; `environment["COLUMNS"]` if it is not a terminal, else 100.
    public func columns(_ environment: [String: String]) -> Int {
        var size = winsize()
        if isatty(output) == 1, ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil } ?? 100
    }

    /// Colours that may be used: none in a pipe, with NO_COLOR, or on a dumb terminal.
    public func color(_ environment: [String: String]) -> TerminalColor {
        let term = environment["TERM"] ?? ""
        guard isatty(output) == 1, (environment["NO_COLOR"] ?? "").isEmpty, !term.isEmpty, term != "dumb" else { return .none }
        let depth = environment["COLORTERM"] ?? ""
        return depth == "truecolor" || depth == "24bit" ? .full : .indexed
    }

    /// Waits for one key.
    public func key() -> Key {
        var saved = termios()
        let isRaw = tcgetattr(input, &saved) == 0
        if isRaw {
            var raw = saved
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
            let before = (input, saved)
            RawMode.saved.withLock { $0 = before }
            tcsetattr(input, TCSANOW, &raw)
        }
        defer { Self.restore() }
        var bytes = [UInt8](repeating: 0, count: 8)
        var count = 0
        repeat { count = read(input, &bytes, bytes.count) } while count < 0 && errno == EINTR
        guard count > 0 else { return .quit }
        return Self.meaning(Array(bytes.prefix(count)))
    }

    /// What the bytes of one key press mean.
    static func meaning(_ bytes: [UInt8]) -> Key {
        switch bytes {
        case [0x1B, 0x5B, 0x43], [0x1B, 0x4F, 0x43]: .next
        case [0x1B, 0x5B, 0x44], [0x1B, 0x4F, 0x44]: .back
        default:
            switch bytes[0] {
            case 3: .interrupt
            // An end of input that was typed before the terminal was set to single keys arrives as 0.
            case 0, 4, 0x71, 0x51: .quit
            case 10, 13, 0x20, 0x6E, 0x4E: .next
            case 0x62, 0x42: .back
            default: .other
            }
        }
    }
}

/// How the terminal was, while it gives single keys.
private enum RawMode {
    static let saved = Mutex<(input: Int32, mode: termios)?>(nil)
}

extension Terminal {
    /// Makes the terminal as it was, if a key is awaited just now: for an end of the program that comes from elsewhere.
    public static func restore() {
        RawMode.saved.withLock { saved in
            guard var before = saved else { return }
            tcsetattr(before.input, TCSANOW, &before.mode)
            saved = nil
        }
    }
}

extension TerminalPlayer {
    /// How a page ended.
    public enum Ending: Hashable, Sendable {
        /// The reader saw the last step.
        case finished
        /// The reader pressed q.
        case quit
        /// The reader pressed Control-C.
        case interrupted
    }

    /// Plays a page one step at a time: Enter goes on (and answers a question first), b goes back a step, q quits.
    /// - Parameters:
    ///   - window: columns of the window, asked for before each piece, since a reader may resize it; nil if that is unknown.
    ///   - write: gets each piece of text; what it throws ends the play.
    public func play(
        _ page: Page, key: () -> Terminal.Key, window: () -> Int? = { nil }, write: (String) throws -> Void
    ) throws -> Ending {
        try write(header(of: page).joined(separator: "\n") + "\n")
        var at = 0
        while at < page.steps.count {
            switch try show(page.steps[at], of: page, key: key, window: window, write: write) {
            case .next: at += 1
            case .back: at = max(at - 1, 0)
            case .interrupt: return .interrupted
            default: return .quit
            }
        }
        return .finished
    }

    private func show(
        _ step: PageStep, of page: Page, key: () -> Terminal.Key, window: () -> Int?, write: (String) throws -> Void
    ) throws -> Terminal.Key {
        var player = resized(to: window())
        var parts = player.parts(of: step, in: page)
        for number in parts.indices {
            let now = resized(to: window())
            if now.columns != player.columns { (player, parts) = (now, now.parts(of: step, in: page)) }
            let part = parts[number]
            try write(part.lines.joined(separator: "\n") + "\n")
            let isLast = step.number == page.steps.count && !part.asks
            if isLast { return .next }
            let prompt =
                part.asks
                ? Bilingual(en: "Enter: the answer · b: back · q: quit", zh: "回车：看答案 · b：上一步 · q：退出")
                : Bilingual(en: "Enter: next · b: back · q: quit", zh: "回车：下一步 · b：上一步 · q：退出")
            try write(prompt[page.language])
            var pressed = key()
            while pressed == .other { pressed = key() }
            try write("\r" + String(repeating: " ", count: TerminalText.width(prompt[page.language])) + "\r")
            if pressed != .next { return pressed }
        }
        return .next
    }

    private func resized(to columns: Int?) -> TerminalPlayer {
        columns.map { TerminalPlayer(columns: $0, color: color, describe: describe) } ?? self
    }
}
