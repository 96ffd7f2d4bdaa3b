// Traces in files. Written as a stream: a trace holds millions of numbers.

public import Traces

extension ByteStream: JSONSink {}

/// Writes and reads traces in the format `attention-steps.trace`, version 1.
public enum TraceJSON {
    static let format = TraceText.format
    static let version = TraceText.version

    /// Writes the file, whole or not at all.
    public static func write(_ trace: Trace, to path: String) throws(FileError) {
        try WholeFile.write(path) { stream throws(FileError) in try write(trace, to: &stream) }
    }

    /// Writes to a stream, for example standard output; the caller finishes the stream.
    public static func write(_ trace: Trace, to stream: inout ByteStream) throws(FileError) { try TraceText.write(trace, to: &stream) }
}
