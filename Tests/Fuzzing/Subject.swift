// What is fuzzed: every parser, followed through to the figure or the answer that a reader would get.

import CairoRenderer
import Diagrams
import Foundation
import ModelFiles
import Traces

/// One parser with what stands behind it.
package struct Subject: Sendable {
    /// How far a mutant came.
    package enum Outcome: String, Sendable {
        /// A figure was drawn, or a question answered.
        case answered
        /// It was refused with an error of ours.
        case refused
    }

    /// The name, for reports.
    package let name: String
    /// What mutants are made of.
    package let form: Mutator.Form
    /// Real inputs.
    package let seeds: [[UInt8]]
    /// Reads one input and answers; throws one of our errors where it refuses. `choice` picks among figures and cells.
    package let answer: @Sendable (_ input: [UInt8], _ choice: inout Mutator) throws -> Void

    /// Runs the mutant of `seed`; an error that the command would not know is thrown on.
    package func run(seed: UInt64) throws -> Outcome {
        var mutator = Mutator(seed: seed)
        let input = mutator.mutant(of: mutator.pick(seeds), form, other: mutator.pick(seeds))
        return try run(input, &mutator)
    }

    /// The refusal of one of the real inputs, which all must be answered; nil if they are.
    package func refusalOfSeed() -> String? {
        for seed in seeds {
            var choice = Mutator(seed: 1)
            do { try answer(seed, &choice) } catch { return "\(error)" }
        }
        return nil
    }

    /// Runs one input.
    package func run(_ input: [UInt8], _ choice: inout Mutator) throws -> Outcome {
        do {
            try answer(input, &choice)
            return .answered
        } catch {
            guard Self.isOurs(error) else { throw error }
            guard !"\(error)".isEmpty else { throw error }
            return .refused
        }
    }

    private static func isOurs(_ error: any Error) -> Bool {
        error is FileError || error is EngineError || error is FigureError || error is RendererError || Texts.isOurs(error)
    }
}

/// Answers that several subjects give.
enum Answers {
    /// A cell explained, then a figure drawn of the trace.
    static func of(_ trace: Trace, _ choice: inout Mutator) throws {
        guard !trace.steps.isEmpty else { return }
        let step = choice.pick(trace.steps)
        if step.output.shape.count > 0 {
            let cell = step.output.shape.index(ofOffset: choice.below(step.output.shape.count))
            _ = try step.explain(cell).lines(choice.pick(Language.allCases))
        }
        let data = FigureData(traces: [(name: "mutant", trace: trace)], provenance: Provenance(name: "mutant"))
        let figure = choice.pick(Figures.all.filter { $0.needs == .traces })
        var options = FigureOptions()
        if choice.below(2) == 0 { options.step = step.id.text }
        if choice.below(4) == 0 { options.head = .one(choice.below(4)) }
        if choice.below(4) == 0 { options.query = choice.below(20) }
        // A figure may refuse a trace that explains itself: a step without rows, a trace without an indexer. That is an answer too.
        do { try draw(figure, data, options, &choice) } catch let error as FigureError { _ = error.description } catch let error
            as EngineError
        { _ = error.description }
    }

    /// A figure drawn to the end: the scene, and for one in four the picture.
    static func draw(_ figure: Figure, _ data: FigureData, _ given: FigureOptions, _ choice: inout Mutator) throws {
        var options = given
        options.language = choice.pick(Language.allCases)
        let renderer = CairoRenderer()
        let scene = try figure.draw(data, options, renderer.measurer)
        switch choice.below(8) {
        case 0: _ = try renderer.svg(scene, idPrefix: "f")
        case 1: _ = try renderer.png(scene, scale: 0.5)
        default: break
        }
    }

    /// The input as a file of the given name in a folder of its own, gone afterwards.
    static func withFile<Result>(_ name: String, _ input: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(input).write(to: file)
        return try body(file.path)
    }
}
