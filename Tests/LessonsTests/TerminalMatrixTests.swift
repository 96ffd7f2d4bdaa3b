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
    private func weights(_ language: Language, text: String = long, color: TerminalColor = .none) throws -> [String] {
        let page = try library.lesson("1").run(.diaryText(text), language: language)
        let lines = TerminalPlayer(columns: 100, color: color).lines(of: page)
        let title = language == .en ? "Every query against every key" : "每个查询与每个键"
        let first = try #require(lines.firstIndex { $0.hasPrefix(title) })
        return Array(lines[first...].prefix { !$0.isEmpty })
    }

    @Test func `columns that do not all fit end at the followed query's own, and a note says which are shown`() throws {
        let lines = try weights(.en)
        #expect(lines.last == "  shown: rows 42 to 73 of 74, columns 57 to 73 of 74")
        let numbers = try #require(lines.first { $0.contains(" 57 ") }?.split(separator: " ").compactMap { Int($0) })
        #expect(numbers == Array(57...73))
        #expect(lines.filter { $0.hasPrefix("▶ 73 ?") }.count == 1)
        #expect(try weights(.zh).last == "  只显示：第 42 至 73 行（共 74 行），第 57 至 73 列（共 74 列）")
    }

    @Test func `cells that are left are wide enough to tell their values`() throws {
        let row = try #require(try weights(.en).first { $0.hasPrefix("▶ 73 ?") })
        // 2 (1.5 place + 2 trip) of "Dali", as the diary's own table has it.
        #expect(row.split(separator: " ").dropFirst(3).count == 17 && row.contains(" 12.4 "))
    }

    @Test func `a largest value that stands outside is told`() throws {
        let diary = "Holiday: flew to Dali. " + String(repeating: "Breakfast: noodles. ", count: 12) + "Trip went where?"
        let note = try #require(try weights(.en, text: diary).last)
        #expect(note == "  the largest value of row 57, 12.400, is in column 4", "\(note)")
    }
}
