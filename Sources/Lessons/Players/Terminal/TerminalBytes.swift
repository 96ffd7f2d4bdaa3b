// From bytes to key presses. A terminal sends a key as one byte or as several, and a pasted text as many at once: what is not wanted yet is kept.
// Escape sequences are those of ECMA-48 that keyboards send; what is not known of them is passed over whole.

internal import Synchronization
internal import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension Terminal {
    /// One press of a key.
    package enum Press: Hashable, Sendable {
        /// A character that can be seen, or a space.
        case character(Character)
        case enter, backspace, delete, left, right, up, down, escape
        /// The first and the last place of a line.
        case home, last
        /// Control with U, K, W: away with what stands before, behind, or in the word before.
        case cutBefore, cutAfter, cutWord
        /// Control-C.
        case interrupt
        /// Control-D, or no more input.
        case end
        /// Anything else.
        case other
    }
}

/// What a terminal has sent and nobody has asked for yet.
package final class TerminalBytes: Sendable {
    private let input: Int32
    private let waiting = Mutex<[UInt8]>([])
    /// Bytes of one escape sequence come together; a person needs longer for the next key. In milliseconds.
    private static let together: Int32 = 30

    /// What comes through a file descriptor.
    package init(_ input: Int32) { self.input = input }

    /// Whether a press is at hand without waiting.
    var hasMore: Bool { waiting.withLock { !$0.isEmpty } }

    /// Drops an Enter that came together with the press before.
    func dropEnter() {
        waiting.withLock { if [[10], [13]].contains($0) { $0 = [] } }
    }

    /// The next press; waits for it.
    package func press() -> Terminal.Press {
        guard let first = byte() else { return .end }
        switch first {
        case 0x1B: return escaped()
        case 0x20..<0x7F: return .character(Character(Unicode.Scalar(first)))
        case 0xC2..<0xF5: return letter(first)
        default: return Self.controls[first] ?? .other
        }
    }

    /// An end of input that was typed before the terminal was set to single keys arrives as 0.
    private static let controls: [UInt8: Terminal.Press] = [
        0: .end, 1: .home, 3: .interrupt, 4: .end, 5: .last, 8: .backspace, 9: .character(" "), 10: .enter, 11: .cutAfter, 13: .enter,
        21: .cutBefore, 23: .cutWord, 127: .backspace,
    ]

    /// A character beyond ASCII, by its first byte.
    private func letter(_ first: UInt8) -> Terminal.Press {
        var bytes = [first]
        for _ in 0..<(first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3) {
            guard let next = peek(), (0x80..<0xC0).contains(next) else { return .other }
            bytes.append(next)
            _ = byte()
        }
        guard let text = String(validating: bytes, as: UTF8.self), let letter = text.first, text.withControlsPictured == text else {
            return .other
        }
        return .character(letter)
    }

    /// What follows an ESC: a sequence, or nothing if it was the key itself.
    private func escaped() -> Terminal.Press {
        guard hasMore || isReady() else { return .escape }
        guard let kind = peek(), kind == 0x5B || kind == 0x4F else { return .escape }
        _ = byte()
        var parameters: [UInt8] = []
        while let next = byte() {
            if (0x40..<0x7F).contains(next) { return Self.sequence(parameters, next) }
            parameters.append(next)
        }
        return .end
    }

    private static func sequence(_ parameters: [UInt8], _ last: UInt8) -> Terminal.Press {
        switch (last, String(decoding: parameters, as: UTF8.self)) {
        case (0x41, ""): .up
        case (0x42, ""): .down
        case (0x43, ""): .right
        case (0x44, ""): .left
        case (0x48, ""), (0x7E, "1"), (0x7E, "7"): .home
        case (0x46, ""), (0x7E, "4"), (0x7E, "8"): .last
        case (0x7E, "3"): .delete
        default: .other
        }
    }

    // MARK: Bytes

    private func byte() -> UInt8? {
        guard peek() != nil else { return nil }
        return waiting.withLock { $0.removeFirst() }
    }

    /// The next byte, which stays; nil at the end of input.
    private func peek() -> UInt8? {
        if let first = waiting.withLock({ $0.first }) { return first }
        var bytes = [UInt8](repeating: 0, count: 4096)
        var count = 0
        repeat { count = read(input, &bytes, bytes.count) } while count < 0 && errno == EINTR
        guard count > 0 else { return nil }
        let new = bytes.prefix(count)
        waiting.withLock { $0 += new }
        return new.first
    }

    private func isReady() -> Bool {
        var wanted = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, Self.together) > 0
    }
}
