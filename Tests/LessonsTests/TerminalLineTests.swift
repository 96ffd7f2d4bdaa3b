// What a terminal sends becomes presses, presses a line; and a text that is longer than the window comes a screen at a time.

import Foundation
import Lessons
import Testing

@Suite struct TerminalLineTests {
    /// The presses that `bytes` are, sent at once.
    private func presses(_ bytes: [UInt8]) -> [Terminal.Press] {
        let pipe = Pipe()
        pipe.fileHandleForWriting.write(Data(bytes))
        pipe.fileHandleForWriting.closeFile()
        let source = TerminalBytes(pipe.fileHandleForReading.fileDescriptor)
        var found: [Terminal.Press] = []
        repeat { found.append(source.press()) } while found.last != .end
        return withExtendedLifetime(pipe) { found.dropLast() }
    }

    /// A line after these presses, and what the editor answered last.
    private func typed(_ presses: [Terminal.Press], before: [String] = []) -> (line: LineEditor, answer: Terminal.Line?) {
        var line = LineEditor(before: before)
        var answer: Terminal.Line?
        for press in presses { answer = line.take(press) }
        return (line, answer)
    }

    private func letters(_ text: String) -> [Terminal.Press] { text.map(Terminal.Press.character) }

    @Test func `a pasted text arrives whole, with characters of every width and the Enter at its end`() {
        let text = "yours:indexer.score[17，4] 大理é🙂"
        #expect(presses(Array(text.utf8) + [13]) == letters(text) + [.enter])
    }

    @Test(arguments: [
        ([0x1B, 0x5B, 0x43], Terminal.Press.right), ([0x1B, 0x4F, 0x44], .left), ([0x1B, 0x5B, 0x33, 0x7E], .delete),
        ([0x1B, 0x5B, 0x48], .home),
        ([0x1B, 0x5B, 0x41], .up), ([0x1B, 0x5B, 0x31, 0x3B, 0x35, 0x43], .other), ([0x7F], .backspace), ([3], .interrupt),
        ([0x17], .cutWord),
        ([0x1B], .escape), ([0xFF], .other), ([0xE5, 0x41], .other), ([0], .end),
    ])
    func `sequences of bytes are keys, unknown ones are passed over whole`(_ bytes: [UInt8], _ press: Terminal.Press) {
        #expect(presses(bytes).first ?? .end == press)
    }

    @Test func `bytes that are no UTF-8 and control characters never become part of a line`() {
        #expect(typed(presses([0x61, 0xC3, 0x28, 0x1, 0xE2, 0x80, 0xAE, 0x62])).line.text == "ba(")
    }

    @Test func `a line is edited where the cursor stands`() {
        let edited = typed(letters("ad大理") + [.home, .right, .character("c"), .last, .backspace, .left, .delete, .character("é")])
        #expect(edited.line.text == "acdé" && edited.line.after.isEmpty)
        #expect(typed(letters("one two") + [.cutWord, .character("3")]).line.text == "one 3")
        #expect(typed(letters("one") + [.left, .cutBefore]).line.text == "e")
        #expect(typed(letters("one") + [.home, .right, .cutAfter]).line.text == "o")
    }

    @Test func `Enter answers with the text, Control-D and Escape with none, Control-C interrupts`() {
        #expect(typed(letters("k=2") + [.enter]).answer == .text("k=2"))
        #expect(typed([.end]).answer == .left && typed(letters("k") + [.escape]).answer == .left)
        #expect(typed(letters("k") + [.interrupt]).answer == .interrupt)
    }

    @Test func `arrows bring back what was typed before, and then what was being typed`() {
        #expect(typed(letters("new") + [.up], before: ["first", "second"]).line.text == "second")
        #expect(typed(letters("new") + [.up, .up, .up], before: ["first", "second"]).line.text == "first")
        #expect(typed(letters("new") + [.up, .up, .down, .down], before: ["first", "second"]).line.text == "new")
    }

