// How fast a whole model is: the forward pass over a text with nothing kept, and the tokens that follow one by one, in Float32 or exactly. The Swift side
// of model_vs_pytorch.py: it says seconds on the clock and on processors, and the likeliest tokens, so that both sides can be seen to compute the same.
// Arguments: MODEL, fast or exact, and token ids.

import AttentionKernels
import Mechanisms
import ModelFiles
import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct ModelTiming {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let ids = arguments.dropFirst(2).compactMap { Int($0) }
        guard arguments.count > 2, ids.count == arguments.count - 2, ["fast", "exact"].contains(arguments[2]) else {
            print("usage: ModelTiming MODEL fast|exact ID…")
            return
        }
        let model = try ModelFolder(path: arguments[1]).load().model
        let weights = try model.recorder(computing: arguments[2] == "fast" ? FloatEngine().computing : nil)
        // The first pass reads the weights from the file.
        for round in ["first", "forward", "forward", "forward"] {
            var recorder = weights
            try time(round) { "\(likeliest(try model.record(ids, cache: nil, on: &recorder).logits.tensor, of: ids))" }
        }
        var text = try Continuation(of: ids, by: model, endIDs: [])
        try time("prompt") { "\(try text.next(on: weights) ?? -1)" }
        try time("16 tokens") {
            for _ in 0..<16 { _ = try text.next(on: weights) }
            return text.tokenIDs.suffix(16).map(String.init).joined(separator: ",")
        }
    }

    private static func likeliest(_ logits: Tensor, of ids: [Int]) -> Int {
        let last = logits.slice(.t, at: ids.count - 1).values
        return last.firstIndex(of: last.max()!)!
    }

    /// Prints how long `body` took, and what it found.
    private static func time(_ name: String, _ body: () throws -> String) rethrows {
        let (clock, processor) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
        let found = try body()
        print("\(name): \(seconds(CLOCK_MONOTONIC) - clock) s, \(seconds(CLOCK_PROCESS_CPUTIME_ID) - processor) s on processors, \(found)")
        fflush(nil)
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
