// Timing dense and sparse attention at growing lengths: median of several runs, growth exponents fitted in log-log, agreement with a computation in
// Double. Memory is computed and compared with what is free before anything is allocated; a cancelled measurement keeps what it has.

public import Records
public import Traces

/// What to measure.
public struct MeasurementOptions: Hashable, Sendable {
    /// Whose time is measured.
    public enum Phase: String, CaseIterable, Hashable, Sendable {
        /// One query at the end of a context, V3.2-Exp's dimensions.
        case decode
        /// A whole causal sequence, at a smaller width.
        case prefill
    }

    /// The phase.
    public var phase: Phase
    /// Lengths, ascending.
    public var lengths: [Int]
    /// Runs at each length; the median counts. One round more goes before, to warm up.
    public var runs: Int
    /// The dimensions.
    public var dimensions: DecodeDimensions
    /// Whether results are checked against Double.
    public var checksAgreement: Bool
    /// Seconds after which no further run is begun, and twice which no further check, or nil.
    public var secondsLimit: Double?
    /// The least length that growth exponents are fitted to: at shorter ones fixed costs and caches bend the line.
    public var fitsFrom: Int

    /// 1K to 128K positions for decode, 1K to 16K for prefill, 9 runs; `quick`: 3 runs, prefill to 4K, and no run begun after 6 seconds (decode)
    /// or 3 (prefill). Exponents are fitted from 8K positions on for decode, where a layer's latents (18.9 MB) no longer fit beside all
    /// else in a last-level cache of usual size; from 1K on for prefill, whose time is long everywhere.
    public init(_ phase: Phase, quick: Bool = false) {
        self.phase = phase
        let last = phase == .decode ? 17 : quick ? 12 : 14
        lengths = (10...last).map { 1 << $0 }
        runs = quick ? 3 : 9
        dimensions = phase == .decode ? .deepSeekV32 : PrefillKernel.timedDimensions
        checksAgreement = true
        secondsLimit = quick ? (phase == .decode ? 6 : 3) : nil
        fitsFrom = phase == .decode ? 8192 : 1024
    }

    /// Throws unless there are lengths, ascending and from 1 to 2^24, and 1 to 1000 runs.
    func check() throws(EngineError) {
        let ascends = zip(lengths, lengths.dropFirst()).allSatisfy { $0 < $1 }
        guard !lengths.isEmpty, ascends, lengths.allSatisfy({ (1...1 << 24).contains($0) }) else {
            throw EngineError(.value, "lengths", expected: "ascending numbers from 1 to \(1 << 24)", found: "\(lengths)")
        }
        guard (1...1000).contains(runs) else { throw EngineError(.value, "runs", expected: "1 to 1000", found: "\(runs)") }
    }

    /// Bytes that the measurement needs at its largest length: inputs, outputs and working memory.
    public var memoryNeeded: Int {
        let (d, length, cores) = (dimensions, lengths.last ?? 0, Threads.count)
        let values: Int
        switch phase {
        case .decode:
            values =
                length * (d.key + 2 * d.indexWidth + 2) + DecodeInput.panel * d.indexWidth + min(length, d.topK) * d.key
                + cores * DecodeKernel.scratch(d) + (cores + 2) * d.heads * (d.latent + 2)
        case .prefill:
            let inputs = length * (d.heads * d.key + d.key + d.indexHeads * (d.indexWidth + 1) + d.indexWidth)
            let outputs = 2 * length * (d.heads * d.latent + d.topK)
            values =
                inputs + outputs + cores * PrefillKernel.tile
                * (length + d.heads * (PrefillKernel.block + d.latent) + d.indexHeads * PrefillKernel.block)
        }
        return 4 * values + 8 * length
    }
}

/// A measurement's results.
public struct MeasurementReport: Sendable {
    /// One length.
    public struct Row: Hashable, Sendable {
        /// Positions.
        public let length: Int
        /// Dense attention.
        public let dense: MeasuredTime
        /// DSA: indexer, top-k, sparse attention.
        public let sparse: MeasuredTime
        /// How well results agree with Double; nil if that was not asked.
        public let agreement: Agreement?
        /// Dense time over sparse time.
        public var speedup: Double { dense.median / sparse.median }
    }

    /// What was measured.
    public let options: MeasurementOptions
    /// On what.
    public let machine: Machine
    /// Lengths that were measured.
    public let rows: [Row]
    /// Whether every run was made: false after an interruption, or when the time limit was reached.
    public let isComplete: Bool

    /// The rows that exponents are fitted to: those of `options.fitsFrom` positions or more, or all if fewer than two are that long.
    public var fittedRows: [Row] {
        let long = rows.filter { $0.length >= options.fitsFrom }
        return long.count < 2 ? rows : long
    }
    /// How time grows with length: time ∝ length^exponent, fitted to the dense times of `fittedRows`; nil with fewer than two lengths.
    public var denseGrowth: GrowthFit? { GrowthFit(fittedRows.map { (Double($0.length), $0.dense.median) }) }
    /// The same for the sparse times.
    public var sparseGrowth: GrowthFit? { GrowthFit(fittedRows.map { (Double($0.length), $0.sparse.median) }) }
}

/// A straight line through logarithms, by least squares.
public struct GrowthFit: Hashable, Sendable {
    /// The slope: time ∝ length^exponent.
    public let exponent: Double
    /// Root mean square of what the line misses, in natural logarithms (0.1: about 10 %).
    public let residual: Double

