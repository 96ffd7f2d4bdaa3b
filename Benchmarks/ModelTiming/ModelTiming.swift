// The Swift side of model_vs_pytorch.py: reads a model once, then times one thing for each line that it reads, `forward` (a pass over the whole text, of
// which nothing is kept) or `token` (the next token, after those before), and prints the seconds on the clock and the likeliest token, so that both sides
// can be seen to compute the same. Arguments: MODEL, fast or exact, and token ids.

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
        var text = try Continuation(of: ids, by: model, endIDs: [])
        while let line = readLine() {
            switch line {
            case "forward":
                var recorder = weights
                try time { likeliest(try model.record(ids, cache: nil, on: &recorder).logits.slice(.t, at: ids.count - 1).values) }
            case "token": try time { try text.next(on: weights) ?? -1 }
            default: return print("expected forward or token, found \(line)")
            }
        }
    }

    private static func likeliest(_ logits: [Double]) -> Int { logits.firstIndex(of: logits.max()!)! }

    /// Prints how long `body` took, and the token that it found.
    private static func time(_ body: () throws -> Int) rethrows {
        let begin = ContinuousClock.now
        let found = try body()
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        print("\(seconds) \(found)")
        fflush(nil)
    }
}
