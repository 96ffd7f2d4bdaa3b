// attn cost and attn measure as other people's scripts call them: JSON by its contract, bad input by its exit code and its one line.

import Foundation
import Lessons
import ModelFiles
import Records
import Testing
import Traces

@Suite struct CostCommandTests {
    private func json(_ arguments: String...) throws -> Any {
        let run = try attn(arguments)
        #expect(run.status == 0 && run.error.isEmpty)
        return try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    }

    private func file(_ text: String) throws -> String {
        let path = try Place.temporary().appending(path: "f.json")
        try Data(text.utf8).write(to: path)
        return path.path
    }

    @Test func `cost at 131072 is the published table to the digit`() throws {
        let object = try #require(try json("cost", "--position", "131072", "--json") as? [String: Any])
        #expect(object["model"] as? String == "DeepSeek-V3.2-Exp")
        #expect(
            object["crossovers"] as? [String: Int] == ["dsaVersusDenseMHA": 8704, "dsaVersusDenseMQA": 2176, "maskedMHAVersusSparse": 6963])
        let row = try #require((object["positions"] as? [[String: Any]])?.first)
        #expect(row["position"] as? Int == 131_072)
        #expect(
            row["flops"] as? [String: Int] == [
                "denseMHA": 10_737_418_240, "denseMQA": 36_507_222_016, "indexer": 2_147_483_648, "sparse": 570_425_344,
                "dsa": 2_717_908_992,
            ])
        #expect(row["cacheBytes"] as? [String: Int] == ["bf16": 1152, "fp8": 656, "index": 132])
    }

    @Test func `a Llama configuration leaves out what does not apply, and says so`() throws {
        let config = try file(#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 8}"#)
        let object = try #require(try json("cost", "--config", config, "--position", "1", "2", "--json") as? [String: Any])
        let rows = try #require(object["positions"] as? [[String: Any]])
        #expect(rows.map { ($0["flops"] as? [String: Any])?["denseMHA"] as? Int } == [256, 512])
        #expect(
            (rows[0]["flops"] as? [String: Any])?["dsa"] is NSNull
                && (object["crossovers"] as? [String: Any])?["dsaVersusDenseMHA"] is NSNull)
        #expect(try attn("cost", "--config", config).output.contains("do not apply"))
        #expect(try attn("cost", "--config", config, "--lang", "zh").output.contains("不适用"))
    }

    @Test func `a window is counted where the layers have one, and said in both languages`() throws {
        func configuration(_ type: String) throws -> String {
            try file(
                #"{"model_type": "\#(type)", "hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 8, "head_dim": 8, "sliding_window": 100}"#
            )
        }
        for (type, layers, dense) in [("mistral", 5, 25_600), ("gemma2", 3, 256_000)] {
            let config = try configuration(type)
            let object = try #require(try json("cost", "--config", config, "--position", "7", "1000", "--json") as? [String: Any])
            #expect(object["window"] as? [String: Int] == ["keys": 100, "layers": layers, "of": 5])
            let rows = try #require(object["positions"] as? [[String: Any]])
            let flops = rows.map { $0["flops"] as? [String: Any] }
            #expect(flops.map { $0?["windowMHA"] as? Int } == [1792, 25_600] && flops.map { $0?["denseMHA"] as? Int } == [1792, dense])
            let (en, zh) = (try attn("cost", "--config", config).output, try attn("cost", "--config", config, "--lang", "zh").output)
            #expect(en.contains("tokens so far") && en.contains("MHA in a window") && zh.contains("窗口内 MHA") && zh.contains("最近 100 个键"))
            // Columns of layers that the model does not have are left out.
            #expect(en.contains("dense MHA") == (layers < 5) && zh.contains("稠密 MHA") == (layers < 5))
            #expect(en.contains(layers < 5 ? "In 3 of 5 layers a query sees" : "A query of any layer sees"))
        }
        let plain = try file(#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 8}"#)
        #expect(try !attn("cost", "--config", plain, "--json").output.contains("window"))
    }

    @Test func `serving has every multiple of 4096, the knees and the end, within a percent`() throws {
        let rows = try #require(try json("cost", "serving", "--json") as? [[String: Any]])
        let decode = rows.filter { $0["panel"] as? String == "decode" && $0["model"] as? String == "DeepSeek-V3.2-Exp" }
        #expect(decode.compactMap { $0["position"] as? Int } == [0, 2048] + (1...31).map { $0 * 4096 } + [131_071])
        #expect(rows.count == 33 + 34 + 33 + 34)
        for row in rows {
            let (published, predicted) = (try #require(row["published"] as? Double), try #require(row["predicted"] as? Double))
            #expect(abs(predicted / published - 1) < 0.01)
        }
    }

    @Test func `another accelerator is priced, with what is assumed said`() throws {
        let twice =
            #"{"name": "twice", "bf16_flops": 1979e12, "fp8_flops": 3958e12, "bandwidth_bytes_per_second": 1e12, "memory_bytes": 1e10, "usd_per_hour": 2}"#
        let run = try attn("cost", "serving", "--json", "--hardware", file(twice))
        #expect(run.status == 0 && run.error.contains("Predicted on twice") && run.error.contains("inferred from Figure 3"))
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
        #expect(abs((rows[0]["predicted"] as? Double ?? 0) * 2 - 0.05288888888888888) < 1e-12)
    }

    @Test func `a chat is added up under both lists`() throws {
        let object = try #require(
            try json("cost", "conversation", "--turns", "2", "--tokens-per-turn", "1000000", "--json") as? [String: Any])
        #expect(object["tokens"] as? [String: Int] == ["history": 1_000_000, "new": 1_000_000, "output": 1_000_000])
        let prices = try #require(object["prices"] as? [[String: Any]])
        #expect(prices.compactMap { $0["withoutCacheHits"] as? Double } == [2.8, 0.98, 20, 7])
        #expect(prices.compactMap { $0["currency"] as? String } == ["USD", "USD", "CNY", "CNY"])
    }

    @Test(arguments: [
        (["cost", "--position=-3"], 64, "--position: expected 0 or more, found -3"),
        (["cost", "--config", "/nowhere.json"], 66, "/nowhere.json: cannot be opened: No such file or directory"),
        (["cost", "conversation", "--turns", "-1", "--tokens-per-turn", "5"], 64, "--turns: expected 1 or more, found -1"),
        (["cost", "conversation", "--turns", "5", "--tokens-per-turn", "0"], 64, "--tokens-per-turn: expected 1 or more, found 0"),
        (
            ["cost", "conversation", "--turns", "9223372036854775807", "--tokens-per-turn", "9223372036854775807"], 65,
            "tokens: expected a count below 2^127, found a larger one"
        ),
        (["measure", "--length", "0"], 64, "--length: expected 1 to 16777216 positions, found 0"),
    ]) func `bad arguments end with one clear line`(arguments: [String], status: Int, line: String) throws {
        let run = try attn(arguments)
        #expect(run.status == Int32(status) && run.error == "attn: \(line)\n" && run.output.isEmpty)
    }

    @Test(arguments: [
        (#"{"hidden_size": 64, "num_hidden_layers": 5}"#, "num_attention_heads is missing: expected a whole number"),
        (
            #"{"hidden_size": -64, "num_hidden_layers": 5, "num_attention_heads": 8}"#,
            "hidden_size: expected a whole number from 1 to 16777216, found -64"
        ),
        (
            #"{"hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 8e99}"#,
            "num_attention_heads: expected a whole number, found 8e+99"
        ),
        (#"{"hidden_size": NaN}"#, "line 1, column 17: expected a value, found 'N'"),
        (#"{"hidden_size": 64"#, "line 1, column 19: expected ',' or '}', found the end of the file"),
        (#"{"hidden_size": 1e400}"#, "line 1, column 17: expected a number within the range of doubles, found 1e400"),
        ("", "line 1, column 1: expected a value, found the end of the file"), ("[1]", "expected a JSON object"),
        (
            #"{"hidden_size": 64, "num_hidden_layers": 0, "num_attention_heads": 8}"#,
            "num_hidden_layers: expected a whole number from 1 to 16777216, found 0"
        ),
    ]) func `a broken configuration ends with one clear line`(text: String, line: String) throws {
        let config = try file(text)
        let run = try attn("cost", "--config", config)
        #expect(run.status == 65 && run.error == "attn: \(config): \(line)\n")
    }

    @Test(arguments: ["0", "-5", "1e-20", "1e29"]) func `an absurd peak ends with one clear line, in figures too`(peak: String) throws {
        let rest = #""fp8_flops": 1e15, "bandwidth_bytes_per_second": 1e12, "memory_bytes": 1e10, "usd_per_hour": 2}"#
        let path = try file(#"{"bf16_flops": \#(peak), "# + rest)
        for arguments in [
            ["cost", "serving"], ["figure", "cost-curve", "--output", path + ".png"], ["figure", "cache", "--output", path + ".png"],
        ] {
            let run = try attn(arguments + ["--hardware", path])
            #expect(run.status == 65 && run.output.isEmpty)
            #expect(run.error.hasPrefix("attn: \(path): bf16_flops: expected a number from 1e+09 to 1e+21, found "))
        }
    }

    @Test func `hardware with zero bandwidth ends with one clear line`() throws {
        let path = try file(
            #"{"bf16_flops": 1e15, "fp8_flops": 1e15, "bandwidth_bytes_per_second": 0, "memory_bytes": 1e10, "usd_per_hour": 2}"#)
        let run = try attn("cost", "serving", "--hardware", path)
        #expect(run.status == 65)
        #expect(run.error == "attn: \(path): bandwidth_bytes_per_second: expected a number from 1e+06 to 1e+18, found 0\n")
    }

    @Test func `every table fits 80 columns in both languages, for the largest numbers too`() throws {
        for language in ["en", "zh"] {
            for arguments in [
                ["cost"], ["cost", "--position", "1099511627776", "\(Int.max)", "8589934592", "67108864", "2048"], ["cost", "serving"],
                ["cost", "conversation", "--turns", "20", "--tokens-per-turn", "1000"],
                ["measure", "--quick", "--decode", "--length", "64", "128"],
            ] {
                let run = try attn(arguments + ["--lang", language])
                #expect(run.status == 0)
                for line in run.output.split(separator: "\n") { #expect(TerminalText.width(String(line)) <= 80, "\(line)") }
            }
        }
    }

    @Test func `a number too wide for its column is rounded, and the table says so`() throws {
        let output = try attn("cost", "--position", "1099511627776", "2048").output
        #expect(output.contains("  1.1e+12  9.007e+10  3.062e+11  1.801e+10         570               1.801e+10\n"))
        #expect(output.contains("Numbers with e are rounded; --json has every digit."))
        #expect(try !attn("cost").output.contains("rounded"))
    }

    @Test func `amounts of a chat are aligned and keep three digits`() throws {
        let output = try attn("cost", "conversation", "--turns", "20", "--tokens-per-turn", "1000").output
        #expect(output.contains("USD 0.1288       USD 0.0357            72%") && output.contains("CNY 0.4300       CNY 0.0880"))
        #expect(try attn("cost", "conversation", "--turns", "1", "--tokens-per-turn", "1").output.hasPrefix("1 turn of 1 token:"))
    }

    @Test func `on other hardware the published lines are not called a prediction's target`() throws {
        let name = #"{"name": "A\u001b[31m100", "bf16_flops": 312e12, "fp8_flops": 624e12, "bandwidth_bytes_per_second": 2e12, "#
        let path = try file(name + #""memory_bytes": 8e10, "usd_per_hour": 1.5}"#)
        let run = try attn("cost", "serving", "--hardware", path)
        #expect(run.output.contains("against it") && !run.output.contains("Largest difference"))
        #expect(run.output.contains("Predicted on A␛[31m100") && !run.output.contains("\u{1B}"))
        #expect(run.output.contains("Memory keeps up: decode reads dense latents (bf16) at 0.774 TB/s of 2."))
    }

    @Test func `a length of 2^40 is counted, not trapped on`() throws {
        #expect(try attn("cost", "--position", "1099511627776", "--json").output.contains("\"denseMQA\": 306244774661193728"))
    }

    @Test func `every help has an example that works`() throws {
        for arguments in [
            ["cost", "table", "--position", "131072", "--json"], ["cost", "conversation", "--turns", "20", "--tokens-per-turn", "1000"],
        ] {
            #expect(try attn([arguments[0], arguments[1], "--help"]).output.contains("attn " + arguments.joined(separator: " ")))
            #expect(try attn(arguments).status == 0)
        }
        let serving = try attn("cost", "serving", "--hardware", "assets/hardware/h800.json", "--json", folder: Place.repository)
        #expect(serving.status == 0)
    }
}

@Suite struct MeasureCommandTests {
    @Test func `a measurement is an array of phases with the machine's description, printed and written`() throws {
        let file = try Place.temporary().appending(path: "m.json")
        let run = try attn("measure", "--quick", "--length", "256", "512", "--json", "--output", file.path)
        #expect(run.status == 0 && run.error.isEmpty)
        #expect(try String(contentsOf: file, encoding: .utf8) == run.output)
        let reports = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
        #expect(reports.compactMap { $0["phase"] as? String } == ["decode", "prefill"])
        for report in reports {
            #expect((report["machine"] as? [String: Any])?["blas"] != nil)
            #expect((report["rows"] as? [[String: Any]])?.compactMap { $0["length"] as? Int } == [256, 512])
        }
    }

    @Test func `a table speaks both languages and names what was fitted`() throws {
        let english = try attn("measure", "--quick", "--decode", "--length", "256", "512").output
        #expect(english.contains("dense / DSA") && english.contains("fitted from 256 positions on"))
        #expect(try attn("measure", "--quick", "--prefill", "--length", "256", "--lang", "zh").output.contains("预填充"))
    }

    @Test(arguments: [("/nowhere/m.json", "No such file or directory"), ("/", "expected a file name, found a folder")])
    func `a place that cannot be written is said before anything is measured`(path: String, why: String) throws {
        let run = try attn("measure", "--decode", "--length", "1048576", "--output", path)
        #expect(run.status == 73 && run.output.isEmpty && run.error.hasPrefix("attn: \(path): ") && run.error.hasSuffix(why + "\n"))
    }

    @Test func `Control-C ends with what was measured so far, and 130`() throws {
        let process = Process()
        process.executableURL = Place.attn
        process.arguments = ["measure", "--decode", "--length", "1024", "32768", "--json"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // A signal before the work has begun would end the program without a word.
        while process.isRunning, !isAtWork(process.processIdentifier) { usleep(1000) }
        process.interrupt()
        let text = try #require(try output.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let reports = try #require(try JSONSerialization.jsonObject(with: text) as? [[String: Any]])
        #expect(reports.first?["isComplete"] as? Bool == false)
    }

    /// Whether the process has its inputs in memory (109 MB at 32,768 positions), and so is past its beginning.
    private func isAtWork(_ id: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8) else {
            sleep(2)  // a system without /proc
            return true
        }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.map { $0 > 100_000 } ?? false
    }

    @Test func `too little memory is said before anything is allocated`() throws {
        let run = try attn("measure", "--prefill", "--length", "16777216")
        #expect(run.status == 65 && run.error.hasPrefix("attn: length 16777216: expected at most") && run.error.contains("found a need of"))
    }

    @Test(arguments: ["en", "zh"])
    func `the lesson on costs says what was measured and where, and that the clock shows less than the count`(_ language: String) throws {
        let assets = Place.repository.appending(path: "assets").path
        let decode = try #require(try MeasuredSeries.read(assets + "/data/measured.json").first { $0.phase == .decode })
        let last = try #require(decode.rows.last)
        let factor = last.dense.median / last.sparse.median
        let run = try attn("lesson", "run", "what-it-costs", "--lang", language)
        // Lines are broken anywhere.
        let text = run.output.filter { !$0.isWhitespace }
        let words = language == "en" ? "afactorof\(String(format: "%.1f", factor))." : "相差\(String(format: "%.1f", factor))倍"
        let machine = decode.machine[language == "en" ? .en : .zh].filter { !$0.isWhitespace }
        #expect(text.contains(words) && text.contains(machine), "\(run.error)")
        let exponent = try #require(decode.denseExponent)
        #expect(text.contains(String(format: "%.2f", exponent)))
        // What the prose claims of the data.
        let costs = AttentionCosts(try ModelDimensions(path: assets + "/models/deepseek-v3.2-exp.json"))
        let counted = Double(try costs.flops(.denseMQA, visible: last.length)) / Double(try costs.flops(.dsa, visible: last.length))
        #expect(last.length == 131_072 && factor < counted)
        #expect(decode.rows[0].sparse.median > decode.rows[0].dense.median)
    }
}
