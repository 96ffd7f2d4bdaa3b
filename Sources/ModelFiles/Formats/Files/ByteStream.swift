// A buffered writer to a file descriptor. Every failed write is an error (print hides a full disk); a closed pipe is told apart.

public import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes on their way to a file descriptor, collected in a buffer. `finish()` writes the rest; what is not finished is lost.
public struct ByteStream: ~Copyable {
    /// The name that errors use.
    public let name: String
    private let descriptor: Int32
    private let buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    private static let capacity = 1 << 18

    /// A stream to an open descriptor, which stays open.
    public init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        buffer = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    /// A stream to standard output.
    public static func standardOutput() -> ByteStream { ByteStream(descriptor: STDOUT_FILENO, name: "standard output") }

    deinit { buffer.deallocate() }

    /// Appends bytes.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if bytes.count > buffer.count - filled {
            try finish()
            if bytes.count > buffer.count { return try send(bytes) }
        }
        guard let source = bytes.baseAddress, let target = buffer.baseAddress else { return }
        memcpy(target + filled, source, bytes.count)
        filled += bytes.count
    }

    /// Appends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBytes { bytes in Result { () throws(FileError) in try write(bytes) } }.get()
    }

    /// Appends text as UTF-8.
    public mutating func write(_ text: String) throws(FileError) {
        var text = text
        try text.withUTF8 { utf8 in Result { () throws(FileError) in try write(UnsafeRawBufferPointer(utf8)) } }.get()
    }

    /// Appends one byte.
    mutating func write(byte: UInt8) throws(FileError) {
        if filled == buffer.count { try finish() }
        buffer[filled] = byte
        filled += 1
    }

    /// Hands everything collected to the system.
    public mutating func finish() throws(FileError) {
        defer { filled = 0 }
        try send(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
    }

    private func send(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, base, rest.count)
            #else
                let count = Darwin.write(descriptor, base, rest.count)
            #endif
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(.cannotWrite, name, "cannot be written") }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
