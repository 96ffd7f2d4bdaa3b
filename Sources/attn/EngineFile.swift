// The engine for pages, as `make page-engine` leaves it beside the program's folders, and what a page loads it with.

internal import Diagrams
internal import Lessons
internal import Mechanisms
internal import ModelFiles
internal import ReferenceCases

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension EngineInPage {
    /// The engine under `home`, for a diary; nil where it was not built.
    init?(home: String, diary: Diary) throws {
        let places = ["\(home)/page-engine.wasm.gz", "\(home)/.build/page-engine/page-engine.wasm.gz"]
        guard let path = places.first(where: { access($0, R_OK) == 0 }) else { return nil }
        let advances = try WholeFile.read("\(home)/assets/fonts/advances.json")
        self.init(
            program: Array(try WholeFile.read(path)), diary: diary.json(), advances: String(decoding: advances, as: UTF8.self),
            referenceCase: { name in
                let path = "\(home)/assets/cases/\(name).safetensors"
                return try ReferenceCase(path: path).pageCase(sha256: Provenance.sha256(of: path)).json()
            }, deflate: Deflate.packed)
    }
}
