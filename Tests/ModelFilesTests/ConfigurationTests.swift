// Configurations, hardware and published data: the files in assets against known numbers, and every guard by a broken file.

import FileTesting
import ModelFiles
import Records
import Testing
import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct ConfigurationTests {
    static func asset(_ path: String) -> [UInt8] {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        guard let file = fopen("\(root)/assets/\(path)", "r") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    @Test func `the DeepSeek files give the published costs`() throws {
        let dense = try ModelDimensions(configuration: Self.asset("models/deepseek-v3.1-terminus.json"), file: "a.json")
        let sparse = try ModelDimensions(configuration: Self.asset("models/deepseek-v3.2-exp.json"), file: "b.json")
        #expect(dense.name == "DeepSeek-V3.1-Terminus" && dense.indexer == nil)
        #expect(try AttentionCosts(dense).flops(.denseMQA, visible: 131_072) == 36_507_222_016)
        #expect(try AttentionCosts(sparse).dsaVersusDenseMHA()?.position == 8704)
        #expect(try AttentionCosts(sparse).parameters().indexer == 13_959_424)
    }

    @Test func `a Llama file is grouped attention, with the published defaults`() throws {
        let fields = #""model_type": "llama", "hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 8"#
        let grouped = try ModelDimensions(
            configuration: Array("{\(fields), \"num_key_value_heads\": 4, \"tie\": true, \"q_lora_rank\": null}".utf8), file: "c.json")
        #expect(grouped.attention == .grouped(.init(keyValueHeads: 4, headDimension: 8)))
        let plain = try ModelDimensions(configuration: Array("{\(fields)}".utf8), file: "c.json")
        #expect(plain.attention == .grouped(.init(keyValueHeads: 8, headDimension: 8)))
    }

    @Test func `GPT-2's file has names of its own for sizes, and every head has keys and values of its own`() throws {
        func dimensions(_ fields: String) throws -> ModelDimensions {
            try ModelDimensions(configuration: Array(#"{"model_type": "gpt2", \#(fields)}"#.utf8), file: "c.json")
        }
        let own = try dimensions(#""n_embd": 768, "n_head": 12, "n_layer": 6, "num_key_value_heads": 4"#)
        #expect(own.width == 768 && own.layers == 6 && own.heads == 12)
        #expect(own.attention == .grouped(.init(keyValueHeads: 12, headDimension: 64)))
        let common = try dimensions(#""hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 6"#)
        #expect(common == own)
        #expect(throws: FileError(.badData, "c.json", "hidden_size: expected 768, as n_embd says, found 512")) {
            try dimensions(#""n_embd": 768, "hidden_size": 512, "n_head": 12, "n_layer": 6"#)
        }
        #expect(throws: FileError(.badData, "c.json", "n_head: expected a divisor of n_embd 768, found 7")) {
            try dimensions(#""n_embd": 768, "n_head": 7, "n_layer": 6"#)
        }
    }

    @Test func `windows are counted by layer, with each family's own defaults`() throws {
        func grouped(_ type: String, _ more: String = "") throws -> ModelDimensions.Attention {
            let sizes = #""hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 32"#
            return try ModelDimensions(configuration: Array(#"{"model_type": "\#(type)", \#(sizes)\#(more)}"#.utf8), file: "c.json")
                .attention
        }
        func attention(_ keyValueHeads: Int, _ head: Int, _ window: ModelDimensions.Window?) -> ModelDimensions.Attention {
            .grouped(.init(keyValueHeads: keyValueHeads, headDimension: head, window: window))
        }
        #expect(try grouped("mistral") == attention(8, 2, .init(keys: 4096, layers: 5)))
        #expect(try grouped("mistral", #", "sliding_window": null"#) == attention(8, 2, nil))
        #expect(try grouped("gemma2") == attention(4, 256, .init(keys: 4096, layers: 3)))
        #expect(try grouped("gemma2", #", "sliding_window": 7, "head_dim": 2"#) == attention(4, 2, .init(keys: 7, layers: 3)))
        let qwen = #", "use_sliding_window": true, "sliding_window": 9, "max_window_layers": 3"#
        #expect(try grouped("qwen2", qwen) == attention(32, 2, .init(keys: 9, layers: 2)))
        #expect(try grouped("qwen3", qwen) == attention(32, 128, .init(keys: 9, layers: 2)))
        #expect(try grouped("qwen2", #", "sliding_window": 9"#) == attention(32, 2, nil))
        #expect(try grouped("llama") == attention(32, 2, nil))
        // A window in a family whose rule is not known is not counted as full attention.
        for type in ["llama", "falcon"] {
            #expect(throws: FileError.self) { try grouped(type, #", "sliding_window": 9"#) }
        }
        #expect(throws: FileError.self) { try grouped("mistral", #", "layer_types": ["sliding_attention"]"#) }
        #expect(throws: FileError.self) { try grouped("gemma2", #", "sliding_window": null"#) }
        #expect(throws: FileError.self) { try grouped("qwen3", #", "num_key_value_heads": 5"#) }
    }

    @Test(arguments: [
        (#""hidden_size": 7168,"#, "", "hidden_size is missing: expected a whole number"),
        (#""kv_lora_rank": 512,"#, "", "kv_lora_rank is missing: expected a whole number"),
        (#""index_topk": 2048"#, #""x": 1"#, "index_topk is missing: expected a whole number"),
        ("7168", "-7168", "hidden_size: expected a whole number from 1 to 16777216, found -7168"),
        ("7168", "1000000000000000", "hidden_size: expected a whole number of at most 1073741824, found 1000000000000000"),
        ("7168", "1e300", "hidden_size: expected a whole number, found 1e+300"),
        ("7168", "7168.5", "hidden_size: expected a whole number, found 7168.5"),
        ("7168", "\"many\"", "hidden_size: expected a whole number, found \"many\""),
        ("7168", "true", "hidden_size: expected a whole number, found true"),
        ("7168", "7168, \"hidden_size\": 5", "line 4, column 24: \"hidden_size\" appears twice in one object"),
        ("1536", "\"none\"", "q_lora_rank: expected a whole number, found \"none\""),
        ("{", "[", "line 2, column 9: expected ',' or ']', found ':'"),
    ]) func `a broken configuration names the field`(old: String, new: String, problem: String) throws {
        let text = String(decoding: Self.asset("models/deepseek-v3.2-exp.json"), as: UTF8.self)
        #expect(text.contains(old))
        let at = text.firstRange(of: old)!
        let broken = text.replacingCharacters(in: at, with: new)
        #expect { try ModelDimensions(configuration: Array(broken.utf8), file: "b.json") } throws: { "\($0)" == "b.json: \(problem)" }
    }

    @Test func `files are read by their paths, and one that is not there is said`() throws {
        let assets = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/assets"
        #expect(try ModelDimensions(path: assets + "/models/deepseek-v3.2-exp.json").indexer?.topK == 2048)
        let hardware = try Hardware(path: assets + "/hardware/h800.json")
        #expect(hardware.bandwidth == 3.35e12 && hardware.memory == 80e9 && hardware.source?.en.contains("3.35 TB/s, 80 GB") == true)
        #expect(try PublishedData.figure3(path: assets + "/data/figure3.csv").count == 4)
        #expect(try PublishedData.prices(path: assets + "/data/prices.csv").count == 4)
        #expect(try PublishedData.benchmarks(path: assets + "/data/benchmarks.csv").count == 14)
        for read in [
            { _ = try ModelDimensions(path: "/nowhere.json") }, { _ = try Hardware(path: "/nowhere.json") },
            { _ = try PublishedData.prices(path: "/nowhere.json") },
        ] as [() throws -> Void] {
            #expect(problem(read).hasPrefix("noInput: cannot be opened"))
        }
    }

    @Test func `heads that do not divide the width are refused`() throws {
        let text = #"{"hidden_size": 65, "num_hidden_layers": 5, "num_attention_heads": 8}"#
        #expect { try ModelDimensions(configuration: Array(text.utf8), file: "c") } throws: { "\($0)".contains("num_attention_heads") }
    }

    @Test func `the H800 is read, and hardware without bandwidth refused`() throws {
        let bytes = Self.asset("hardware/h800.json")
        let hardware = try Hardware(json: bytes, file: "h.json")
        #expect(hardware.bf16 == 989.5e12 && hardware.fp8 == 1979e12 && hardware.dollarsPerHour == 2)
        let text = String(decoding: bytes, as: UTF8.self)
        let zero = text.replacingCharacters(in: text.firstRange(of: "3.35e12")!, with: "0")
        #expect { try Hardware(json: Array(zero.utf8), file: "h.json") } throws: {
            "\($0)" == "h.json: bandwidth_bytes_per_second: expected a number from 1e+06 to 1e+18, found 0"
        }
        let missing = text.replacingCharacters(in: text.firstRange(of: "usd_per_hour")!, with: "price")
        #expect { try Hardware(json: Array(missing.utf8), file: "h.json") } throws: {
            "\($0)" == "h.json: usd_per_hour is missing: expected a number"
        }
    }

    @Test func `figure 3 is read, and predicted from the files within 0_2 percent`() throws {
        let curves = try PublishedData.figure3(Self.asset("data/figure3.csv"), file: "figure3.csv")
        #expect(curves.count == 4 && curves.map(\.points.count) == [2, 3, 2, 3])
        let hardware = try Hardware(json: Self.asset("hardware/h800.json"), file: "h")
        for curve in curves {
            let name = curve.model == "DeepSeek-V3.2-Exp" ? "deepseek-v3.2-exp" : "deepseek-v3.1-terminus"
            let cost = try ServingCost(ModelDimensions(configuration: Self.asset("models/\(name).json"), file: name), on: hardware)
            for row in try curve.compared(with: cost) { #expect(abs(row.relativeError) < 0.002) }
        }
    }

    @Test(arguments: ["1e300", "-1", "1000000", "nan"]) func `a result that no benchmark has is refused with its line`(result: String)
        throws
    {
        let header = "category,benchmark,metric,DeepSeek-V3.1-Terminus,DeepSeek-V3.2-Exp"
        let file = Array("\(header)\nCode,B,Rating,1,\(result)\n".utf8)
        let error = #expect(throws: FileError.self) { try PublishedData.benchmarks(file, file: "b.csv") }
        #expect(error?.description.hasPrefix("b.csv: line 2, DeepSeek-V3.2-Exp: expected a ") == true, "\(error?.description ?? "")")
    }

    @Test func `prices and benchmarks are read`() throws {
        let prices = try PublishedData.prices(Self.asset("data/prices.csv"), file: "prices.csv")
        #expect(prices.map(\.output) == [1.68, 0.42, 12, 3] && prices.map(\.currency) == ["USD", "USD", "CNY", "CNY"])
        let benchmarks = try PublishedData.benchmarks(Self.asset("data/benchmarks.csv"), file: "benchmarks.csv")
        #expect(benchmarks.count == 14 && benchmarks[7].name == "Codeforces-Div1" && benchmarks[7].after == 2121)
    }

    @Test func `the recorded experiment is read, and a broken one says where`() throws {
        let runs = try PublishedData.selectionLosses(Self.asset("data/selection-loss.csv"), file: "selection-loss.csv")
        #expect(runs.map(\.chooser) == ["dense"] + ["oracle", "recent", "random"].flatMap { [$0, $0, $0, $0] })
        #expect(runs.dropFirst().map(\.keys) == [4, 8, 16, 32, 4, 8, 16, 32, 4, 8, 16, 32])
        #expect(runs.allSatisfy { $0.model == "stories260K" })
        let header = "chooser,keys,mean_loss,mass_kept_first_layer,mass_kept_last_layer,model\n"
        for (row, problem) in [
            ("oracle,none,1,1,1,m", "line 2, keys: expected a number of keys above 0, found none"),
            ("oracle,8,1,much,1,m", "line 2, mass_kept_first_layer: expected a number, found much"),
            ("dense,8,1,1,1,m\noracle,8,1,1,1,n", "line 3, model: expected one model in all rows, named in 1 to 60 characters, found n"),
            ("dense,8,1,1,1,", "line 2, model: expected one model in all rows, named in 1 to 60 characters, found "),
        ] {
            #expect(throws: FileError(.badData, "f.csv", problem)) {
                try PublishedData.selectionLosses(Array((header + row).utf8), file: "f.csv")
            }
        }
    }

    @Test func `the losses recorded of a larger model are read, and written as they were`() throws {
        let bytes = Self.asset("data/selection-loss-smollm2.csv")
        let runs = try PublishedData.selectionLosses(bytes, file: "selection-loss-smollm2.csv")
        #expect(
            runs.map(\.chooser) == ["dense"]
                + ["oracle", "oracle/2", "oracle/4", "window+sinks", "recent"].flatMap { [$0, $0, $0, $0, $0] })
        #expect(([SelectionLoss.csvHeader] + runs.map(\.csv)).joined(separator: "\n") + "\n" == String(decoding: bytes, as: UTF8.self))
    }

    @Test func `a recorded map of selections is read, and a broken one says where`() throws {
        let bytes = Self.asset("data/selection-map.json")
        let map = try PublishedData.selectionMap(bytes, file: "selection-map.json")
        #expect(map.layers.count == 30 && map.layers[0].common == nil && map.layers.dropFirst().allSatisfy { $0.common != nil })
        // Each query that stands k or more tokens away counts: of n tokens, n - k of the first's.
        let (n, k) = (map.tokens.count, map.topK)
        #expect(map.layers.allSatisfy { $0.asked == (0..<n).map { max(0, n - k - $0) } })
        #expect(map.json.map { $0.text() + "\n" } == String(decoding: bytes, as: UTF8.self))
        let whole = #"{"model": "m", "topK": 1, "tokens": ["a", "b"], "asked": [1, 0], "layers": [{"common": null, "kept": [1, 0]}]}"#
        #expect(try PublishedData.selectionMap(Array(whole.utf8), file: "m.json").layers[0].share(0) == 1)
        for (part, other, problem) in [
            (#""asked": [1, 0]"#, #""asked": [1]"#, "asked: expected a number of queries for each of 2 tokens, found [1]"),
            (
                #""kept": [1, 0]"#, #""kept": [2, 0]"#,
                "layers[0].kept: expected a number of queries for each token, no more than were asked"
            ),
            (#""common": null"#, #""common": 1.5"#, "layers[0].common: expected a share from 0 to 1, found 1.5"),
            (#"{"common": null, "kept": [1, 0]}"#, "", "layers: expected 1 to 1024 objects"),
            (#""topK": 1"#, #""topK": 0"#, "topK: expected a whole number of at least 1"),
        ] {
            let text = whole.replacing(part, with: other)
            let error = #expect(throws: FileError.self) { try PublishedData.selectionMap(Array(text.utf8), file: "m.json") }
            #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        }
    }

    @Test(arguments: [
        ("", "line 1"), ("item,currency,v3.1_terminus,v3.2_exp\n", "expected rows below the header, found none"),
        ("item,currency,v3.1_terminus,v3.2_exp\na,USD,1", "line 2: expected 4 fields without quotes, found 3"),
        ("item,currency,v3.1_terminus,v3.2_exp\ninput_cache_hit,USD,x,1", "line 2, v3.1_terminus: expected a number, found x"),
        ("item,currency,v3.1_terminus,v3.2_exp\ninput_cache_hit,USD,1,1", "input_cache_miss: expected a price in USD, found none"),
        (
            "item,currency,v3.1_terminus,v3.2_exp\ninput_cache_hit,USD,-1,1\ninput_cache_miss,USD,1,1\noutput,USD,1,1",
            "expected a price of 0 or more, found -1"
        ),
    ]) func `a broken price list says where`(text: String, problem: String) {
        #expect { try PublishedData.prices(Array(text.utf8), file: "p.csv") } throws: {
            "\($0)".hasPrefix("p.csv: ") && "\($0)".contains(problem)
        }
        #expect { try PublishedData.prices([0xff], file: "p.csv") } throws: { "\($0)" == "p.csv: expected UTF-8 text, found other bytes" }
    }

    @Test(arguments: [
        ("prefill,m,0,1,middle", "line 2, kind: expected end or knee_recovered, found middle"),
        ("warmup,m,0,1,end\nwarmup,m,5,1,end", "panel: expected prefill or decode, found warmup"),
        (
            "prefill,m,0,1,end",
            "prefill, m: expected two or more ascending positions up to 10^9 with costs of 0 or more, found [[0.0, 1.0]]"
        ),
        (
            "prefill,m,9,1,end\nprefill,m,5,1,end",
            "prefill, m: expected two or more ascending positions up to 10^9 with costs of 0 or more, found [[9.0, 1.0], [5.0, 1.0]]"
        ),
    ])
    func `a broken figure 3 is refused, and says where`(rows: String, problem: String) {
        let text = "panel,model,position_tokens,usd_per_million_tokens,kind\n" + rows
        #expect(throws: FileError(.badData, "f.csv", problem)) { try PublishedData.figure3(Array(text.utf8), file: "f.csv") }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
