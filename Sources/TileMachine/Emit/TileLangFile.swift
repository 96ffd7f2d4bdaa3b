// A program as a file of the real language (TileLang 0.1.15, Python): `program(machine)`, whose body C, CUDA, HIP and Metal share, with a sister for
// Ascend; `inputs(seed)`; `reference(inputs)`, by numpy. The bodies are written from the program's statements by `Listing` and `AscendText`. That a
// file is emitted does not say that each machine's compiler takes it: scripts/test-tilelang tries, and assets/tilelang/recorded.json holds what came.

import Traces

/// A program's file, and how it differs from machine to machine.
public struct TileLangFile: Sendable {
    /// A machine for which the program is asked.
    public enum Machine: String, CaseIterable, Hashable, Sendable {
        /// This processor.
        case c
        /// NVIDIA's.
        case cuda
        /// AMD's.
        case hip
        /// Apple's.
        case metal
        /// Huawei's.
        case ascend
    }

    /// A name in the program's text, and what it stands for on a machine.
    public struct Name: Hashable, Sendable {
        /// As the text writes it.
        public let name: String
        /// What it stands for.
        public let meaning: String
    }

    /// The program that was written.
    public let program: TileProgram
    private let task: TileTask
    private let stages: Int
    private let common: [Listing.Line]
    private let ascend: AscendText

    /// The file of `task`, cut as `choice` says.
    public init(_ task: TileTask, _ choice: TileChoice) {
        let program = task.program(choice)
        (self.task, self.program, stages) = (task, program, choice.stages)
        common = Listing(program).lines
        ascend = AscendText(program)
    }

    /// The function's name in the file: the program's, with no hyphen.
    public var functionName: String { String(program.name.map { $0 == "-" ? "_" : $0 }) }

    /// The program's lines for a machine, from the kernel's opening on.
    public func body(for machine: Machine) -> [Listing.Line] { machine == .ascend ? ascend.lines : common }

    /// The lines of a machine's body that do not stand in the body that the others share: none but on Ascend.
    public func ownLines(of machine: Machine) -> [Listing.Line] {
        let shared = common.map { $0.text }
        return body(for: machine).filter { !shared.contains($0.text) }
    }

    /// The names that the program's text leaves open, and what each stands for on a machine, in the order of the file.
    public func names(of machine: Machine) -> [Name] {
        switch machine {
        case .c: Self.names("T.alloc_local", "T.alloc_local", "T.grid", dtype: "\"float32\"", threads: "{}")
        case .cuda, .hip, .metal:
            Self.names("T.alloc_shared", "T.alloc_fragment", "T.Parallel", dtype: "\"float16\"", threads: "{\"threads\": 128}")
        case .ascend:
            [Name(name: "dtype", meaning: "\"float16\"")]
                + ascend.halved.map { Name(name: TileSpelling.half(of: $0), meaning: "\(TileSpelling().spell($0.length)) // 2") }
        }
    }

    private static func names(_ shared: String, _ fragment: String, _ parallel: String, dtype: String, threads: String) -> [Name] {
        zip(["alloc_shared", "alloc_fragment", "Parallel", "dtype", "threads"], [shared, fragment, parallel, dtype, threads]).map {
            Name(name: $0, meaning: $1)
        }
    }

    /// The whole file, line by line.
    public var lines: [String] {
        ["\"\"\"\(program.name): \(task.pythonSummary)\"\"\"", "", "import numpy as np", ""] + numbers
            + Self.function("program(machine)", chosen + kernel(common))
            + Self.function("program_on_ascend()", ascendNames + kernel(ascend.lines))
            + Self.function("inputs(seed)", task.pythonInputs(program)) + Self.function("reference(inputs)", task.pythonReference)
            + ["", ""] + TileTask.pythonNoise
    }

    /// The whole file.
    public var text: String { lines.joined(separator: "\n") + "\n" }

    private static func function(_ head: String, _ body: [String]) -> [String] {
        ["", "", "def \(head):"] + body.map { $0.isEmpty ? "" : "    \($0)" }
    }

    /// Sizes, what follows from them, tiles, stages, and what scores are scaled by.
    private var numbers: [String] {
        let formulas = task.pythonFormulas
        func line(_ constants: [(name: String, text: String)]) -> [String] {
            constants.isEmpty
                ? [] : [constants.map { $0.name }.joined(separator: ", ") + " = " + constants.map { $0.text }.joined(separator: ", ")]
        }
        let given = program.constants.filter { constant in !formulas.contains { $0.name == constant.name } }
            .map { (name: $0.name, text: "\($0.value)") }
        return line(given.filter { !$0.name.hasPrefix("block_") }) + line(formulas.map { (name: $0.name, text: $0.formula) })
            + line(given.filter { $0.name.hasPrefix("block_") }) + ["stages = \(stages)"]
            + (program.scales ? ["scale = dim**-0.5"] : [])
    }

    /// Chooses the names for a machine.
    private var chosen: [String] {
        func assignment(_ machine: Machine) -> String {
            let names = names(of: machine)
            return names.map { $0.name }.joined(separator: ", ") + " = " + names.map { $0.meaning }.joined(separator: ", ")
        }
        return [
            "\"\"\"The program for `machine`: one body for c, cuda, hip and metal, another for ascend.\"\"\"",
            "if machine == \"ascend\":", "    return program_on_ascend()", "import tilelang.language as T", "",
            "if machine == \"c\":", "    \(assignment(.c))", "else:", "    \(assignment(.cuda))", "",
        ]
    }

    private var ascendNames: [String] {
        let checks = ascend.halved.flatMap { span in
            let length = TileSpelling().spell(span.length)
            return [
                "if \(length) % 2:",
                "    raise ValueError(f\"\(length): expected an even number, for two vector cores have half each, found {\(length)}\")",
            ]
        }
        return [
            "\"\"\"Ascend's own words: a grid of one dimension, and memories by their names (L1, L0C, UB).\"\"\"",
            "import tilelang.ascend.language as T", "",
        ] + checks + names(of: .ascend).map { "\($0.name) = \($0.meaning)" } + [""]
    }

    /// The function that TileLang compiles, and its return.
    private func kernel(_ body: [Listing.Line]) -> [String] {
        let parameters = program.parameters.map {
            "    \($0.name): T.Tensor(\(TileSpelling().shape($0.spans)), \(program.kindOfNumber($0))),"
        }
        return ["@T.prim_func", "def \(functionName)("] + parameters + ["):"]
            + body.map { String(repeating: "    ", count: $0.depth + 1) + $0.text } + ["", "return \(functionName)"]
    }
}

extension TileProgram {
    /// Whether anything is multiplied by a constant: 1/√dim.
    var scales: Bool {
        func scales(_ scalar: Scalar) -> Bool {
            switch scalar {
            case .tile: false
            case .constant: true
            case .positivePart(let a), .visible(let a, _): scales(a)
            case .sum(let a, let b), .exponentialOfDifference(let a, let b), .product(let a, let b), .quotient(let a, let b):
                scales(a) || scales(b)
            }
        }
        for case .assign(_, let scalar) in statements.map({ $0.kind }) where scales(scalar) { return true }
        return false
    }
}
