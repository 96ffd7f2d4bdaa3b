// attn trace --follow: a model's own continuation, each token's pass in the trace.

internal import ArgumentParser
internal import Mechanisms
internal import ModelFiles
internal import Traces

enum FollowedText {
    /// The trace of the text and of up to `count` tokens more, which the model finds likeliest.
    static func trace(_ source: SourceOptions, _ count: Int) throws -> Trace {
        guard let path = source.reader.model,
            [source.lesson, source.case, source.trace, source.given.attention].allSatisfy({ $0 == nil })
        else { throw UsageError("--follow: expected with --model alone, which has tokens to follow") }
        guard count > 0 else { throw UsageError("--follow: expected at least 1 token, found \(count)") }
        guard source.reader.question == nil else { throw UsageError("--question: expected with --lesson") }
        try source.checkReader()
        guard let text = source.reader.text else { throw UsageError("--model needs --text TEXT") }
        guard !text.isEmpty else { throw FileError(.badData, "--text", "expected at least one character, found an empty text") }
        let folder = try ModelFolder(path: path)
        let loaded = try folder.load()
        loaded.warnings.forEach(Output.complain)
        let prompt = folder.tokenizer.encode(text)
        let (trace, whole) = try loaded.model.record(
            Continuation(of: prompt, by: loaded.model, endIDs: folder.endIDs), following: count,
            label: { folder.tokenizer.token($0) ?? "?" })
        let added = whole.tokenIDs.count - prompt.count
        if added < count {
            let why = whole.end == .endToken ? "the model ended the text" : "the context of the model is full"
            Output.complain("\(path): \(why): \(added) of \(count) tokens follow")
        }
        return trace
    }
}
