// A trace as JSON, for other programs and for reading back: the format `attention-steps.trace`, version 1. Each step stands on a line of its
// own; inputs and weights are steps too, so that the text stands alone.

/// Writes traces as JSON.
package enum TraceText {
    package static let format = "attention-steps.trace"
    package static let version = 1

    /// Writes the whole trace.
    package static func write<Sink: JSONSink & ~Copyable>(_ trace: Trace, to stream: inout Sink) throws(Sink.Failure) {
        try stream.write("{\"format\":\"\(format)\",\"version\":\(version),\"tokens\":")
        try stream.writeJSON(trace.tokens)
        try stream.write(",\"tokenIDs\":")
        try stream.writeJSON(trace.tokenIDs)
        try stream.write(",\"switches\":")
        try stream.writeJSON(trace.switches)
        #if !hasFeature(Embedded)
            if !trace.omitted.isEmpty {
                try stream.write(",\"omitted\":")
                try stream.writeJSON(trace.omitted.map { $0.text })
            }
            if !trace.float32Layers.isEmpty {
                try stream.write(",\"float32Layers\":")
                try stream.writeJSON(trace.float32Layers)
            }
        #endif
        try stream.write(",\"steps\":[\n")
        for (i, step) in trace.steps.enumerated() {
            if i > 0 { try stream.write(",\n") }
            try write(step, to: &stream)
        }
        try stream.write("\n]}\n")
    }

    private static func write<Sink: JSONSink & ~Copyable>(_ step: Step, to stream: inout Sink) throws(Sink.Failure) {
        try stream.write("{\"id\":\(JSON.quoted(step.id.text))")
        try stream.write(",\"title\":{\"en\":\(JSON.quoted(step.title.en)),\"zh\":\(JSON.quoted(step.title.zh))}")
        try stream.write(",\"formula\":{\"latex\":\(JSON.quoted(step.formula.latex)),\"text\":\(JSON.quoted(step.formula.text))}")
        try stream.write(",\"source\":\(JSON.quoted(step.source)),\"inputs\":")
        try stream.writeJSON(step.inputs.map { $0.text })
        try stream.write(",\"output\":")
        try writeOutput(step, to: &stream)
        if !step.facts.isEmpty {
            try stream.write(",\"facts\":{")
            for (i, (name, fact)) in step.facts.sorted(by: { $0.key < $1.key }).enumerated() {
                try stream.write("\(i > 0 ? "," : "")\(JSON.quoted(name)):")
                try write(fact, to: &stream)
            }
            try stream.write("}")
        }
        let cost = step.cost
        try stream.write(
            ",\"cost\":{\"flops\":\(cost.flops),\"contractionFlops\":\(cost.contractionFlops),\"bytesRead\":\(cost.bytesRead),\"bytesWritten\":\(cost.bytesWritten)}}"
        )
    }

    private static func writeOutput<Sink: JSONSink & ~Copyable>(_ step: Step, to stream: inout Sink) throws(Sink.Failure) {
        try stream.write("{\"symbol\":\(JSON.quoted(step.symbol)),\"axes\":")
        try stream.writeJSON(step.output.shape.axes.map { $0.name })
        try stream.write(",\"shape\":")
        try stream.writeJSON(step.output.shape.lengths)
        if !step.labels.isEmpty {
            try stream.write(",\"labels\":{")
            for (i, (axis, labels)) in step.labels.sorted(by: { $0.key.name < $1.key.name }).enumerated() {
                try stream.write("\(i > 0 ? "," : "")\(JSON.quoted(axis.name)):")
                try stream.writeJSON(labels)
            }
            try stream.write("}")
        }
        try stream.write(",\"values\":")
        try stream.writeJSON(step.output.values)
        try stream.write("}")
    }

    private static func write<Sink: JSONSink & ~Copyable>(_ fact: Fact, to stream: inout Sink) throws(Sink.Failure) {
        switch fact {
        case .number(let number): try stream.writeJSON(number)
        case .numbers(let numbers): try stream.writeJSON(numbers)
        case .integers(let integers): try stream.writeJSON(integers)
        case .text(let text): try stream.write(JSON.quoted(text))
        }
    }
}
