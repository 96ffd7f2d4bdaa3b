// What stays of a model's pass, as a user asks for it: by --layers and --keep, by a figure, by a cell that is explained, within a bound.

import Foundation
import Testing

@Suite final class KeepTests {
    private static let model = ["--model", Place.fixtures + "/llama-tiny", "--text", "one two three"]
    private let folder: URL
    init() throws { folder = try Place.temporary() }
    deinit { try? FileManager.default.removeItem(at: folder) }

    private func trace(_ arguments: [String]) throws -> [String: Any] {
        let run = try attn(["trace"] + Self.model + arguments, folder: folder)
        #expect(run.status == 0 && run.error.isEmpty, "\(run)")
        return try #require(try json(run.output) as? [String: Any])
    }

    private func steps(_ trace: [String: Any]) throws -> [String: NSDictionary] {
        let list = try #require(trace["steps"] as? [NSDictionary])
        return Dictionary(uniqueKeysWithValues: try list.map { (try #require($0["id"] as? String), $0) })
    }

    @Test func `a trace of some layers' attention has their steps as they were, and names the others`() throws {
        let (all, some) = (try trace([]), try trace(["--layers", "1", "--keep", "attention"]))
        let (whole, kept) = (try steps(all), try steps(some))
        #expect(all["omitted"] == nil && whole.count > kept.count)
        #expect(Set(kept.keys) == Set(whole.keys.filter { $0.hasPrefix("layer.1.attention.") }))
        #expect(kept.allSatisfy { whole[$0] == $1 })
        #expect(Set(try #require(some["omitted"] as? [String])) == Set(whole.keys).subtracting(kept.keys))
        #expect(
            try steps(trace(["--keep", "weights,logits"])).keys.sorted() == [
                "layer.0.attention.weights", "layer.1.attention.weights", "logits",
            ])
    }

    @Test(
        arguments: [
            (["trace", "--lesson", "1", "--keep", "attention"], 64, "--keep: expected with --model"),
            (["trace", "--lesson", "1", "--layers", "0"], 64, "--layers: expected with --model"),
            (["trace"] + model + ["--keep", "heads"], 64, "--keep: expected some of everything, steps, attention, weights"),
            (["trace"] + model + ["--keep", "logits,"], 64, "--keep: expected some of"),
            (["trace"] + model + ["--layers", "2"], 65, "layers: expected 0 to 1, found 2 to 2"),
            (["trace"] + model + ["--layers", "1-0"], 64, "--layers: expected a layer N, or layers A-B, found \"1-0\""),
            (["trace", "--lesson", "1", "--memory", "8G"], 64, "--memory: expected with --model"),
            (["trace"] + model + ["--memory", "8"], 64, "--memory: expected a size like 512M or 8G, found \"8\""),
            (["trace"] + model + ["--memory", "0G"], 64, "--memory: expected a size"),
            (["trace"] + model + ["--memory", "16K"], 65, "expected steps of at most 16 KiB, found 14"),
            (["figure", "matrix"] + model + ["--layer", "2", "--caption"], 65, "layer: expected 0 to 1, found 2"),
            (
                ["figure", "matrix"] + model + ["--layer", "1", "--step", "layer.0.attention.weights", "--caption"], 64,
                "--layer 1: expected that of the step layer.0.attention.weights"
            ),
            (["explain"] + model + ["--layer", "1", "logits[0,0]"], 64, "--layer: expected with --attention FILE"),
            (["explain"] + model + ["logitz[0,0]"], 65, "did you mean logits?"),
            (
                ["explain"] + model + ["qqqqq[0]"], 65,
                "there is no step of this name; there are weight.model.embed_tokens.weight, embedding"
            ),
            (["trace", "--lesson", "1", "--fast"], 64, "--fast: expected with --model"),
            (["figure", "matrix", "--lesson", "1", "--fast", "--caption"], 64, "--fast: expected with --model"),
            (["explain", "--lesson", "1", "--fast", "logits[0,0]"], 64, "--fast: expected with --model"),
        ] as [([String], Int32, String)])
    func `what would be ignored, or take too much, is one line`(arguments: [String], status: Int32, message: String) throws {
        let run = try attn(arguments, folder: folder)
        #expect(run.status == status && run.error.contains(message) && run.output.isEmpty, "\(run)")
        #expect(run.error.split(separator: "\n").count == 1, "\(run)")
    }

    @Test func `a part that a pass does not have is refused, not left out`() throws {
        let model = folder.appending(path: "gpt2")
        try FileManager.default.copyItem(at: URL(filePath: Place.fixtures + "/families/gpt2"), to: model)
        try Data(#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#.utf8).write(to: model.appending(path: "tokenizer.json"))
        let arguments = ["trace", "--model", model.path, "--text"]
        let alone = try attn(arguments + ["a", "--keep", "logits,loss"])
        #expect(alone.status == 64 && alone.error.contains("--keep loss: expected steps that this pass has"), "\(alone)")
        #expect(try attn(arguments + ["aa", "--keep", "logits,loss"]).status == 0)
    }

    @Test func `layers that nobody asks about are computed in Float32 where that is wanted, and what was says so`() throws {
        let (exact, fast) = (try trace(["--layers", "1"]), try trace(["--layers", "1", "--fast"]))
        #expect(exact["float32Layers"] == nil && fast["float32Layers"] as? [Int] == [0])
        #expect(try steps(exact).keys == steps(fast).keys)
        func values(_ trace: [String: Any], _ id: String) throws -> [Double] {
            try #require((steps(trace)[id]?["output"] as? NSDictionary)?["values"] as? [Double])
        }
        let (right, near) = (try values(exact, "layer.1.attention.output"), try values(fast, "layer.1.attention.output"))
        #expect(right != near && zip(right, near).allSatisfy { abs($0 - $1) < 1e-4 })

        func svg() throws -> String { try String(contentsOf: folder.appending(path: "f.svg"), encoding: .utf8) }
        let figure = ["figure", "matrix"] + Self.model + ["--layer", "1", "--output", "f.svg"]
        #expect(try attn(figure + ["--fast"], folder: folder).status == 0)
        #expect(try svg().contains("layer 0 in Float32"))
        #expect(try attn(figure, folder: folder).status == 0)
        #expect(try !svg().contains("Float32"))
        #expect(try attn(["trace"] + Self.model + ["--layers", "1", "--fast", "--output", "t.json"], folder: folder).status == 0)
        #expect(try attn("figure", "matrix", "--trace", "t.json", "--lang", "zh", "--output", "f.svg", folder: folder).status == 0)
        #expect(try svg().contains("Float32 "))
        let explained = try attn(["explain"] + Self.model + ["--fast", "layer.1.attention.scores[0,1,0]"], folder: folder)
        #expect(explained.status == 0 && explained.output.hasSuffix("layer 0 in Float32\n"), "\(explained)")
        let followed = try trace(["--layers", "0", "--follow", "1", "--fast"])
        #expect(followed["float32Layers"] as? [Int] == [1])

        let nothing = try attn(["trace"] + Self.model + ["--fast"], folder: folder)
        #expect(nothing.status == 0 && nothing.error.contains("--fast: every layer that is computed is asked about"), "\(nothing.error)")
        #expect(try json(nothing.output) as? NSDictionary == json(attn(["trace"] + Self.model, folder: folder).output) as? NSDictionary)
    }

    @Test func `the refusal names the bound, what is needed, and what helps`() throws {
        let run = try attn(["trace"] + Self.model + ["--memory", "16K"], folder: folder)
        #expect(
            run.error.contains("16") && run.error.contains("--memory 1G") && run.error.contains("--keep attention"), "\(run)")
        #expect(try attn(["trace"] + Self.model + ["--memory", "64M"], folder: folder).status == 0)
        #expect(try attn(["figure", "matrix"] + Self.model + ["--memory", "128K", "--caption"], folder: folder).status == 0)
    }

    @Test func `a trace with steps that were left out is read, says so where one is asked for, and is not exported`() throws {
        #expect(try attn(["trace"] + Self.model + ["--keep", "weights", "--output", "t.json"], folder: folder).status == 0)
        let missing = try attn("figure", "matrix", "--trace", "t.json", "--step", "layer.0.attention.q", "--caption", folder: folder)
        #expect(missing.status == 65 && missing.error.contains("not kept in the trace: --keep and --layers say what is kept"), "\(missing)")
        #expect(try attn("figure", "heads", "--trace", "t.json", "--caption", folder: folder).status == 0)
        let exported = try attn("export", "--trace", "t.json", "--to", "numpy", folder: folder)
        #expect(exported.status == 65 && exported.error.contains("values without their arithmetic"), "\(exported)")
    }
}
