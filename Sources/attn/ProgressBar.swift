// A bar on standard error while something long is under way, if a person is looking; nothing otherwise.

internal import AttentionKernels
internal import ModelFiles
internal import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

struct ProgressBar {
    private let isVisible = isatty(STDERR_FILENO) == 1
    private static let width = 30

    /// Shows how far a measurement has come.
    func show(_ progress: Measurement.Progress, _ phase: MeasurementOptions.Phase, _ language: Language) {
        guard isVisible else { return }
        write("\r" + Self.line(progress, phase, language) + "\u{1B}[K")
    }

    /// One line of text: a bar, a percentage, what is under way.
    static func line(_ progress: Measurement.Progress, _ phase: MeasurementOptions.Phase, _ language: Language) -> String {
        let filled = progress.total == 0 ? 0 : width * progress.done / progress.total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let share = progress.total == 0 ? 0 : 100 * progress.done / progress.total
        let name = phase == .decode ? Bilingual(en: "decode", zh: "解码") : Bilingual(en: "prefill", zh: "预填充")
        let length = NumberText.grouped(progress.length)
        let what =
            progress.isChecking
            ? Bilingual(en: "checking \(length) positions", zh: "核对 \(length) 个位置")
            : Bilingual(en: "\(length) positions", zh: "\(length) 个位置")
        return "[\(bar)] \(share)%  \(name[language])  \(what[language])"
    }

    /// Takes the bar away.
    func clear() { if isVisible { write("\r\u{1B}[K") } }

    /// If the terminal has gone, there is nobody to show it to.
    private func write(_ text: String) {
        var stream = ByteStream(descriptor: STDERR_FILENO, name: "standard error")
        try? stream.write(text)
        try? stream.finish()
    }
}
