// Colour maps for matrices. Each runs through anchors in CIE L*a*b* (D65) and is then walked at equal perceptual steps (CIE 1976 distance), so
// that equal differences of value look equally large; lightness is monotone on each side of zero (tested).

import Traces

/// A colour for every number from 0 to 1.
public struct ColorMap: Hashable, Sendable {
    /// The colours at equal steps from 0 to 1; an odd count, so that 0.5 has one of its own.
    public let colors: [Color]
    /// Whether 0.5 is the colour of zero, and 0 and 1 those of the extremes.
    public let isDiverging: Bool

    /// The colour at `t`; values outside 0 to 1 take the ends.
    public func color(at t: Double) -> Color { colors[Self.step(at: t)] }

    /// The step of `t`, whatever the map.
    static func step(at t: Double) -> Int { Int((min(max(t.isNaN ? 0 : t, 0), 1) * Double(steps)).rounded()) }

    /// One hue from paper to deep; zero looks like nothing.
    public static func sequential(_ theme: Theme) -> ColorMap {
        switch theme {
        case .light: ColorMap(walking: [0xFFFFFF, 0xC6DDF2, 0x6FB0DE, 0x2272B8, 0x08306B])
        case .dark: ColorMap(walking: [0x14171F, 0x123A5E, 0x1F6FAE, 0x5DB0E8, 0xD3ECFF])
        case .print: ColorMap(walking: [0xFFFFFF, 0x111111])
        }
    }

    /// Blue for negative, paper for zero, orange for positive. For a black-and-white copier: white for zero and grey for size; whoever draws
    /// says the sign by other means.
    public static func diverging(_ theme: Theme) -> ColorMap {
        switch theme {
        case .light: ColorMap(negative: [0xFFFFFF, 0x8FC1E8, 0x2B7BBF, 0x0A3D78], positive: [0xFFFFFF, 0xFBC08A, 0xD9730D, 0x7A3300])
        case .dark: ColorMap(negative: [0x14171F, 0x15507F, 0x3E97DA, 0xBEE2FF], positive: [0x14171F, 0x6B3A12, 0xD07A2C, 0xFFDDB8])
        case .print: ColorMap(negative: [0xFFFFFF, 0x111111], positive: [0xFFFFFF, 0x111111])
        }
    }

    /// Every map has this many steps, and one colour more.
    public static let steps = 120

    private init(walking anchors: [UInt32]) {
        colors = Self.walk(anchors.map { Lab(Color($0)) }, steps: Self.steps)
        isDiverging = false
    }

    private init(negative: [UInt32], positive: [UInt32]) {
        let below = Self.walk(negative.map { Lab(Color($0)) }, steps: Self.steps / 2)
        let above = Self.walk(positive.map { Lab(Color($0)) }, steps: Self.steps / 2)
        colors = below.reversed() + above.dropFirst()
        isDiverging = true
    }

    /// `steps + 1` colours at equal distances along the straight lines between `anchors`.
    private static func walk(_ anchors: [Lab], steps: Int) -> [Color] {
        let lengths = zip(anchors, anchors.dropFirst()).map { $0.distance(to: $1) }
        let total = lengths.reduce(0, +)
        return (0...steps).map { step in
            var left = total * Double(step) / Double(steps)
            var i = 0
            while i < lengths.count - 1, left > lengths[i] {
                left -= lengths[i]
                i += 1
            }
            return anchors[i].mixed(with: anchors[i + 1], min(left / lengths[i], 1)).color
        }
    }
}

extension Theme {
    /// The themes whose colours say how large a signed number is, but not its sign.
    package static let grey = allCases.filter { Palette.of($0).diverging.colors.first == Palette.of($0).diverging.colors.last }

    /// The themes in which a colour tells a negative number from a positive one.
    package static let colored = allCases.filter { !grey.contains($0) }
}

/// A colour in CIE 1976 L*a*b* with the white of D65.
public struct Lab: Hashable, Sendable {
    /// Lightness, 0 to 100.
    public var lightness: Double
    /// Green to red.
    public var a: Double
    /// Blue to yellow.
    public var b: Double

    private static let white = (x: 0.95047, y: 1.0, z: 1.08883)

    /// The colour `color` as the eye orders it.
    public init(_ color: Color) {
        let (r, g, b) = (Color.linear(color.red), Color.linear(color.green), Color.linear(color.blue))
        func f(_ t: Double) -> Double { t > 216.0 / 24389 ? Double.cbrt(t) : (24389.0 / 27 * t + 16) / 116 }
        let x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / Self.white.x)
        let y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b)
        let z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / Self.white.z)
        lightness = 116 * y - 16
        a = 500 * (x - y)
        self.b = 200 * (y - z)
    }

    /// The distance of 1976: about 2.3 is just noticeable.
    public func distance(to other: Lab) -> Double {
        let (l, a, b) = (lightness - other.lightness, a - other.a, b - other.b)
        return (l * l + a * a + b * b).squareRoot()
    }

    func mixed(with other: Lab, _ share: Double) -> Lab {
        var mixed = self
        mixed.lightness += (other.lightness - lightness) * share
        mixed.a += (other.a - a) * share
        mixed.b += (other.b - b) * share
        return mixed
    }

    /// The nearest colour of sRGB in 8 bits a channel.
    var color: Color {
        func inverse(_ t: Double) -> Double { t * t * t > 216.0 / 24389 ? t * t * t : (116 * t - 16) * 27 / 24389 }
        let fy = (lightness + 16) / 116
        let (x, y, z) = (inverse(fy + a / 500) * Self.white.x, inverse(fy), inverse(fy - b / 200) * Self.white.z)
        func byte(_ linear: Double) -> UInt32 { UInt32((Color.gamma(min(max(linear, 0), 1)) * 255).rounded()) }
        let red = byte(3.2404542 * x - 1.5371385 * y - 0.4985314 * z)
        let green = byte(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z)
        let blue = byte(0.0556434 * x - 0.2040259 * y + 1.0572252 * z)
        return Color(red << 16 | green << 8 | blue)
    }
}

extension Color {
    /// A component of sRGB as an amount of light.
    static func linear(_ component: Double) -> Double {
        component <= 0.04045 ? component / 12.92 : Double.pow((component + 0.055) / 1.055, 2.4)
    }
    /// An amount of light as a component of sRGB.
    static func gamma(_ light: Double) -> Double { light <= 0.003_130_8 ? light * 12.92 : 1.055 * Double.pow(light, 1 / 2.4) - 0.055 }
}
