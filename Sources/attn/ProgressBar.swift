// A bar on standard error while something long is under way, if a person is looking; nothing otherwise.

internal import AttentionKernels
internal import Lessons
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

    /// Shows how far something has come, and what is under way.
    func show(done: Int, of total: Int, _ what: String) {
        guard isVisible else { return }
        write("\r" + Self.line(done: done, of: total, what) + "\u{1B}[K")
    }

    /// Shows how far a measurement has come.
    func show(_ progress: Measurement.Progress, _ phase: MeasurementOptions.Phase, _ language: Language) {
        let name = phase == .decode ? Bilingual(en: "decode", zh: "解码") : Bilingual(en: "prefill", zh: "预填充")
        let length = NumberText.grouped(progress.length)
        let what =
            progress.isChecking
            ? Bilingual(en: "checking \(length) positions", zh: "核对 \(length) 个位置")
            : Bilingual(en: "\(length) positions", zh: "\(length) 个位置")
        show(done: progress.done, of: progress.total, "\(name[language])  \(what[language])")
    }

    /// Shows how far the runs of a lesson have come, once that takes over a second.
    func reporter(_ language: Language) -> @Sendable (ModelRuns.Progress?) -> Void {
        let begin = ContinuousClock.now
        return { progress in
            guard let progress else { return clear() }
            guard ContinuousClock.now - begin > .seconds(1) else { return }
            let what = Bilingual(
                en: "run \(progress.run) of \(progress.runs), layer \(progress.layer) of \(progress.layers)",
                zh: "第 \(progress.run) 次运行，共 \(progress.runs) 次；第 \(progress.layer) 层，共 \(progress.layers) 层")
            show(done: (progress.run - 1) * progress.layers + progress.layer, of: progress.runs * progress.layers, what[language])
        }
    }

    /// One line of text: a bar, a percentage, what is under way.
    private static func line(done: Int, of total: Int, _ what: String) -> String {
        let filled = total == 0 ? 0 : width * done / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)] \(total == 0 ? 0 : 100 * done / total)%  \(what)"
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
