// Words of a reader's own on the command line, and the switches of the laboratory, wherever a run of the diary or of a case is taken.

import Foundation
import Testing

@Suite struct NewWordCommandTests {
    private static let text = [
        "--text", "I flew to Paris. Breakfast: noodles. Trip went where?", "--word", "I=other:trip", "--word", "Paris=place",
    ]

    private func trace(_ arguments: [String]) throws -> [String: [String: Any]] {
        let run = try attn(["trace"] + arguments)
        #expect(run.status == 0, "\(run.error)")
        let object = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let steps = try #require(object["steps"] as? [[String: Any]])
        return Dictionary(uniqueKeysWithValues: steps.map { ($0["id"] as! String, $0["output"] as! [String: Any]) })
    }

    @Test func `attn answers with a place that the diary did not know`() throws {
        let answer = try #require(trace(["--lesson", "1"] + Self.text)["sparse.answer"])
        let (values, names) = (try #require(answer["values"] as? [Double]), try #require((answer["labels"] as? [String: [String]])?["n"]))
        #expect(names == ["Dali", "Shanghai", "noodles", "Paris"])
        #expect(values.firstIndex(of: values.max()!) == 3 && values.count { $0 == values.max() } == 1)
    }

    @Test func `every command that takes a diary takes words`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        for arguments in [
            ["lesson", "run", "1"], ["explain", "--lesson", "1", "sparse.answer[3]"],
            ["what-if", "--lesson", "1", "--with", "temperature=2", "heads=1"],
            ["figure", "compare", "--lesson", "1", "--with", "heads=0", "--caption", "--output", folder.path + "/c.svg"],
        ] {
            let run = try attn(arguments + Self.text)
            #expect(run.status == 0, "\(arguments) \(run.error)")
        }
        #expect(try attn(["lesson", "run", "1"] + Self.text).output.contains("Paris"))
    }

    @Test(arguments: [
        (["--text", "Mei in Dali.", "--word", "Dali=place"], "\"Dali\" is a word of the diary already"),
        (["--text", "Mei in Dali.", "--word", "Paris=place"], "\"Paris\" is not in the text"),
        (
            ["--text", "Mei in Paris.", "--word", "Paris=place:lunch"],
            "\"Paris\": expected a story, one of trip, meal, chat, found \"lunch\""
        ),
        (["--text", "Mei in Paris.", "--word", "Paris=place", "--word", "paris=food"], "\"paris\" is given twice"),
        (["--text", "Mei in Rome.", "--word", "Paris=place"], "\"Rome\" is not a word of the diary"),
    ]) func `a word that does not fit ends with bad data`(_ arguments: [String], _ message: String) throws {
        let run = try attn(["lesson", "run", "1"] + arguments)
        #expect(run.status == 65 && run.error.contains(message) && run.output.isEmpty, "\(run.status) \(run.error)")
    }

    @Test func `the command takes 512 words, and a top-k of more than there are keeps all`() throws {
        let many = try attn("what-if", "--lesson", "1", "--text", String(repeating: "Dali ", count: 300), "--with", "top-k=999")
        #expect(many.status == 0, "\(many.error)")
    }

    @Test func `switches with commas and points go through, and are refused by name`() throws {
        let file = Place.fixtures + "/dsa-tiny-exact.safetensors"
        for switches in [["heads=0,1"], ["temperature=0.5", "heads=1"]] {
            let run = try attn(["what-if", "--case", file, "--json", "--with"] + switches)
            #expect(run.status == 0 && run.output.contains(switches.map { "\"\($0)\"" }.joined(separator: ", ")), "\(run.error)")
        }
        for (name, message) in [
            ("heads=9", "expected heads from 0 to"), ("temperature=0", "with a number T above 0"), ("heads=", "found nothing"),
        ] {
            let run = try attn("explain", "--case", file, "--with", name, "prefill.output[0,0]")
            #expect(run.status == 65 && run.error.contains(message), "\(run.status) \(run.error)")
        }
    }
}
