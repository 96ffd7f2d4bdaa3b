// The terminal itself: is it one, how large is its window, which colours, and one key or one line at a time. With TerminalBytes the only file of this
// module that speaks to the system about the screen. Keys are never shown while a lesson plays, and Control-C is a key only while somebody is asked; both
// are taken back on every way out.

internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A terminal by its two file descriptors.
public struct Terminal: Sendable {
    /// What a reader may do while a lesson waits.
    public enum Key: Hashable, Sendable {
        /// Enter, space, n or the right arrow.
        case next
        /// b or the left arrow.
        case back
        /// q, or the end of input.
        case quit
        /// Control-C.
        case interrupt
        /// w: why a number is what it is.
        case why
        /// s: the settings.
        case settings
        /// ?: what the keys do.
        case help
        /// A digit: a number of a list.
        case digit(Int)
        /// Anything else.
        case other
    }

    /// An answer in words.
    public enum Line: Hashable, Sendable {
        /// What was typed, up to Enter.
        case text(String)
        /// Control-D, Escape or the end of input: no answer.
        case left
        /// Control-C.
        case interrupt
    }

    /// How large a window is.
    public struct Window: Hashable, Sendable {
        /// Characters in a line.
        public var columns: Int
        /// Lines; nil where nobody knows: then nothing is cut into pages.
        public var rows: Int?

        /// A window of that size.
        public init(columns: Int, rows: Int? = nil) {
            self.columns = columns
            self.rows = rows
        }
    }

    /// Where keys come from.
    public let input: Int32
    /// Where text goes.
    public let output: Int32
    private let bytes: TerminalBytes

    /// A terminal; by default standard input and output.
    public init(input: Int32 = 0, output: Int32 = 1) {
        self.input = input
        self.output = output
        bytes = TerminalBytes(input)
    }

    /// Whether both ends are a terminal: only then is there somebody to press Enter.
    public var isInteractive: Bool { isatty(input) == 1 && isatty(output) == 1 }

    /// The window; if it is not a terminal, `environment["COLUMNS"]` columns, else 100, and nobody knows how many rows.
    public func window(_ environment: [String: String]) -> Window {
        var size = winsize()
        if isatty(output) == 1, ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
            return Window(columns: Int(size.ws_col), rows: size.ws_row > 0 ? Int(size.ws_row) : nil)
        }
        return Window(columns: environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil } ?? 100)
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
        raw {
            let key = Self.meaning(bytes.press())
            // A digit acts at once; whoever sends Enter with it means no more than the digit.
            if case .digit = key { bytes.dropEnter() }
            return key
        }
    }

    /// Asks for a line, which can be edited while it is typed. A line that is longer than the window shows the part around the cursor.
    /// - Parameters:
    ///   - before: what was typed before, the newest last: the arrows up and down bring it back.
    ///   - columns: of the window, asked for each time that the line is drawn.
    ///   - write: gets what is to be shown; what it throws ends the question.
    public func line(before: [String], columns: () -> Int, write: (String) throws -> Void) throws -> Line {
        try raw {
            var editor = LineEditor(before: before)
            while true {
                // A pasted text is drawn once, not once a character.
                if !bytes.hasMore { try write(editor.drawn(columns())) }
                guard let answer = editor.take(bytes.press()) else { continue }
                if case .text = answer { try write(editor.drawn(columns())) }
                try write("\n")
                return answer
            }
        }
    }

    /// What a key press means while a lesson waits.
    static func meaning(_ press: Press) -> Key {
        switch press {
        case .enter, .right: .next
        case .left: .back
        case .interrupt: .interrupt
        case .end: .quit
        case .character(let character): keys[character] ?? character.wholeNumberValue.map(Key.digit) ?? .other
        default: .other
        }
    }

    private static let keys: [Character: Key] = [
        " ": .next, "n": .next, "N": .next, "b": .back, "B": .back, "q": .quit, "Q": .quit, "w": .why, "W": .why, "s": .settings,
        "S": .settings,
        "?": .help, "？": .help,
    ]
}

/// How the terminal was, before it was asked to give single keys.
private enum RawMode {
    static let saved = Mutex<(input: Int32, mode: termios)?>(nil)
    /// What stands for no character.
    #if canImport(Glibc)
        static let none: cc_t = 0
    #else
        static let none: cc_t = 0xFF
    #endif
}

extension Terminal {
    /// Runs `body` while keys wait, unseen, until somebody is asked: what is pressed early stands in no text. Control-C still ends the program.
    public func quiet<Result>(_ body: () throws -> Result) rethrows -> Result {
        try without(ICANON | ECHO, body)
    }

    /// Runs `body` while the terminal gives single keys and shows none of them.
    private func raw<Result>(_ body: () throws -> Result) rethrows -> Result { try without(ICANON | ECHO | ISIG, body) }

    /// Runs `body` while the terminal does nothing of `flags`, nor lets itself be left by Control-Z, and then is as it was.
    private func without<Result>(_ flags: Int32, _ body: () throws -> Result) rethrows -> Result {
        var mode = termios()
        guard tcgetattr(input, &mode) == 0 else { return try body() }
        var before = mode
        let isFirst = RawMode.saved.withLock { saved in
            guard saved == nil else { return false }
            saved = (input, mode)
            return true
        }
        mode.c_lflag &= ~tcflag_t(flags)
        withUnsafeMutableBytes(of: &mode.c_cc) { $0[Int(VSUSP)] = RawMode.none }
        tcsetattr(input, TCSANOW, &mode)
        defer { if isFirst { Self.restore() } else { tcsetattr(input, TCSANOW, &before) } }
        return try body()
    }

    /// Makes the terminal as it was, if it gives single keys just now: for an end of the program that comes from elsewhere.
    public static func restore() {
        RawMode.saved.withLock { saved in
            guard var before = saved else { return }
            tcsetattr(before.input, TCSANOW, &before.mode)
            saved = nil
        }
    }
}
