// The page's engine without a page, for tests and for whoever builds pages: `PageEngineHost load [CASE.safetensors=SHA256…]` prints what a page hands over
// first, and `PageEngineHost serve [CASE.safetensors=SHA256…]` answers requests from standard input as page-engine.wasm does: a letter for the function
// (t, e, r, s), then the request.

import Lessons
import Mechanisms
import ModelFiles
import PageEngine
import ReferenceCases

@main
struct PageEngineHost {
    static func main() throws {
        let loading = try loading(cases: CommandLine.arguments.dropFirst(2))
        if CommandLine.arguments.dropFirst().first == "load" { return print(loading) }
        var engine = try PageEngine(loading: Array(loading.utf8))
        while let line = readLine() {
            print(String(decoding: answer(line, &engine).map { $0 == 10 ? 32 : $0 }, as: UTF8.self))
        }
    }

    private static func loading(cases: ArraySlice<String>) throws -> String {
        let advances = try String(decoding: WholeFile.read("assets/fonts/advances.json"), as: UTF8.self).filter { $0 != "\n" }
        let texts = try cases.map { argument in
            let parts = argument.split(separator: "=").map(String.init)
            return try ReferenceCase(path: parts[0]).pageCase(sha256: parts.count > 1 ? parts[1] : nil).json()
        }
        let diary = try Diary(file: "lessons/diary.yaml").json()
        return "{\"diary\": \(diary), \"advances\": \(advances), \"cases\": [\(texts.joined(separator: ", "))]}"
    }

    private static func answer(_ line: String, _ engine: inout PageEngine) -> [UInt8] {
        let request = Array(line.utf8.dropFirst())
        do throws(PageError) {
            switch line.first {
            case "t": return try engine.steps(request)
            case "e": return try engine.explanation(request)
            case "r": return try engine.readouts(request)
            default: return try engine.scene(request)
            }
        } catch { return error.json }
    }
}
