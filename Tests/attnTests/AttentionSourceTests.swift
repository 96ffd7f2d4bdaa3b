// `--attention`: anybody's dump as a source of figures, traces and explanations, and what is refused of it: one line and the contract's exit code.

import Foundation
import Testing

@Suite struct AttentionSourceTests {
    private static let dumps = Place.fixtures + "/attention"

    private let folder: URL
    init() throws { folder = try Place.temporary() }

    private func figure(_ name: String, _ file: String, _ arguments: String...) throws -> (run: Run, svg: String?) {
        let picture = folder.path + "/p.svg"
        let run = try attn(["figure", name, "--attention", "\(Self.dumps)/\(file)"] + arguments + ["--output", picture, "--caption"])
        return (run, try? String(contentsOfFile: picture, encoding: .utf8))
    }

    @Test(arguments: ["matrix", "heads", "arcs", "compare"])
    func `a figure draws the dump with a selection over it, and says where it is from`(
        name: String
    ) throws {
        let tokens = Self.dumps + "/tokens.json"
        let (run, svg) = try figure(name, "one.npz", "--tensor", "attn", "--tokens", tokens, "--select", "topk:2")
        #expect(run.status == 0 && run.error.isEmpty)
        let picture = try #require(svg)
        #expect(picture.contains("one.npz") && !picture.contains(Self.dumps))
        // Rows of 1, 1, 3/4, 5/8 and 9/16: the mean.
        #expect(picture.contains("topk:2 keeps 78.8% of the given weight"))
        #expect(picture.contains("upon"))
        #expect(picture.contains("sha256"))
        if name == "compare" {
            #expect(run.output == "Dense and sparse attention on one scale: 60% of the cells keep 79% of the attention.\n")
        }
        if name == "matrix" { #expect(run.output.hasPrefix("“。” keeps only 56% of its attention")) }
    }

    @Test func `a dump without tokens is named by positions, and one with layers says which is drawn`() throws {
        let (run, svg) = try figure("arcs", "layers.npz", "--head", "0")
        #expect(run.status == 0 && run.error == "attn: arcs draws layer 0 of 3: --layer N names another\n")
        #expect(run.output.hasPrefix("Query 4 looks back, and 50% of its attention rests on key 0"))
        #expect(try #require(svg).contains("layer.0.attention.weights"))
        let other = try figure("compare", "layers.npz", "--layer", "1", "--select", "recent:2", "--lang", "zh")
        #expect(other.run.status == 0 && other.run.error.isEmpty && other.svg?.contains("layer.1.sparse.weights") == true)
        let all = try figure("heads", "layers.npz")
        #expect(all.run.status == 0 && all.run.error.isEmpty && all.run.output.contains("6 heads"))
    }

    @Test func `a trace of a dump holds its weights, and each cell is asked for by its index`() throws {
        let run = try attn("trace", "--attention", Self.dumps + "/layers.npz", "--tokens", Self.dumps + "/tokens.txt", "--select", "topk:2")
        let trace = try #require(try json(run.output) as? [String: Any])
        #expect(trace["tokens"] as? [String] == ["[CLS]", "once", "upon", "", "[SEP]"])
        let steps = try #require(trace["steps"] as? [[String: Any]])
        #expect(
            steps.compactMap { $0["id"] as? String }.prefix(5) == [
                "layer.0.attention.weights", "layer.0.oracle.score", "layer.0.selected", "layer.0.kept.weights", "layer.0.sparse.weights",
            ])
        let selected = try #require(steps[2]["facts"] as? [String: Any])
        #expect(selected["massKept"] as? [Double] == [1, 1, 0.75, 0.625, 0.5625])
        let cell = try attn("explain", "--attention", Self.dumps + "/one.npz", "attention.weights[1,4,3]")
        #expect(cell.status == 0 && cell.output.contains("= 0.25\n"))
        let outside = try attn("explain", "--attention", Self.dumps + "/one.npz", "attention.weights[2,4,3]")
        #expect(outside.status == 65 && outside.error.contains("expected an index inside [h: 2, t: 5, s: 5]"))
    }

    @Test func `a trace read back from a file says the same of the selection`() throws {
        let file = folder.path + "/t.json"
        #expect(try attn("trace", "--attention", Self.dumps + "/one.npz", "--select", "topk:2", "--output", file).status == 0)
        let again = try attn("figure", "compare", "--trace", file, "--caption")
        #expect(again.output == "Dense and sparse attention on one scale: 60% of the cells keep 79% of the attention.\n")
    }

