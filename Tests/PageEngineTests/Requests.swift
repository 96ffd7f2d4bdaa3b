// What the tests of the page's engine share: the engine as a page loads it, and requests of every sort.

import Foundation
import Lessons
import Mechanisms
import ModelFiles
import PageEngine
import ReferenceCases
import Traces

let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

let diary = try! Diary(file: repository + "/lessons/diary.yaml")
let advances = try! String(contentsOfFile: repository + "/assets/fonts/advances.json", encoding: .utf8).filter { $0 != "\n" }

/// Reference cases that a page brings.
let cases = ["dsa-tiny-fp8-kv", "dsa-tiny-exact"]
/// The file of a case.
func caseFile(_ name: String) -> String { "\(repository)/assets/cases/\(name).safetensors" }
private let caseTexts = cases.map { try! ReferenceCase(path: caseFile($0)).pageCase(sha256: "5a").json() }

/// What a page hands over first.
var loading: [UInt8] {
    Array("{\"diary\": \(diary.json()), \"advances\": \(advances), \"cases\": [\(caseTexts.joined(separator: ", "))]}".utf8)
}

/// One function of the engine with a request.
struct Request: CustomStringConvertible {
    let function: Character
    let text: String
    var description: String { "\(function)\(text)" }

    /// What the command's own build answers; errors as a page gets them.
    func answer(_ engine: inout PageEngine) -> String {
        do throws(PageError) {
            let bytes =
                switch function {
                case "t": try engine.steps(Array(text.utf8))
                case "e": try engine.explanation(Array(text.utf8))
                case "r": try engine.readouts(Array(text.utf8))
                default: try engine.scene(Array(text.utf8))
                }
            return String(decoding: bytes, as: UTF8.self)
        } catch { return String(decoding: error.json, as: UTF8.self) }
    }

    static func run(_ question: String, _ language: Language = .en, _ switches: [String] = []) -> String {
        "{\"language\": \"\(language.rawValue)\", \"question\": \"\(question)\", \"switches\": [\(switches.map { "\"\($0)\"" }.joined(separator: ", "))]}"
    }

    /// A run of a reader's own text.
    static func text(_ text: String, _ language: Language = .en, words: String = "[]", _ switches: [String] = []) -> String {
        "{\"language\": \"\(language.rawValue)\", \"text\": \(JSON.quoted(text)), \"words\": \(words), \"switches\": [\(switches.map { "\"\($0)\"" }.joined(separator: ", "))]}"
    }

    /// A run of a case.
    static func referenceCase(_ name: String, _ language: Language = .en, paths: [String] = ["masked"], _ switches: [String] = []) -> String
    {
        func list(_ texts: [String]) -> String { texts.map { "\"\($0)\"" }.joined(separator: ", ") }
        return
            "{\"language\": \"\(language.rawValue)\", \"case\": \"\(name)\", \"paths\": [\(list(paths))], \"switches\": [\(list(switches))]}"
    }

    static func readouts(_ run: String, goal: String? = nil) -> Request {
        Request(function: "r", text: "{\"run\": \(run)\(goal.map { ", \"goal\": \($0)" } ?? "")}")
    }

    static func scene(_ figure: String, _ runs: [String], _ options: String = "{}") -> Request {
        Request(function: "s", text: "{\"figure\": \"\(figure)\", \"runs\": [\(runs.joined(separator: ", "))], \"options\": \(options)}")
    }

    static func explanation(_ run: String, _ cell: String, allTerms: Bool = false) -> Request {
        Request(function: "e", text: "{\"run\": \(run), \"cell\": \"\(cell)\", \"allTerms\": \(allTerms)}")
    }
}
