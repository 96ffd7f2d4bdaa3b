// What TileLang made of one tile program, machine by machine, as recorded in assets/tilelang/recorded.json: how many lines came out, which families of
// instructions stand in them, a few lines as they are, or the error. That source came out does not say that it compiles or is right there.

/// A program as it was lowered.
public struct LoweredProgram: Hashable, Sendable {
    /// A family of instructions.
    public struct Family: Hashable, Sendable {
        /// Its name: `cp.async`.
        public let name: String
        /// In how many lines it appears.
        public let count: Int

        /// A family.
        public init(name: String, count: Int) { (self.name, self.count) = (name, count) }
    }

    /// What came out for one machine.
    public enum Result: Hashable, Sendable {
        /// Source of so many lines, its families, and a line of some of them, cut off where it ends in an ellipsis.
        case source(lines: Int, families: [Family], excerpt: [String])
        /// An error, in the compiler's words.
        case error(String)
    }

    /// One machine.
    public struct Target: Hashable, Sendable {
        /// Its name in the file: `cuda-sm_90a`.
        public let name: String
        /// What came out.
        public let result: Result

        /// A machine with what came out.
        public init(name: String, result: Result) { (self.name, self.result) = (name, result) }
    }

    /// What ran on this project's processor: lines of C, and the largest error over seeds of noise, as a share of the largest value.
    public struct Run: Hashable, Sendable {
        /// Lines of C.
        public let lines: Int
        /// How many seeds.
        public let seeds: Int
        /// The largest error.
        public let largestError: Double

        /// A run.
        public init(lines: Int, seeds: Int, largestError: Double) {
            (self.lines, self.seeds, self.largestError) = (lines, seeds, largestError)
        }
    }

    /// The program's name.
    public let program: String
    /// Its sizes by name.
    public let sizes: [(name: String, value: Int)]
    /// The machines, in the file's order.
    public let targets: [Target]
    /// What ran here.
    public let run: Run

    /// A program as it was lowered.
    public init(program: String, sizes: [(name: String, value: Int)], targets: [Target], run: Run) {
        (self.program, self.sizes, self.targets, self.run) = (program, sizes, targets, run)
    }

    /// Equal when the names and what came out are.
    public static func == (a: LoweredProgram, b: LoweredProgram) -> Bool {
        a.program == b.program && a.targets == b.targets && a.run == b.run && a.sizes.elementsEqual(b.sizes) { $0 == $1 }
    }
    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(program) }
}

/// All programs that were lowered together.
public struct LoweringRecord: Hashable, Sendable {
    /// The version of TileLang.
    public let version: String
    /// The day.
    public let date: String
    /// The programs.
    public let programs: [LoweredProgram]

    /// A record.
    public init(version: String, date: String, programs: [LoweredProgram]) {
        (self.version, self.date, self.programs) = (version, date, programs)
    }
}
