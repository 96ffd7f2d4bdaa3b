// Chip files: those that come with the product, and damaged ones, each refused by one line that names the field.

import Foundation
import ModelFiles
import Records
import Testing
import TileMachine
import Traces

@Suite struct ChipFileTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "assets/hardware").path

    private static func paper() throws -> [String: Any] {
        let data = try Data(contentsOf: URL(filePath: folder + "/paper.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func chip(_ object: [String: Any]) throws -> Chip {
        try Chip(json: Array(JSONSerialization.data(withJSONObject: object)), file: "chip.json")
    }

    @Test(arguments: ["paper", "h800", "ascend-910b", "ascend-950"]) func `every chip has a source, a far memory and both units`(
        name: String
    ) throws {
        let chip = try Chip(path: "\(Self.folder)/\(name).json")
        #expect(chip.id == name && chip.memories[0].name == "global")
        #expect(!chip.source.en.isEmpty && !chip.source.zh.isEmpty && chip.source.en != chip.source.zh)
        #expect(Set(chip.units.map(\.kind)) == [.matrix, .vector])
    }

    @Test func `the rooms are those of their sources`() throws {
        func rooms(_ name: String) throws -> [String: Int?] {
            Dictionary(uniqueKeysWithValues: try Chip(path: "\(Self.folder)/\(name).json").memories.map { ($0.name, $0.bytes) })
        }
        // Hopper tuning guide: 228 KB and 256 KB a multiprocessor. catlass: the 910B3.
        #expect(try rooms("h800") == ["global": 80_000_000_000, "shared": 228 << 10, "registers": 256 << 10])
        #expect(
            try rooms("ascend-910b")
                == ["global": nil, "L1": 512 << 10, "L0A": 64 << 10, "L0B": 64 << 10, "L0C": 128 << 10, "UB": 192 << 10])
        // TileLang's scheduler: 248 KB, of which 32 KB are reserved.
        #expect(try rooms("ascend-950")["UB"] == 216 << 10)
        #expect(try rooms("ascend-950")["global"] == .some(nil))
    }

    @Test func `the accelerator of costs and the chip of tiles are one file`() throws {
        let path = Self.folder + "/h800.json"
        let (hardware, chip) = (try Hardware(path: path), try Chip(path: path))
        #expect(chip.peak?.ridge == hardware.bf16 / hardware.bandwidth && Double(chip.memories[0].bytes!) == hardware.memory)
        #expect { try Hardware(path: Self.folder + "/paper.json") } throws: { "\($0)".contains("bf16_flops is missing") }
    }

    @Test(arguments: [
        ("memories", Optional<String>.none, "memories is missing: expected the chip's memories"),
        ("paths", nil, "paths is missing"), ("units", nil, "units is missing"), ("homes", nil, "homes is missing"),
        ("speed", "3", "speed: there is no such field"), ("cores", "0", "cores: expected"),
        ("memories", #"[{"name": "global", "bytes": -5, "per": "chip"}]"#, "memories[0].bytes: expected a whole number of bytes above 0"),
        ("memories", #"[{"name": "global", "bytes": 1.5, "per": "chip"}]"#, "memories[0].bytes: expected a whole number of bytes above 0"),
        ("memories", #"[{"name": "global", "per": "chip"}]"#, "memories[0].bytes is missing: expected a count, or null"),
        ("memories", #"[{"name": "shared", "bytes": 5, "per": "core"}]"#, "memories: expected the far memory, global, first, found shared"),
        ("memories", #"[{"name": "global", "bytes": null, "per": "box"}]"#, "memories[0].per: expected core or chip"),
        ("memories", #"[{"name": "global", "bytes": null, "per": "chip"}, {"name": "global", "bytes": 1, "per": "core"}]"#, "used twice"),
        ("paths", #"[{"from": "global", "to": "L9", "engine": "x"}]"#, "path global to L9: expected one of global, shared, fragment"),
        ("paths", #"[{"from": "global", "to": "global", "engine": "x"}]"#, "path global to global: expected two memories"),
        ("paths", #"[{"from": "global", "to": "shared", "engine": "x", "bytes_per_tick": 0}]"#, "paths[0].bytes_per_tick: expected"),
        ("paths", #"[{"from": "global", "to": "shared"}]"#, "paths[0].engine is missing"),
        (
            "units", #"[{"name": "u", "kind": "scalar", "operands": [["shared"]], "result": "shared"}]"#,
            "units[0].kind: expected matrix or vector"
        ),
        ("units", #"[{"name": "u", "kind": "matrix", "operands": [], "result": "shared"}]"#, "unit u: expected memories for its operands"),
        (
            "homes", #"{"shared": {"matrix": "x", "vector": "shared"}, "fragment": {"matrix": "fragment", "vector": "fragment"}}"#,
            "homes: expected one of"
        ),
        ("names", #"{"carrier": {"en": "carrier", "zh": "搬运"}}"#, "names.carrier: no memory, engine or unit is called so"),
    ]) func `a damaged chip file is refused by one line that names the field`(field: String, value: String?, line: String) throws {
        var object = try Self.paper()
        object[field] = try value.map { try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) }
        #expect { try chip(object) } throws: {
            "\($0)".hasPrefix("chip.json: ") && "\($0)".contains(line) && !"\($0)".contains("\n")
        }
    }

    @Test func `a program is refused on a chip that lacks a path or a unit that it needs, and runs where it does not need it`() throws {
        var object = try Self.paper()
        let task = try Matmul(m: 8, n: 8, k: 8).program(TileChoice(TileShape(rows: 4, columns: 4, depth: 4), stages: 1))
        let paths = try #require(object["paths"] as? [[String: Any]])
        object["paths"] = Array(paths.dropFirst())
        let blocked = try chip(object)
        #expect { try Schedule(task, on: blocked) } throws: {
            "\($0)" == "chip: has no path from global to shared, which Copy a tile of A to A_shared needs"
        }
        object["paths"] = paths
        object["names"] = nil
        object["units"] = [try #require(object["units"] as? [[String: Any]])[0]]
        let withoutVector = try chip(object)
        #expect(try Schedule(task, on: withoutVector).fits == true)
        let attention = try AttentionTiles(queries: 4, keys: 4, heads: 1, dimension: 2, valueDimension: 2)
            .program(TileChoice(TileShape(rows: 4, columns: 4, depth: 1), stages: 1))
        #expect { try Schedule(attention, on: withoutVector) } throws: { "\($0)".contains("has no vector unit, which") }
    }
}
