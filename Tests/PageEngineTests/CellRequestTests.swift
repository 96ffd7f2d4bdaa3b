// What a page is told of a cell: by step and index, of a mean, of a key that a selection leaves out, and where an operand is a whole row.

import Foundation
import Mechanisms
import PageEngine
import Testing
import Traces

@Suite struct CellRequestTests {
    private static let trace = try! diary.trace(of: diary.tokens(of: diary.text(question: "trip", language: .en)), language: .en)

    /// The engine's answer about a cell of the diary's first question.
    private func answer(_ cell: String) throws -> [String: Any] {
        var engine = try PageEngine(loading: loading)
        let request = Request(function: "e", text: "{\"run\": \(Request.run("trip")), \(cell)}")
        return try #require(JSONSerialization.jsonObject(with: Data(request.answer(&engine).utf8)) as? [String: Any])
    }

    @Test func `a step and an index ask for the same as the cell's text, with the step's title and source`() throws {
        let byText = try answer("\"cell\": \"attention.scores[1,17,4]\"")
        let byIndex = try answer("\"step\": \"attention.scores\", \"index\": [1, 17, 4]")
        #expect(NSDictionary(dictionary: byText) == NSDictionary(dictionary: byIndex))
        let step = try Self.trace.step("attention.scores")
        #expect(byIndex["title"] as? String == step.title.en && byIndex["source"] as? String == step.sourceNote.en)
        #expect(byIndex["value"] as? Double == 6.2)
    }

    @Test func `a mean is told by the cells that it was made of`() throws {
        let cells = try #require(try answer("\"step\": \"attention.weights\", \"index\": [-1, 17, 4]")["mean"] as? [[String: Any]])
        let weights = try Self.trace.step("attention.weights").output
        // A cell is computed once more, by itself: its last bits may differ from the row's.
        for (cell, weight) in zip(cells, [weights[0, 17, 4], weights[1, 17, 4]]) {
            #expect(abs(try #require(cell["value"] as? Double) - weight) <= 1e-15)
        }
        #expect(cells.map { $0["index"] as? [Int] } == [[0, 17, 4], [1, 17, 4]])
    }

    @Test func `a key that a selection leaves out is told by how its query chose`() throws {
        let told = try #require(try answer("\"step\": \"selected\", \"index\": [17, -1]")["leftOut"] as? [String: Any])
        #expect(told["lines"] as? [String] == (try Self.trace.step("selected").explain([17, 0]).lines(.en)))
    }

    @Test func `an operand that is a whole row says how long it is, and which of its cells the asked one goes with`() throws {
        let operands = try #require(try answer("\"cell\": \"attention.weights[1,17,4]\"")["operands"] as? [[String: Any]])
        let row = try #require(operands.first { $0["step"] as? String == "attention.scores" })
        #expect(row["nearest"] as? [Int] == [1, 17, 4] && row["cell"] is NSNull)
        let free = try #require(row["free"] as? [[String: Int]])
        #expect(free == [["place": 2, "length": 18]])
    }

    @Test(arguments: [
        ("\"cell\": \"attention.q[0,0,0]\", \"step\": \"attention.q\", \"index\": [0, 0, 0]", "either a cell, or a step and an index"),
        ("\"step\": \"attention.q\"", "either a cell, or a step and an index"),
        ("\"step\": \"attention.weights\", \"index\": [-1, -1, 4]", "3 positions, one of them -1 at most"),
        ("\"step\": \"attention.weights\", \"index\": [-1, 4]", "3 positions, one of them -1 at most"),
        ("\"step\": \"attention.weights\", \"index\": [-2, 0, 4]", "attention.weights"),
        ("\"step\": \"attention.weights\", \"index\": [0.5, 0, 4]", "whole numbers"),
        ("\"step\": \"attention.wieghts\", \"index\": [0, 0, 0]", "attention.wieghts"),
    ])
    func `what is no cell is refused by name`(_ cell: String, _ message: String) throws {
        let error = try #require(try answer(cell)["error"] as? String)
        #expect(error.contains(message), "\(error)")
    }

    @Test func `a phase beside a step of another is refused, not ignored`() throws {
        var engine = try PageEngine(loading: loading)
        let run = Request.referenceCase("dsa-tiny-exact")
        let other = Request.scene("matrix", [run], "{\"step\": \"decode.0.dense.weights\", \"phase\": \"decode.1\"}").answer(&engine)
        #expect(other.contains("phase decode.1: expected that of the step decode.0.dense.weights, decode.0"), "\(other)")
        let own = Request.scene("matrix", [run], "{\"step\": \"decode.0.dense.weights\", \"phase\": \"decode.0\"}").answer(&engine)
        #expect(own.hasPrefix("{\"format\""))
    }
}
