// The page's engine without a page, for tests and for whoever builds pages: `PageEngineHost load` prints what a page hands over first, and
// `PageEngineHost serve` answers requests from standard input as page-engine.wasm does: a letter for the function (t, e, s), then the request.

import Lessons
import Mechanisms
import ModelFiles
import PageEngine

@main
struct PageEngineHost {
    static func main() throws {
        let advances = try String(decoding: WholeFile.read("assets/fonts/advances.json"), as: UTF8.self).filter { $0 != "\n" }
        let loading = "{\"diary\": \(try Diary(file: "lessons/diary.yaml").json()), \"advances\": \(advances)}"
        if CommandLine.arguments.last == "load" { return print(loading) }
        var engine = try PageEngine(loading: Array(loading.utf8))
        while let line = readLine() {
            let answer = String(decoding: answer(line, &engine), as: UTF8.self)
            print(String(answer.map { $0 == "\n" ? " " : $0 }))
        }
    }

    private static func answer(_ line: String, _ engine: inout PageEngine) -> [UInt8] {
        let request = Array(line.utf8.dropFirst())
        do throws(PageError) {
            switch line.first {
            case "t": return try engine.steps(request)
            case "e": return try engine.explanation(request)
            default: return try engine.scene(request)
            }
        } catch { return error.json }
    }
}
