// The passes of a trace: reading a text at once (`prefill`), then a token at a time (`decode.0`).

import Traces

extension Trace {
    /// The pass that a step belongs to; nil where a trace has none.
    static func phase(of id: String) -> String? {
        let parts = id.split(separator: ".")
        if parts.first == "prefill" { return "prefill" }
        return parts.first == "decode" && parts.count > 2 && Int(parts[1]) != nil ? "decode.\(parts[1])" : nil
    }

    /// Throws if the trace has phases, but not the one that the options name.
    func checkPhase(_ options: FigureOptions, figure: String) throws(FigureError) {
        let phases = steps.compactMap { Self.phase(of: $0.id) }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        if phases.isEmpty || phases.contains(options.phase) { return }
        let others = phases.count > 8 ? phases.prefix(7) + ["…", phases[phases.count - 1]] : phases[...]
        throw FigureError("\(figure): phase \(options.phase): expected one of \(others.joined(separator: ", "))")
    }
}
