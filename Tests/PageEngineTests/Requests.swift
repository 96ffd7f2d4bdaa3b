// What the tests of the page's engine share: the engine as a page loads it, and requests of every sort.

import Foundation
import Lessons
import Mechanisms
import PageEngine
import Traces

let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

let diary = try! Diary(file: repository + "/lessons/diary.yaml")
let advances = try! String(contentsOfFile: repository + "/assets/fonts/advances.json", encoding: .utf8).filter { $0 != "\n" }

/// What a page hands over first.
var loading: [UInt8] { Array("{\"diary\": \(diary.json()), \"advances\": \(advances)}".utf8) }

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
                default: try engine.scene(Array(text.utf8))
                }
            return String(decoding: bytes, as: UTF8.self)
        } catch { return String(decoding: error.json, as: UTF8.self) }
    }

    static func run(_ question: String, _ language: Language = .en, _ switches: [String] = []) -> String {
        "{\"language\": \"\(language.rawValue)\", \"question\": \"\(question)\", \"switches\": [\(switches.map { "\"\($0)\"" }.joined(separator: ", "))]}"
    }

    static func scene(_ figure: String, _ runs: [String], _ options: String = "{}") -> Request {
        Request(function: "s", text: "{\"figure\": \"\(figure)\", \"runs\": [\(runs.joined(separator: ", "))], \"options\": \(options)}")
    }

    static func explanation(_ run: String, _ cell: String, allTerms: Bool = false) -> Request {
        Request(function: "e", text: "{\"run\": \(run), \"cell\": \"\(cell)\", \"allTerms\": \(allTerms)}")
    }
}
