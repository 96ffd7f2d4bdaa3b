// Texts of readers and files where they are shown: what would steer a terminal, turn a line around or break it is shown as a picture of itself.

extension String {
    /// The text with every control character as its picture (`␛` for ESC, `␊` for a line's end), and `�` for the direction and joining characters
    /// that have none: one line stays one line, and nothing moves the cursor.
    public var withControlsPictured: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0..<0x20: text.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value)!)
            case 0x7F: text.unicodeScalars.append("\u{2421}")
            case 0x80..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB:
                text.unicodeScalars.append("\u{FFFD}")
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
