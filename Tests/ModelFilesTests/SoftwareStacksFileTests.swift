// The software stacks in assets: what stands where, a source for every entry, and every guard by a damaged file.

import Foundation
import ModelFiles
import Records
import Testing
import Traces

@Suite struct SoftwareStacksFileTests {
    private static let bytes = ConfigurationTests.asset("data/stacks.json")

    @Test func `the two towers run from PyTorch to silicon, with TileLang between their kernel languages`() throws {
        let stacks = try PublishedData.stacks(Self.bytes, file: "stacks.json")
        #expect(stacks.towers.map(\.id) == ["nvidia", "ascend"])
        #expect(stacks.layers.map(\.id) == ["framework", "libraries", "language", "compilation", "silicon"])
        #expect(stacks.layers.map { $0.parts[0].map(\.name.en) }[1] == ["cuDNN", "cuBLAS", "CUTLASS"])
        #expect(stacks.layers.map { $0.parts[1].map(\.name.en) }[1] == ["aclnn", "ATB", "catlass"])
        #expect(stacks.layers[0].parts.allSatisfy { $0[0].name.en == "PyTorch" })
        #expect(stacks.layers[3].parts[0].map(\.joint) == [.and, .then], "PTX becomes SASS")
        #expect(stacks.bridge.part.name.en == "TileLang" && (0...1).map { stacks.emitted($0).name.en } == ["CUDA C++", "Ascend C"])
        #expect(stacks.beside.map(\.part.name.en) == ["GE", "AscendCL", "runtime", "TBE"])
        #expect(stacks.beside.allSatisfy { $0.tower == 1 })
    }

    @Test func `every entry has a source, and every text both languages`() throws {
        let stacks = try PublishedData.stacks(Self.bytes, file: "stacks.json")
        let parts = stacks.layers.flatMap { $0.parts.flatMap { $0 } } + stacks.beside.map(\.part) + [stacks.bridge.part]
        #expect(parts.count == 23)
        for part in parts { #expect(part.source.count > 10, "\(part.name.en)") }
        for text in stacks.layers.flatMap({ [$0.name, $0.role] }) + parts.compactMap(\.note) {
            #expect(text.en != text.zh && text.zh.unicodeScalars.contains { $0.value > 0x2E80 }, "\(text.en)")
        }
    }

    @Test func `it is read by its path`() throws {
        let assets = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/assets"
        #expect(try PublishedData.stacks(path: assets + "/data/stacks.json").layers.count == 5)
    }

    @Test(arguments: [
        (#""id": "nvidia", "#, #""id": "ascend", "#, "towers: expected two of different names, found [\"ascend\", \"ascend\"]"),
        (#""id": "nvidia", "#, "", "towers[0].id is missing: expected a text"),
        (#""towers": ["#, #""towers": [{"id": "x", "name": "X"}, "#, "layers[0].x is missing: expected an array of objects"),
        (#""name": "CUTLASS", "source""#, #""name": "CUTLASS", "from""#, "layers[1].nvidia[2].source is missing: expected a text"),
        (#""name": "cuDNN""#, #""name": """#, "layers[1].nvidia[0].name: expected 1 to 60 characters on one line, found \"\""),
        (#""zh": "框架""#, #""cn": "框架""#, "layers[0].name.zh is missing: expected a text"),
        (#""id": "silicon""#, #""id": "language""#, "layers: expected 2 to 8 of different names"),
        (#""joint": "then""#, #""joint": "or""#, "layers[3].nvidia[1].joint: expected one of and, with, then, found \"or\""),
        (
            #""tower": "ascend", "layer": "framework""#, #""tower": "tpu", "layer": "framework""#,
            "beside[0].tower: expected one of nvidia, ascend"
        ),
        (
            #""tower": "ascend", "layer": "framework""#, #""tower": "ascend", "layer": "roof""#,
            "beside[0].layer: expected one of framework, libraries"
        ),
        (#""beside""#, #""besides""#, "beside is missing: expected an array of objects"),
        (#""bridge""#, #""ferry""#, "bridge is missing: expected an object with emits"),
        (#"{"nvidia": "CUDA C++""#, #"{"nvidia": "PTX""#, "bridge.emits.nvidia: expected one of CUDA C++, found \"PTX\""),
        (#"{"nvidia": "CUDA C++", "#, "{", "bridge.emits.nvidia is missing: expected a text"),
        (
            #""nvidia": [{"name": "CUDA C++", "source": "NVIDIA, CUDA C++ Programming Guide"}]"#, #""nvidia": []"#,
            "layers[2].nvidia: expected 1 to 4 parts, found an array"
        ),
    ]) func `a damaged file says where`(old: String, new: String, problem: String) throws {
        // One spelling of white space, so that what is put in place of what stands on one line.
        let text = String(decoding: Self.bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            .replacingOccurrences(of: "[ {", with: "[{").replacingOccurrences(of: "} ]", with: "}]")
        let at = try #require(text.firstRange(of: old), "\(old)")
        let broken = text.replacingCharacters(in: at, with: new)
        #expect { try PublishedData.stacks(Array(broken.utf8), file: "s.json") } throws: {
            "\($0)".hasPrefix("s.json: " + problem)
        }
    }

    @Test func `a layer without parts, a part beside nothing and a bridge to nothing are refused by the type itself`() throws {
        let part = SoftwareStacks.Part(name: Bilingual(same: "P"), source: "S")
        let towers = ["a", "b"].map { SoftwareStacks.Tower(id: $0, name: Bilingual(same: $0)) }
        func layer(_ id: String, _ parts: [[SoftwareStacks.Part]]) -> SoftwareStacks.Layer {
            SoftwareStacks.Layer(id: id, name: Bilingual(same: id), role: Bilingual(same: id), parts: parts)
        }
        let layers = [layer("top", [[part], [part]]), layer("low", [[part], [part]])]
        func stacks(
            _ layers: [SoftwareStacks.Layer], beside: [SoftwareStacks.SidePart] = [], emits: [Int] = [0, 0]
        ) throws -> SoftwareStacks {
            try SoftwareStacks(towers: towers, layers: layers, beside: beside, bridge: .init(part, layer: 1, emits: emits))
        }
        #expect(try stacks(layers).emitted(1) == part)
        #expect { try stacks([layers[0], layer("low", [[part], []])]) } throws: {
            "\($0)" == "layer low: expected 1 to 4 parts for each tower, found [1, 0]"
        }
        #expect { try stacks(layers, beside: [.init(part, tower: 1, layer: 2)]) } throws: {
            "\($0)" == "beside P: expected a tower and a layer that are there, found tower 1, layer 2"
        }
        #expect { try stacks(layers, emits: [0, 1]) } throws: {
            "\($0)" == "bridge P: expected a part of one layer for each tower, found layer 1, parts [0, 1]"
        }
        #expect { try stacks([layers[0]]) } throws: { "\($0)".hasPrefix("layers: expected 2 to 8 of different names") }
    }
}
