// Files damaged byte by byte: each is read or refused with a FileError, and nothing crashes.

import FileTesting
import Foundation
import ModelFiles
import ReferenceCases
import Testing
import Traces

@Suite struct DamagedFileTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Calls `read` on the file cut short at every length, and with every byte changed in several ways.
    private func damage(_ bytes: [UInt8], _ read: (String) throws -> Void) throws {
        func attempt(_ bytes: [UInt8]) throws {
            let path = try folder.write("damaged", bytes)
            do { try read(path) } catch is FileError {} catch { Issue.record("\(error)") }
        }
        for length in bytes.indices { try attempt(Array(bytes[..<length])) }
        for place in bytes.indices {
            for byte: UInt8 in [0x22, 0x39, 0x5B, 0x7D, 0xFF] where byte != bytes[place] {
                var changed = bytes
                changed[place] = byte
                try attempt(changed)
            }
        }
    }

    @Test func `a damaged safetensors file is read or refused`() throws {
        var writer = SafetensorsWriter(metadata: ["kind": "attention", "config": "{\"dim\":4}"])
        writer.add("input.x", Tensor([.t, .c], [1, 2], [1, 2]))
        writer.add("codes", shape: [3], bytes: [1, 2, 3])
        try writer.write(to: folder.path + "/whole")
        try damage(Array(Data(contentsOf: URL(filePath: folder.path + "/whole")))) { path in
            let file = try Safetensors(path: path)
            for name in file.names { _ = try file.tensor(name, axes: file.info(name).shape.indices.map { Axis("\($0)") }) }
            _ = try ReferenceCase(path: path).attention()
        }
    }

    @Test func `a damaged trace is read or refused`() throws {
        let step = Step(
            id: "a", title: Bilingual(en: "A\u{1}", zh: "甲"), formula: Formula("a"), source: "s", inputs: [], symbol: "a",
            output: Tensor([.t], [3], [1, -2.5e-7, .infinity]), labels: [.t: ["x", "y", "z"]], facts: ["f": .numbers([0.5])])
        try TraceJSON.write(Trace(tokens: ["x"], tokenIDs: [1], steps: [step]), to: folder.path + "/whole")
        try damage(Array(Data(contentsOf: URL(filePath: folder.path + "/whole")))) { path in _ = try TraceJSON.read(path) }
    }

    @Test(arguments: ["fortran.npy", "layers.npz", "two.npz"]) func `a damaged dump of attention is read or refused`(name: String) throws {
        var request = AttentionFile.Request()
        if name == "two.npz" { request.tensor = "pair" }
        try damage(Array(Data(contentsOf: URL(filePath: "\(Paths.fixtures)/attention/\(name)")))) { path in
            _ = try AttentionFile(path: path, request)
        }
    }

    @Test func `a damaged tokenizer is read or refused`() throws {
        let text = #"""
            {"added_tokens":[{"id":0,"content":"<s>","special":true}],"normalizer":{"type":"Prepend","prepend":"_"},"pre_tokenizer":
            {"type":"Metaspace","replacement":"_","prepend_scheme":"first"},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":
            {"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[0]}}},"decoder":{"type":"Strip","content":" ","start":1,"stop":0},
            "model":{"type":"BPE","unk_token":"a","vocab":{"<s>":0,"a":1,"b":2,"ab":3},"merges":["a b"]}}
            """#
        try damage(Array(text.utf8)) { path in
            let tokenizer = try Tokenizer(path: path)
            _ = tokenizer.decode(tokenizer.encode("ab <s> ba"))
        }
    }
}
