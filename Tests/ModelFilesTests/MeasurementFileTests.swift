// The JSON of attn measure read back: the file in assets, and every guard by a damaged one.

import Foundation
import ModelFiles
import Records
import Testing
import Traces

@Suite struct MeasurementFileTests {
    @Test func `a measurement is read with its machine in both languages, its runs and its agreement`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let phases = try MeasuredSeries.read(root.path + "/assets/data/measured.json")
        #expect(phases.map(\.phase) == [.decode, .prefill])
        let decode = phases[0]
        #expect(decode.machine.en.hasSuffix(" cores, OpenBLAS 0.3.21") && decode.machine.zh.contains(" 核，OpenBLAS"))
        #expect(decode.rows.map(\.length) == (10...17).map { 1 << $0 })
        for row in decode.rows {
            #expect(row.dense.runs >= 1 && row.dense.least <= row.dense.median)
            #expect(try #require(row.error) < 1e-4)
        }
    }

    @Test(arguments: [
        (#"{"median": 2, "least": 1, "most": 3, "runs": 3}"#, #"{"median": 2, "least": 3, "most": 3, "runs": 3}"#, "times above 0"),
        (
            #"{"median": 2, "least": 1, "most": 3, "runs": 3}"#, #"{"median": 2, "least": 1, "most": 1e308, "runs": 3}"#,
            "times from a nanosecond to 10^9 seconds"
        ),
        (
            #"{"median": 2, "least": 1, "most": 3, "runs": 3}"#, #"{"median": 2, "least": 5e-324, "most": 3, "runs": 3}"#,
            "times from a nanosecond to 10^9 seconds"
        ),
        (#""runs": 3}"#, #""runs": 0}"#, "runs: expected"), (#""cores": 1"#, #""cores": "x""#, "cores: expected a whole number"),
        (#""length": 8"#, #""length": -8"#, "length: expected"), (#""rows": [{"#, #""rows": [{}, {"#, "length is missing"),
        (#""phase": "decode""#, #""phase": "training""#, "phase: expected decode or prefill, found training"),
        (#"[{"phase""#, #"{"a": [{"phase""#, "expected"),
    ]) func `a damaged measurement is one clear line`(found: String, put: String, line: String) throws {
        let time = #"{"median": 2, "least": 1, "most": 3, "runs": 3}"#
        let text = """
            [{"phase": "decode", "machine": {"processor": "P", "cores": 1, "blas": {"name": "B", "version": "1"}},
              "rows": [{"length": 8, "dense": \(time), "sparse": \(time), "agreement": null}],
              "growth": {"dense": null, "sparse": null}}]
            """
        let path = FileManager.default.temporaryDirectory.appending(path: "m-\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let whole = try MeasuredSeries.read(path)
        #expect(whole[0].machine.en == "P, 1 core, B 1" && whole[0].rows[0].error == nil && whole[0].denseExponent == nil)
        let damaged = text.replacingCharacters(in: try #require(text.firstRange(of: found)), with: put)
        try damaged.write(toFile: path, atomically: true, encoding: .utf8)
        #expect { try MeasuredSeries.read(path) } throws: { "\($0)".hasPrefix(path) && "\($0)".contains(line) }
    }
}
