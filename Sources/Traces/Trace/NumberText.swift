// Numbers as text, the same everywhere: in explanations, figures and lessons. Independent of the locale.

/// Formats numbers for people.
public enum NumberText {
    /// Up to `digits` significant digits, without trailing zeros: 0.94, 12.5, 1.2e-07; ∞, -∞ and NaN by name.
    public static func significant(_ value: Double, digits: Int = 6) -> String {
        if let special = special(value) { return special }
        return DecimalDigits.significant(value, digits: digits)
    }

    /// Whether one digit after the point says all of these exactly, but for rounding; infinities and NaN are passed over.
    public static func areTenths(_ values: some Sequence<Double>) -> Bool {
        values.allSatisfy { !$0.isFinite || abs($0 * 10 - ($0 * 10).rounded()) < 1e-9 }
    }

    /// Exactly `decimals` digits after the point: 0.60, -1.50. A value that rounds to zero has no sign.
    public static func fixed(_ value: Double, decimals: Int) -> String {
        if let special = special(value) { return special }
        let text = DecimalDigits.fixed(value, decimals: decimals)
        return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
    }

    /// A share as a percentage with `decimals` digits after the point: 92.5 %.
    public static func percent(_ share: Double, decimals: Int = 1) -> String { fixed(share * 100, decimals: decimals) + "%" }

    /// A part of a whole as a percentage: 0% and 100% only where it is exactly that, but for rounding; <1% and >99% where it is close.
    public static func share(_ share: Double, decimals: Int = 1) -> String {
        let text = percent(share, decimals: decimals)
        var least = 0.01
        for _ in 0..<decimals { least /= 10 }
        if share > 0, text == percent(0, decimals: decimals) { return "<" + percent(least, decimals: decimals) }
        if share < 1 - 1e-9, text == percent(1, decimals: decimals) { return ">" + percent(1 - least, decimals: decimals) }
        return text
    }

    /// The shortest text that reads back as exactly this value; whole numbers without a point.
    public static func exact(_ value: Double) -> String {
        if let special = special(value) { return special }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    /// A whole number with thousands separated: 131,072.
    public static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + text
    }

    private static func special(_ value: Double) -> String? {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-∞" : "∞" }
        return nil
    }
}
