// The engine in WebAssembly against the engine in the command, byte by byte: page-engine.wasm under the toolchain's wasmkit. `make page-engine` builds
// it, where the toolchain can; where it was not built, or from other sources, this suite has nothing to hold.

import Diagrams
import Foundation
import Mechanisms
import PageEngine
import Testing
import Traces

private let module = ProcessInfo.processInfo.environment["PAGE_ENGINE"] ?? repository + "/.build/page-engine/page-engine.wasm"

/// Whether the module is there and no source is newer.
private let isBuilt: Bool = {
    func written(_ path: String) -> Date? { try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date }
    guard let built = written(module) else { return false }
    return ["Traces", "Mechanisms", "Records", "TileMachine", "Diagrams", "PageEngine"].allSatisfy { folder in
        let path = repository + "/Sources/" + folder
        return (FileManager.default.subpaths(atPath: path) ?? []).allSatisfy { (written(path + "/" + $0) ?? .distantFuture) <= built }
    }
}()

@Suite(.enabled(if: isBuilt, "page-engine.wasm was not built from these sources: make page-engine"))
struct WebAssemblyTests {
    /// What the module answers to each request.
    private func answers(_ requests: [Request]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "page-engine-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "requests"), folder.appending(path: "answers"))
        let lines = ["l" + String(decoding: loading, as: UTF8.self)] + requests.map(\.description)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: input)
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["wasmkit", "run", module]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let text = try String(contentsOf: output, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(text.first == "{}" && text.count == requests.count + 2)
        return Array(text.dropFirst().dropLast())
    }

    private func hold(_ requests: [Request]) throws {
        var engine = try PageEngine(loading: loading)
        for (request, answer) in zip(requests, try answers(requests)) {
            let own = request.answer(&engine).replacingOccurrences(of: "\n", with: " ")
            #expect(answer == own, "\(request.description.prefix(300))")
        }
    }

    @Test func `the steps of every question are the command's, in both languages and with switches`() throws {
        var requests = diary.questions.flatMap { question in
            Language.allCases.map { Request(function: "t", text: Request.run(question.name, $0)) }
        }
        for name in ["top-k=2", "no-relu", "no-head-weights", "select=oracle", "select=recent", "mask-after-softmax"] {
            requests.append(Request(function: "t", text: Request.run("trip", .en, [name])))
        }
        requests.append(Request(function: "t", text: "{\"text\": \"Mei flew to Shanghai. Trip went where?\"}"))
        requests.append(Request(function: "t", text: "{\"text\": \"\"}"))
        try hold(requests)
    }

    @Test(arguments: Language.allCases) func `cells of every step are explained as in the command`(language: Language) throws {
        let trace = try diary.trace(of: diary.tokens(of: diary.text(question: "trip", language: language)), language: language)
        let run = Request.run("trip", language)
        let requests = trace.steps.flatMap { step in
            [0, step.output.shape.count / 2, step.output.shape.count - 1].map { offset in
                let index = step.output.shape.index(ofOffset: offset).map(String.init).joined(separator: ",")
                return Request.explanation(run, "\(step.id)[\(index)]", allTerms: offset == 0)
            }
        }
        try hold(requests + [Request.explanation(run, "attention.scores[0,99,0]"), Request.explanation(run, "nonsense[0]")])
    }

    @Test(arguments: Language.allCases) func `every figure of a trace is the command's scene`(language: Language) throws {
        let figures = Figures.all.filter { $0.needs == .traces || $0.needs == .nothing }
        let runs = [Request.run("trip", language), Request.run("breakfast", language)]
        var requests = figures.flatMap { figure in
            let query = figure.takes.contains(.query) ? ", \"query\": 9" : ""
            return ["{}", "{\"theme\": \"dark\", \"preset\": \"phone\"}", "{\"theme\": \"print\", \"preset\": \"slide\"\(query)}"].map {
                Request.scene(figure.name, runs, $0)
            }
        }
        requests.append(.scene("matrix", runs, "{\"step\": \"selected\"}"))
        requests.append(.scene("matrix", runs, "{\"step\": \"attention.scores\", \"head\": 1, \"query\": 9, \"key\": 4}"))
        requests.append(.scene("matrix", runs, "{\"head\": 7}"))
        requests.append(
            .scene("matrix", ["{\"text\": \"\(Array(repeating: "Dali flew to Shanghai .", count: 16).joined(separator: " "))\"}"]))
        try hold(requests)
    }
}
