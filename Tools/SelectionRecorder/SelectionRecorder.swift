// Records the experiments of lesson 6: what a model loses on a text when each layer keeps a few keys, and which tokens its layers select. By the exact
// engine, so that the same model and text give the same digits; `make selection-records` runs it.
//
//     SelectionRecorder losses MODEL NAME TEXTFILE CHOOSER:K,K,…  …    a row of selection-loss.csv for each run, dense attention first
//     SelectionRecorder map    MODEL NAME TEXTFILE K                   selection-map.json

import Mechanisms
import ModelFiles
import Records
import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct SelectionRecorder {
    private let model: LanguageModel
    private let name: String
    private let tokenIDs: [Int]
    private let tokens: [String]

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count > 4, ["losses", "map"].contains(arguments[0]) else {
            throw FileError(.badData, "SelectionRecorder", "expected losses or map, a model, its name, a file with a text, and what to run")
        }
        let recorder = try SelectionRecorder(model: arguments[1], name: arguments[2], text: arguments[3])
        if arguments[0] == "map" { return print(try recorder.map(topK: number(arguments[4])).text()) }
        say(SelectionLoss.csvHeader)
        say(try recorder.run(nil).csv)
        for selection in try arguments.dropFirst(4).flatMap(selections) { say(try recorder.run(selection).csv) }
    }

    private init(model path: String, name: String, text file: String) throws {
        let folder = try ModelFolder(path: path)
        // As $(cat …) hands it over: without the line feeds at the end.
        var text = try WholeFile.read(file)
        while text.last == UInt8(ascii: "\n") { text.removeLast() }
        model = try folder.model()
        self.name = name
        tokenIDs = folder.tokenizer.encode(String(decoding: text, as: UTF8.self))
        tokens = tokenIDs.map { folder.tokenizer.token($0) ?? "?" }
    }

    private static func number(_ text: some StringProtocol) throws -> Int {
        guard let number = Int(text), number > 0 else {
            throw FileError(.badData, "SelectionRecorder", "expected a number above 0, found \(text)")
        }
        return number
    }

    /// The selections that `oracle/2:4,8` names.
    private static func selections(_ text: String) throws -> [LayerSelection] {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw FileError(.badData, "SelectionRecorder", "expected CHOOSER:K,K,… found \(text)") }
        return try parts[1].split(separator: ",", omittingEmptySubsequences: false).map {
            try LayerSelection(chooser: String(parts[0]), topK: number($0))
        }
    }

    /// Prints a line at once: a run takes a minute.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// One run, dense without a selection.
    private func run(_ selection: LayerSelection?) throws -> SelectionLoss {
        // A choice ranks the dense weights of its layer.
        let kept = KeptSteps([.loss]).and(KeptSteps { $0.role == .selected || $0.role == .weights && $0.branch == .attention })
        let trace = try model.record(
            tokenIDs: tokenIDs, tokens: tokens, selection: selection, keeping: selection == nil ? KeptSteps([.loss]) : kept)
        func mass(_ layer: Int) throws -> Double {
            guard selection != nil else { return 1 }
            let rows = try trace.selection(StepID([.layer(layer)], .selected)).rows.compactMap(\.massKept)
            return rows.reduce(0, +) / Double(rows.count)
        }
        return SelectionLoss(
            chooser: selection?.chooser ?? "dense", keys: selection?.topK ?? tokenIDs.count, meanLoss: try trace.value("mean_loss", []),
            massKeptFirst: try mass(0), massKeptLast: try mass(model.architecture.facts.layers - 1), model: name)
    }

    /// Which tokens dense attention would have each layer select, its heaviest `topK`.
    private func map(topK: Int) throws -> JSONText {
        let trace = try model.record(tokenIDs: tokenIDs, tokens: tokens, keeping: KeptSteps([.weights]))
        let weights = try trace.attentions.filter(\.isDense).map { try trace.step($0.weights) }
        let map = try SelectionMap(model: name, topK: topK, tokens: tokens, heaviestOf: weights)
        guard let json = map.json else { throw FileError(.badData, "SelectionRecorder", "expected layers without windows, found others") }
        return json
    }
}
