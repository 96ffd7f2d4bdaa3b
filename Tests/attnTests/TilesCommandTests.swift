// attn tiles as other people's scripts call it: its JSON by the contract, exact counts, and one line and an exit code for what cannot be done.

import Foundation
import Testing

@Suite struct TilesCommandTests {
    private func object(_ arguments: [String], status: Int32 = 0) throws -> [String: Any] {
        let run = try attn(arguments)
        #expect(run.status == status, "\(run.error)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    private func bytes(_ object: [String: Any], from: String? = nil, to: String? = nil) -> Int {
        let traffic = object["traffic"] as? [[String: Any]] ?? []
        return traffic.filter { (from == nil || $0["from"] as? String == from) && (to == nil || $0["to"] as? String == to) }
            .reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) }
    }

    private static let matmul = ["tiles", "matmul", "--m", "100", "--n", "70", "--k", "50", "--tile", "16x16x16", "--stages", "2"]

    @Test func `a matrix product prints its contract, with the bytes of the closed form`() throws {
        let product = try object(Self.matmul + ["--chip", "paper", "--json"])
        #expect(product["program"] as? String == "matmul" && product["chip"] as? String == "paper")
        #expect(product["fits"] as? Bool == true && product["overflow"] == nil)
        // Seven tiles of rows, five of columns, four along the sum.
        #expect(product["steps"] as? Int == 35 * (2 + 3 * 4))
        #expect(product["flops"] as? Int == 2 * 100 * 70 * 50)
        #expect(bytes(product, from: "global") == (100 * 50 * 5 + 50 * 70 * 7) * 8)
        #expect(bytes(product, to: "global") == 100 * 70 * 8)
        let decisions = try #require(product["decisions"] as? [String: Int])
        #expect(Set(decisions.keys) == ["programmer", "compiler", "chip"] && decisions.values.allSatisfy { $0 > 0 })
        #expect(try #require(product["maxAbsoluteError"] as? Double) <= 1e-12)
    }

    @Test func `width scales bytes and changes no value, and naive fetches every factor`() throws {
        let half = try object(Self.matmul + ["--width", "2", "--json"])
        #expect(bytes(half, from: "global") == (100 * 50 * 5 + 50 * 70 * 7) * 2)
        #expect(try #require(half["maxAbsoluteError"] as? Double) <= 1e-12)
        let naive = try object(Self.matmul + ["--naive", "--json"])
        #expect(bytes(naive, from: "global") == 100 * 70 * 2 * 50 * 8)
        #expect(bytes(naive, to: "global") == 100 * 70 * 8)
    }

    @Test(
        arguments: [
            ["convolution", "--height", "9", "--width-of-image", "7", "--channels", "3", "--filters", "5", "--kernel", "3"],
            ["indexer", "--queries", "11", "--keys", "13", "--heads", "3", "--dim", "5"],
            ["attention", "--queries", "11", "--keys", "13", "--heads", "3", "--dim", "5", "--tile", "4x4"],
            ["attention", "--queries", "11", "--dim", "5", "--tile", "4x4x8"],
            ["sparse-attention", "--queries", "9", "--keys", "14", "--heads", "5", "--dim", "6", "--top-k", "7"],
        ], ["paper", "h800"]) func `every program runs with its sizes and equals the engine`(arguments: [String], chip: String) throws
    {
        let result = try object(["tiles"] + arguments + ["--chip", chip, "--json"])
        #expect(result["program"] as? String == arguments[0] && result["fits"] as? Bool == true)
        #expect(try #require(result["maxAbsoluteError"] as? Double) <= 1e-12)
    }

    @Test func `a chip whose room nobody says fits neither yes nor no`() throws {
        let result = try object(["tiles", "attention", "--chip", "ascend-950", "--json"])
        #expect(result["fits"] is NSNull && result["overflow"] == nil)
        #expect(try attn("tiles", "attention", "--chip", "ascend-950", "--lang", "zh").output.contains("说不准"))
    }

    @Test func `on the 910B results of the cube go to the vector cores by far memory, on the 950 they do not`() throws {
        let (old, new) = (
            try object(["tiles", "attention", "--chip", "ascend-910b", "--json"]),
            try object(["tiles", "attention", "--chip", "ascend-950", "--json"])
        )
        #expect(bytes(old, from: "L0C", to: "global") > 0 && bytes(old, from: "L0C", to: "UB") == 0)
        #expect(bytes(new, from: "L0C", to: "global") == 0 && bytes(new, from: "L0C", to: "UB") == bytes(old, from: "L0C", to: "global"))
    }

    @Test func `what does not fit prints its JSON, one line that names the memory, and ends with 1`() throws {
        // Five places for two tiles of 16 by 16 numbers of 8 bytes, where 16,384 bytes are: 4,096 too many.
        let arguments = ["tiles", "matmul", "--tile", "16x16x16", "--stages", "5", "--json"]
        let run = try attn(arguments)
        #expect(run.status == 1 && run.error == "attn: paper: shared overflows by 4,096 bytes\n", "\(run.error)")
        let result = try object(arguments, status: 1)
        #expect(result["fits"] as? Bool == false)
        let overflow = try #require(result["overflow"] as? [String: Any])
        #expect(overflow["memory"] as? String == "shared" && overflow["bytes"] as? Int == 4096)
        #expect(try attn("tiles", "matmul", "--tile", "16x16x16", "--stages", "4").status == 0)
    }

    @Test(arguments: [
        (["matmul", "--tile", "0x16x16"], Int32(65), "tile: expected rows from 1 to 4096, found 0"),
        (["matmul", "--m", "0"], 65, "m: expected 1 to 1048576, found 0"),
        (["matmul", "--m=-3"], 65, "m: expected 1 to 1048576, found -3"),
        (["matmul", "--width", "3"], 65, "width: expected 2, 4 or 8 bytes, found 3"),
        (["matmul", "--stages", "0"], 65, "stages: expected 1 to 16, found 0"),
        (
            ["matmul", "--chip", "h100"], 65,
            "chip: expected ascend-910b, ascend-950, h800, paper, or a file, found h100; did you mean h800?"
        ),
        (["matmul", "--chip", "./nope.json"], 66, "./nope.json: cannot be opened"),
        (["matmu"], 65, "program: expected matmul, convolution, indexer, attention, sparse-attention, found matmu; did you mean matmul?"),
        (["matmul", "--tile", "16"], 64, "--tile: expected RxCxD such as 16x16x16, found \"16\""),
        (["matmul", "--tile", "16x16"], 64, "--tile: expected RxCxD such as 16x16x16, found \"16x16\""),
        (["attention", "--tile", "8x8x4"], 65, "tile: expected a depth of at least 8, for attention does not cut features, found 4"),
        (["attention", "--queries", "9", "--keys", "8"], 65, "queries: expected at most as many as keys, 8, found 9"),
        (["convolution", "--kernel", "40"], 65, "kernel: expected at most 11, the padded image, found 40"),
        (["matmul", "--heads", "2"], 64, "matmul has no use for --heads; it takes --m, --n, --k"),
        (["indexer", "--top-k", "2"], 64, "indexer has no use for --top-k; it takes --queries, --keys, --heads, --dim"),
        (["matmul", "--m", "1048576", "--n", "1", "--k", "1"], 65, "at most 131,072 executed instructions to compute with, found 327,680"),
        (["matmul", "--m", "1000000", "--n", "1000000"], 65, "expected at most 2,097,152 executed instructions"),
        (["matmul", "--m", "4096", "--n", "4096", "--k", "4096", "--tile", "256x256x256"], 65, "--count-only counts larger ones"),
    ]) func `bad input is one line and its exit code`(arguments: [String], status: Int32, line: String) throws {
        let run = try attn(["tiles"] + arguments + ["--json"])
        #expect(run.status == status && run.error.contains(line), "\(run.status) \(run.error)")
        #expect(run.output.isEmpty && run.error.split(separator: "\n").count == 1)
    }

    @Test func `counting alone takes sizes that computing refuses, and prints no difference`() throws {
        let arguments = [
            "tiles", "matmul", "--m", "4096", "--n", "4096", "--k", "4096", "--tile", "256x256x256", "--chip", "h800", "--width", "2",
        ]
        let counted = try object(arguments + ["--count-only", "--json"], status: 1)
        #expect(counted["flops"] as? Int == 2 * 4096 * 4096 * 4096 && counted["maxAbsoluteError"] == nil)
        #expect(bytes(counted, from: "global") == 2 * 4096 * 4096 * 16 * 2)
    }

    @Test func `decisions name their lines or entries`() throws {
        let result = try object(Self.matmul + ["--decisions", "--json"])
        let list = try #require(result["decisionList"] as? [[String: Any]])
        let counts = try #require(result["decisions"] as? [String: Int])
        for (author, count) in counts { #expect(list.count { $0["author"] as? String == author } == count) }
        #expect(list.allSatisfy { $0["line"] is Int || $0["entry"] is Int })
    }

    @Test func `a number in a tile explains itself, and the whole run is a trace that reads back`() throws {
        let small = ["tiles", "matmul", "--m", "6", "--n", "4", "--k", "8", "--tile", "2x2x4"]
        let cell = "by_2_bx_1.ko_1.C_local.gemm[1,0]"
        let explained = try attn(small + ["--explain", cell])
        #expect(explained.status == 0 && explained.output.contains("= C_local[1,0] + (Σ_k A_shared[1,k]·B_shared[k,0])"))
        // Where the cell stands in the whole result.
        #expect(explained.output.contains("i = 1 “i=5”, j = 0 “j=2”"), "\(explained.output)")
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.path + "/tiles.json"
        #expect(try attn(small + ["--trace", file, "--json"]).status == 0)
        let read = try attn("explain", "--trace", file, cell)
        #expect(read.status == 0 && read.output.contains("C_local[1,0]"))
        let wrong = try attn(small + ["--explain", "by_2_bx_1.ko_1.C_local.gem[1,0]"])
        #expect(wrong.status == 65 && wrong.error.contains("did you mean by_2_bx_1.ko_1.C_local.gemm"), "\(wrong.error)")
        #expect(try attn(small + ["--explain", cell, "--json"]).status == 64)
        #expect(try attn(small + ["--trace", file, "--count-only"]).status == 64)
        #expect(try attn(small + ["--trace", "/proc/nope/t.json"]).status == 73)
    }

    @Test func `programs and chips are listed`() throws {
        func names(_ what: String...) throws -> [String] {
            let list = try JSONSerialization.jsonObject(with: Data(attn(["tiles"] + what + ["--json"]).output.utf8)) as? [[String: Any]]
            return try #require(list).compactMap { $0["name"] as? String }
        }
        #expect(try names("list") == ["matmul", "convolution", "indexer", "attention", "sparse-attention"])
        #expect(try names("chips") == ["ascend-910b", "ascend-950", "h800", "paper"])
        #expect(try attn("tiles", "chips", "--lang", "zh").output.contains("纸上芯片"))
    }
}