    @Test(arguments: [8, 20, 40]) func `a line longer than the window shows the part around the cursor, in one row`(_ columns: Int) {
        var (line, _) = typed(letters(String(repeating: "大理a", count: 40)) + [.left, .left])
        let drawn = line.drawn(columns).split(separator: "\r").map(String.init)
        #expect(drawn.allSatisfy { TerminalText.width($0) < columns })
        #expect(drawn[0].hasPrefix("> …") && drawn[0].contains("大"))
        #expect(typed(letters(String(repeating: "a", count: 600))).line.text.count == LineEditor.longest)
    }

    @Test func `a shorter line wipes the longer one`() {
        var (line, _) = typed(letters("long"))
        #expect(line.drawn(40) == "\r> long")
        _ = line.take(.cutBefore)
        #expect(line.drawn(40) == "\r>     \r> ")
    }

    // MARK: Screens

    private let blocks = [["title", ""], (1...6).map { "a\($0)" } + [""], (1...4).map { "b\($0)" } + [""], (1...20).map { "c\($0)" }]

    /// All screens of `rows` rows.
    private func screens(_ rows: Int?) -> [[String]] {
        var scroll = TerminalScroll()
        var screens: [[String]] = []
        repeat {
            screens.append(scroll.screen(blocks, columns: 80, rows: rows))
            scroll.forward()
        } while !scroll.isLast
        return screens
    }

    @Test(arguments: [1, 2, 3, 5, 8, 11, 50]) func `screens hold everything once, in order, and none is longer than the window`(_ rows: Int)
    {
        let screens = screens(rows)
        #expect(screens.allSatisfy { $0.count <= rows })
        #expect(screens.flatMap(\.self).filter { !$0.isEmpty } == blocks.flatMap(\.self).filter { !$0.isEmpty })
    }

    @Test func `what a screen can hold whole is not torn, but what no screen holds is`() {
        #expect(screens(10).map { $0.last } == ["a6", "c5", "c15", "c20"])
        #expect(screens(nil).count == 1)
    }

    @Test func `back shows the screen before, and a narrower window begins where the reader was`() {
        var scroll = TerminalScroll()
        let first = scroll.screen(blocks, columns: 80, rows: 10)
        scroll.forward()
        #expect(scroll.screen(blocks, columns: 80, rows: 10).first == "b1" && !scroll.isFirst)
        scroll.forward()
        #expect(scroll.screen(blocks, columns: 80, rows: 10).first == "c6")
        // Lines of another width are other lines: the block begins anew.
        #expect(scroll.screen(blocks, columns: 60, rows: 10).first == "c1")
        scroll.back()
        scroll.back()
        #expect(scroll.screen(blocks, columns: 60, rows: 10) == first && scroll.isFirst)
    }

    #if os(Linux)
        @Test func `while a lesson plays keys are never shown, between two questions neither, and afterwards all is as it was`() throws {
            // Linux's names for: unlock the other end, and its number.
            let (unlock, numberOf): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
            var (locked, number): (Int32, Int32) = (0, 0)
            let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            try #require(master >= 0 && ioctl(master, unlock, &locked) == 0 && ioctl(master, numberOf, &number) == 0)
            let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            try #require(slave >= 0)
            defer { for file in [master, slave] { close(file) } }
            func flags() -> Int32 {
                var mode = termios()
                return tcgetattr(slave, &mode) == 0 ? Int32(truncatingIfNeeded: mode.c_lflag) & (ICANON | ECHO | ISIG) : -1
            }
            let before = flags()
            let terminal = Terminal(input: slave, output: slave)
            try #require(before == ICANON | ECHO | ISIG)
            terminal.quiet {
                #expect(flags() == ISIG)
                for _ in 0..<2 {
                    #expect(write(master, "n", 1) == 1)
                    #expect(terminal.key() == .next)
                    #expect(flags() == ISIG)
                }
            }
            #expect(flags() == before)
        }
    #endif
}