    /// The fit of points above zero; nil with fewer than two, or if all lengths are one.
    public init?(_ points: [(length: Double, time: Double)]) {
        guard points.count >= 2, points.allSatisfy({ $0.length > 0 && $0.time > 0 && $0.length.isFinite && $0.time.isFinite }) else {
            return nil
        }
        let x = points.map { VectorMath.log($0.length) }
        let y = points.map { VectorMath.log($0.time) }
        let n = Double(points.count)
        let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
        let spread = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
        guard spread > 0 else { return nil }
        let slope = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / spread
        let squares = zip(x, y).reduce(0) { $0 + ($1.1 - meanY - slope * ($1.0 - meanX)) * ($1.1 - meanY - slope * ($1.0 - meanX)) }
        exponent = slope
        residual = (squares / n).squareRoot()
    }
}

/// Runs measurements.
public enum Measurement {
    /// How far it has come.
    public struct Progress: Hashable, Sendable {
        /// Runs that are done, those to warm up among them.
        public let done: Int
        /// Runs in all.
        public let total: Int
        /// The length being measured.
        public let length: Int
        /// Whether results are being checked; otherwise they are being timed.
        public let isChecking: Bool
    }

    /// Measures: one round over all lengths to warm up, then `runs` rounds. A round goes through the lengths, dense and sparse in turn, so that what
    /// else the machine does at some time falls on all lengths alike. Throws, before allocating, if options are wrong or memory does not suffice.
    /// - Parameters:
    ///   - availableMemory: bytes that may be used; nil if unknown.
    ///   - progress: called before every run.
    ///   - isCancelled: asked before every run; true ends the measurement with what is measured so far, results unchecked.
    public static func run(
        _ options: MeasurementOptions, availableMemory: Int? = Machine.availableMemory, progress: (Progress) -> Void = { _ in },
        isCancelled: () -> Bool = { false }
    ) throws(EngineError) -> MeasurementReport {
        try options.check()
        let needed = options.memoryNeeded
        if let availableMemory, needed > availableMemory {
            throw EngineError(
                .value, "length \(options.lengths.last!)", expected: "at most \(availableMemory) bytes, as many as are free",
                found: "a need of \(needed)")
        }
        let clock = ContinuousClock()
        let start = clock.now
        let subject = try Subject(options)
        var times = options.lengths.map { _ in [[Double](), [Double]()] }
        let ending = try time(subject, options, &times, progress, isCancelled)
        var rows: [MeasurementReport.Row] = []
        for (length, times) in zip(options.lengths, times) where !times[0].isEmpty && !times[1].isEmpty {
            var agreement: Agreement?
            let isLate = options.secondsLimit.map { (clock.now - start) / .seconds(1) > 2 * $0 } ?? false
            if options.checksAgreement, !isLate, !isCancelled() {
                progress(Progress(done: 1, total: 1, length: length, isChecking: true))
                agreement = try subject.agreement(length)
            }
            rows.append(.init(length: length, dense: .init(of: times[0]), sparse: .init(of: times[1]), agreement: agreement))
        }
        return MeasurementReport(options: options, machine: .current, rows: rows, isComplete: ending)
    }

    /// Fills `times` [length][dense, sparse]; true if every run was made.
    private static func time(
        _ subject: Subject, _ options: MeasurementOptions, _ times: inout [[[Double]]], _ progress: (Progress) -> Void,
        _ isCancelled: () -> Bool
    ) throws(EngineError) -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        let (lengths, total) = (options.lengths, options.lengths.count * (options.runs + 1) * 2)
        for run in 0...options.runs {
            for (i, length) in lengths.enumerated() {
                for kind in 0...1 {
                    let late = options.secondsLimit.map { (clock.now - start) / .seconds(1) / $0 } ?? 0
                    if isCancelled() || (run > 1 && late > 1) { return false }
                    if run == 0, late > 0.25 { continue }  // a slow machine is warm enough
                    progress(Progress(done: (run * lengths.count + i) * 2 + kind, total: total, length: length, isChecking: false))
                    let begin = clock.now
                    try subject.run(isDense: kind == 0, length)
                    if run > 0 { times[i][kind].append((clock.now - begin) / .seconds(1)) }
                }
            }
        }
        return true
    }

    /// Kernel and inputs of one phase.
    private enum Subject {
        case decode(DecodeKernel, DecodeInput)
        case prefill(PrefillKernel, PrefillInput)

        init(_ options: MeasurementOptions) throws(EngineError) {
            let (d, length) = (options.dimensions, options.lengths.last!)
            switch options.phase {
            case .decode: self = .decode(try DecodeKernel(d, capacity: length), .seeded(d, length: length))
            case .prefill: self = .prefill(PrefillKernel(d), .seeded(d, length: length))
            }
        }

        func run(isDense: Bool, _ length: Int) throws(EngineError) {
            switch (self, isDense) {
            case (.decode(let kernel, let input), true): _ = try kernel.dense(input, length: length)
            case (.decode(let kernel, let input), false): _ = try kernel.sparse(input, length: length)
            case (.prefill(let kernel, let input), true): _ = try kernel.dense(input, length: length)
            case (.prefill(let kernel, let input), false): _ = try kernel.sparse(input, length: length)
            }
        }

        func agreement(_ length: Int) throws(EngineError) -> Agreement {
            switch self {
            case .decode(let kernel, let input): try Agreement.of(kernel, input, length: length)
            case .prefill(let kernel, let input): try Agreement.of(kernel, input, length: length)
            }
        }
    }
}