    @Test func `what is no number is drawn as such, and named`() throws {
        for (name, mark) in [("matrix", "NaN"), ("heads", "NaN or infinite")] {
            let (run, svg) = try figure(name, "odd.npy", "--query", "2")
            #expect(run.status == 0 && svg?.contains(mark) == true)
            #expect(run.error.split(separator: "\n").count == 3 && run.error.contains("the first at head 0, query 3, key 1 (NaN)"))
        }
        let (arcs, svg) = try figure("arcs", "odd.npy", "--head", "0", "--query", "3")
        #expect(arcs.status == 0 && svg?.contains("NaN") == true && arcs.output.contains("50% of its attention rests on key 0"))
        let negative = try figure("arcs", "odd.npy", "--head", "1")
        #expect(negative.run.status == 65 && negative.run.error.contains("expected weights from 0 to 1, found -0.5"))
        let selected = try figure("compare", "odd.npy", "--select", "topk:2")
        #expect(
            selected.run.status == 65
                && selected.run.error.contains("select topk:2: attention.weights[0,3,1]: expected a weight of at least 0, found NaN"))
    }

    private static let refusals: [([String], Int32, String)] = [
        (["one.npz", "--tokens", dumps + "/short"], 66, "cannot be opened"),
        (
            ["batch.npy", "--batch", "0", "--tokens", Place.fixtures + "/../GGUFTests.swift"], 65,
            "expected 5 tokens, one for each key, found"
        ),
        (["none.npz"], 66, "cannot be opened: No such file or directory"),
        (["object.npz"], 65, "object.npz (attn): expected float16, float32 or float64, found Python objects"),
        (["vector.npy"], 65, "found the shape [3]"),
        (["two.npz"], 65, "expected --tensor with one of attn, pair"),
        (["two.npz", "--tensor", "nope"], 65, "tensor nope is missing; there is attn, pair"),
        (["layers.npz", "--layer", "9"], 65, "--layer 9: expected 0 to 2"),
        (["one.npz", "--batch", "0"], 65, "has no axis of texts of a batch"),
        (["one.npz", "--axes", "hq"], 64, "--axes hq: expected q and k"),
        (["one.npz", "--axes", "qk"], 65, "--axes qk: expected 2 axes"),
        (["one.npz", "--select", "topk"], 64, "--select: expected topk:16, recent:64 or window:64+sinks:4"),
        (["one.npz", "--select", "topk:0"], 64, "--select: expected topk:16"),
        (["one.npz", "--lesson", "1"], 64, "expected one source"),
        (["one.npz", "--text", "x"], 64, "--text: expected with --lesson or --model"),
        (["one.npz", "--with", "no-relu"], 64, "--with: expected with --lesson or --case"),
        (["one.npz", "--step", "output"], 65, "output: there is no step of this name"),
    ]

    @Test(arguments: refusals) func `a dump that cannot be drawn is one line and its exit code`(
        arguments: [String], status: Int32, message: String
    ) throws {
        let run = try attn(
            ["figure", "matrix", "--attention", "\(Self.dumps)/\(arguments[0])"] + arguments.dropFirst()
                + ["--output", folder.path + "/p.png"])
        #expect(run.status == status && run.output.isEmpty, "\(arguments): \(run)")
        #expect(run.error.contains(message) && run.error.split(separator: "\n").count == 1, "\(arguments): \(run.error)")
    }

    @Test(arguments: ["--tensor", "--tokens", "--axes", "--layer", "--batch", "--select"])
    func `an option of dumps is refused without one`(option: String) throws {
        let run = try attn("trace", "--lesson", "1", option, "1")
        #expect(run.status == 64 && run.error.contains("\(option): expected with --attention FILE"))
    }

    @Test(
        arguments: [
            ("softmax", 65, "needs the scores that attention.weights were made from, found none"),
            ("weighted-sum", 65, "needs the output of the heads beside attention.weights, found none"),
            ("pathway", 65, "needs the queries beside attention.weights, found none"),
            ("compare", 64, "expected --select topk:16"), ("indexer", 65, "needs a trace with a selection"),
            ("growth", 64, "growth draws no trace: leave out --lesson, --case, --trace, --model and --attention"),
        ] as [(String, Int32, String)]) func `a figure says what it needs that weights do not have`(
            name: String, status: Int32, message: String
        ) throws
    {
        let (run, _) = try figure(name, "one.npz")
        #expect(run.status == status && run.error.contains(message), "\(run.error)")
    }

    @Test(arguments: ["triangles", "next-token", "softmax", "pathway"]) func `a selection is refused where it would be passed over`(
        name: String
    ) throws {
        let (run, _) = try figure(name, "one.npz", "--select", "topk:2")
        #expect(run.status == 64 && run.error.contains("\(name) has no use for --select"))
        if ["triangles", "next-token"].contains(name) { #expect(try figure(name, "one.npz").run.status == 0) }
    }

    @Test func `the dump and its tokens are not written over`() throws {
        let dump = folder.path + "/a.npz"
        try FileManager.default.copyItem(atPath: Self.dumps + "/one.npz", toPath: dump)
        let run = try attn("trace", "--attention", dump, "--output", dump)
        #expect(run.status != 0 && FileManager.default.contentsEqual(atPath: dump, andPath: Self.dumps + "/one.npz"))
    }
}
