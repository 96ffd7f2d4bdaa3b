// attn trace --follow: a model's own continuation, each token's pass in the trace.

internal import ArgumentParser
internal import Mechanisms
internal import ModelFiles
internal import Traces

enum FollowedText {
    /// The most tokens that are followed: each leaves a pass of its own.
    private static let most = 4096

    /// The trace of the text and of up to `count` tokens more, which the model finds likeliest.
    /// - Parameter keeping: the steps that stay.
    static func trace(_ source: SourceOptions, _ count: Int, _ language: Language, keeping choice: ModelRun.Choice, isFast: Bool) throws
        -> Trace
    {
        guard let path = source.reader.model,
            [source.lesson, source.case, source.trace, source.given.attention].allSatisfy({ $0 == nil })
        else { throw UsageError("--follow: expected with --model alone, which has tokens to follow") }
        guard (1...most).contains(count) else { throw UsageError("--follow: expected 1 to \(most) tokens, found \(count)") }
        guard source.reader.question == nil else { throw UsageError("--question: expected with --lesson") }
        try source.checkReader()
        guard let begun = source.reader.text else { throw UsageError("--model needs --text TEXT") }
        guard !begun.isEmpty else { throw FileError(.badData, "--text", "expected at least one character, found an empty text") }
        let folder = try ModelFolder(path: path)
        let loaded = try folder.load()
        loaded.warnings.forEach(Output.complain)
        let prompt = folder.tokenizer.encode(begun)
        let model = loaded.model
        let text = try Continuation(of: prompt, by: model, endIDs: folder.endIDs)
        let run = ModelRun(
            path: path, advice: "--keep logits keeps less of each pass, --layers fewer of them", model: model, tokenIDs: prompt, tokens: [],
            bound: try source.reader.bound(), isFast: isFast, language: language)
        let plan = try run.admitted(choice, following: count)
        var (trace, whole) = try model.record(
            text, following: count, label: { folder.tokenizer.token($0) ?? "?" }, keeping: plan.keeping)
        trace.float32Layers = plan.float32Layers
        let added = whole.tokenIDs.count - prompt.count
        if added < count {
            let why = whole.end == .endToken ? "the model ended the text" : "the context of the model is full"
            Output.complain("\(path): \(why): \(added) of \(count) tokens follow")
        }
        return trace
    }
}
