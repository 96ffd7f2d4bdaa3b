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
    /// Packs bytes in zlib's format, which browsers unpack.
    private let deflate: @Sendable ([UInt8]) -> [UInt8]

    /// An engine with what it is loaded with.
    public init(
        program: [UInt8], diary: String, advances: String, referenceCase: @escaping @Sendable (String) throws -> String,
        deflate: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
        (self.program, self.diary, self.advances) = (program, diary, advances)
        (self.referenceCase, self.deflate) = (referenceCase, deflate)
    }

    /// The program as text.
    var base64: String { Data(program).base64EncodedString() }

    /// What the engine is loaded with, for a page that asks for these cases; packed.
    func loading(cases: Set<String>) throws -> String {
        let texts = try cases.sorted().map(referenceCase)
        return packed("{\"diary\":\(diary),\"advances\":\(advances),\"cases\":[\(texts.joined(separator: ","))]}")
    }

    /// A text, packed, in base64.
    func packed(_ text: String) -> String { Data(deflate(Array(text.utf8))).base64EncodedString() }
}
