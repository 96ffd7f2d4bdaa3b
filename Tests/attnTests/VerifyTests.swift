import Foundation
import Testing

@Suite struct VerifyTests {
    @Test func `all reference cases pass, in one run, and the JSON has a check for every expected tensor`() throws {
        let names = ["attention-plain", "dsa-tiny-fp8-kv", "dsa-wide-fp8", "float8-e4m3"]
        let run = try attn(
            "verify", "--json", "\(Place.fixtures)/\(names[0]).safetensors", "\(Place.fixtures)/\(names[1]).safetensors",
            "\(Place.fixtures)/\(names[2]).safetensors", "\(Place.fixtures)/\(names[3]).safetensors")
        #expect(run.status == 0 && run.error.isEmpty)
        let results = try #require(try json(run.output) as? [[String: Any]])
        #expect(results.map { $0["passed"] as? Bool } == [true, true, true, true])
        #expect(
            results.map { $0["kind"] as? String } == ["attention", "deepseek-sparse-attention", "deepseek-sparse-attention", "float8-e4m3"])
        #expect(results.map { ($0["checks"] as? [[String: Any]])?.count } == [7, 40, 30, 4])
        let check = try #require((results[0]["checks"] as? [[String: Any]])?.first)
        #expect(
            Set(check.keys) == ["name", "shape", "maxAbsoluteError", "maxRelativeError", "worstIndex", "identical", "passed", "verdict"])
        // The first that is computed comes first.
        #expect(check["name"] as? String == "expected.q")
    }

    @Test func `a changed value exits 1 and names tensor and index`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        var bytes = try Data(contentsOf: URL(filePath: "\(Place.fixtures)/attention-plain.safetensors"))
        let header = Int(bytes[0]) | Int(bytes[1]) << 8
        let layout = try #require(try JSONSerialization.jsonObject(with: bytes[8..<8 + header]) as? [String: Any])
        let offsets = try #require((layout["expected.weights"] as? [String: Any])?["data_offsets"] as? [Int])
        let place = 8 + header + offsets[0]
        let value = bytes[place..<place + 8].withUnsafeBytes { $0.loadUnaligned(as: Double.self) } + 1e-6
        withUnsafeBytes(of: value) { bytes.replaceSubrange(place..<place + 8, with: $0) }
        let file = folder.appending(path: "changed.safetensors")
        try bytes.write(to: file)
        let run = try attn("verify", file.path)
        #expect(run.status == 1)
        #expect(run.output.contains("expected.weights[0,0,0]: off by 1e-06"))
        #expect(try attn("verify", file.path, "--tolerance", "1e-5").status == 0)
    }

    @Test func `several files are all tried and the largest code is returned`() throws {
        let run = try attn(
            "verify", "/nowhere.safetensors", "\(Place.repository.path)/Makefile", "\(Place.fixtures)/attention-plain.safetensors")
        #expect(run.status == 66)
        #expect(run.output.hasPrefix("passed"))
        #expect(run.error.split(separator: "\n").count == 2)
    }
}
