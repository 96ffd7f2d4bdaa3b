// Texts of readers and files in messages: what would steer a terminal or turn a line around is left out.

extension String {
    /// The text without control, direction and joining characters that show nothing.
    public var withoutControls: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: continue
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
