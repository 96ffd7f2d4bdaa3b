// The engine that a page carries: its WebAssembly, and what it is loaded with. Whoever writes pages brings both, since they are files.

internal import Foundation
internal import Traces

/// What a page needs to compute by itself.
public struct EngineInPage: Sendable {
    /// `page-engine.wasm`, gzipped.
    private let program: [UInt8]
    /// The diary and the table of advances as JSON.
    private let diary, advances: String
    /// A reference case as JSON, by its base name.
    private let referenceCase: @Sendable (String) throws -> String

    /// An engine with what it is loaded with.
    public init(program: [UInt8], diary: String, advances: String, referenceCase: @escaping @Sendable (String) throws -> String) {
        self.program = program
        self.diary = diary
        self.advances = advances
        self.referenceCase = referenceCase
    }

    /// The program as text.
    var base64: String { Data(program).base64EncodedString() }

    /// What the engine is loaded with, for a page that asks for these cases.
    func loading(cases: Set<String>) throws -> String {
        let texts = try cases.sorted().map(referenceCase)
        return HTMLText.inScript("{\"diary\":\(diary),\"advances\":\(advances),\"cases\":[\(texts.joined(separator: ","))]}")
    }
}
