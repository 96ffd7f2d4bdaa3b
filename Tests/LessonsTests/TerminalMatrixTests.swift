// A matrix that is larger than the terminal: which part of it stands there, and that the part is named.

import Diagrams
import Lessons
import Testing
import Traces

@Suite struct TerminalMatrixTests {
    /// The diary's story five times over, then the question: 74 tokens.
    private static let long =
        String(repeating: "Holiday: flew to Dali. Breakfast: noodles. Mei in Shanghai. ", count: 5) + "Trip went where?"

    /// The lines of the matrix of the lesson's main weights, followed by its last query.
    private func weights(_ language: Language, text: String = long, columns: Int = 100, color: TerminalColor = .none) throws -> [String] {
        let page = try library.lesson("1").run(.diaryText(text), language: language)
        let lines = TerminalPlayer(columns: columns, color: color).lines(of: page)
        let title = language == .en ? "Every query against every key" : "每个查询与每个键"
        let first = try #require(lines.firstIndex { $0.hasPrefix(title) })
        return Array(lines[first...].prefix { !$0.isEmpty })
    }

    @Test func `columns that do not all fit are those around the step's cell, and a note says which are shown`() throws {
        // The step is about the last query and its heaviest key, the first "Dali", at 4.
        let lines = try weights(.en)
        #expect(lines.last == "  shown: queries 42–73 of 74, keys 0–16 of 74")
        let numbers = try #require(lines.first { $0.contains(" 16 ") || $0.hasSuffix(" 16") }?.split(separator: " ").compactMap { Int($0) })
        #expect(numbers == Array(0...16))
        #expect(lines.filter { $0.hasPrefix("▶ 73 ?") }.count == 1)
        #expect(try weights(.zh).last == "  只显示：查询 42–73（共 74 个），键 0–16（共 74 个）")
    }

    @Test(arguments: [40, 60, 100, 200]) func `the heaviest key of the followed row stands on the screen, wherever it is`(_ columns: Int)
        throws
    {
        let before = String(repeating: "Breakfast: noodles. ", count: 9)
        let lines = try weights(.en, text: before + "Holiday: flew to Dali. " + before + "Trip went where?", columns: columns)
        // "Dali" is token 40: nine sentences of four, and four more.
        let note = lines.joined(separator: " ")
        let shown = try #require(note.firstMatch(of: #/keys (\d+)–(\d+) of 82/#))
        #expect((Int(shown.1)!...Int(shown.2)!).contains(40))
        #expect(lines.contains { $0.hasPrefix("▶") && $0.contains("12.4") })
    }

    @Test func `cells that are left are wide enough to tell their values`() throws {
        let row = try #require(try weights(.en).first { $0.hasPrefix("▶ 73 ?") })
        // 2 (1.5 place + 2 trip) of "Dali", as the diary's own table has it.
        #expect(row.split(separator: " ").dropFirst(3).count == 17 && row.contains(" 12.4 "))
    }

    @Test func `without a cell of the step columns end at the followed query's own, and a largest value outside is told`() throws {
        let diary = "Holiday: flew to Dali. " + String(repeating: "Breakfast: noodles. ", count: 12) + "Trip went where?"
        let page = try library.lesson("1").run(.diaryText(diary), language: .en)
        let step = try #require(page.steps.first { $0.id == "all-dots" })
        let unpointed = PageStep(id: step.id, number: step.number, heading: step.heading, blocks: step.blocks)
        let lines = TerminalPlayer(columns: 100, color: .none).parts(of: unpointed, in: page).flatMap(\.lines)
        let note = try #require(lines.first { $0.contains("largest value") })
        #expect(note == "  the largest value of row 57, 12.400, is in column 4", "\(note)")
        #expect(lines.contains("  shown: queries 26–57 of 58, keys 41–57 of 58"))
    }

    @Test(arguments: [12, 24, 40]) func `a matrix is no higher than a screen, and its followed row is on it`(_ rows: Int) throws {
        let page = try library.lesson("1").run(.diaryText(Self.long), language: .en)
        let step = try #require(page.steps.first { $0.id == "all-dots" })
        let parts = TerminalPlayer(columns: 100, rows: rows, color: .none).parts(of: step, in: page)
        let lines = parts.flatMap(\.lines)
        let first = try #require(lines.firstIndex { $0.hasPrefix("Every query against every key") })
        let matrix = lines[first...].prefix { !$0.isEmpty }
        #expect(matrix.count < rows && matrix.contains { $0.hasPrefix("▶ 73 ?") })
    }
}
