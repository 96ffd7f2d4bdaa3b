// One error type for drawing: what could not be drawn or read, and why.

import Diagrams

/// A picture that cannot be drawn, or a PNG that cannot be read.
public struct RendererError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected, what was found.
    public let description: String
    /// An error with its message.
    public init(_ description: String) { self.description = description }

    /// A scene drawn in a theme that its words do not speak of.
    init(_ scene: Scene, lacks theme: Theme) {
        let themes = scene.themes.map { $0.rawValue }.joined(separator: ", ")
        self.init("the picture was laid out for the themes \(themes): expected one of them, found \(theme.rawValue)")
    }
}

/// The largest pictures that are drawn; larger ones are a named error.
public enum PictureLimits {
    /// Pixels along one side: Cairo's own limit for images.
    public static let side = 32_767
    /// Pixels in all: 2^28, one GiB of memory while drawing.
    public static let area = 1 << 28
}
