// fuzz [COUNT [SEED]] [--subject NAME] [--root DIR]: every subject on COUNT mutants in all. Work is done in child processes, so that a crash, a
// hang (over 2 s of processor time for one input) or a memory over 1 GB is one line here with the seed that repeats it.

import Foundation
import Fuzzing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct FuzzRunner {
    static let memory = 1 << 30
    static let seconds = 2

    static func main() throws {
        let options = Options(Array(CommandLine.arguments.dropFirst()))
        let subjects = try Subject.all(root: options.root).filter { options.subject == nil || $0.name == options.subject }
        if let range = options.worker { return work(subjects, range, options.seed) }
        for subject in subjects {
            guard let refusal = subject.refusalOfSeed() else { continue }
            print("FAILED \(subject.name): a real input is refused: \(refusal)")
            exit(1)
        }
        exit(try Supervisor(subjects: subjects, options: options).run() ? 0 : 1)
    }

    /// Runs mutants number `range`, and says of each how it ended.
    private static func work(_ subjects: [Subject], _ range: Range<Int>, _ seed: UInt64) {
        for number in range {
            let subject = subjects[number % subjects.count]
            say("\(number) start")
            watch(seconds: seconds)
            do {
                say("\(number) \(try subject.run(seed: seed &+ UInt64(number)).rawValue)")
            } catch {
                say("\(number) unknown \(type(of: error)): \(String(String(describing: error).prefix(200)).debugDescription)")
            }
            watch(seconds: 0)
            guard let peak = peakMemory(), peak < memory else { return say("\(number) memory over \(memory) bytes") }
        }
    }

    /// At once, so that the last line of a process that dies is read.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// The most memory that this process has held, in bytes.
    private static func peakMemory() -> Int? {
        var usage = rusage()
        #if canImport(Glibc)
            guard getrusage(Int32(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
            return usage.ru_maxrss * 1024
        #else
            guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
            return usage.ru_maxrss
        #endif
    }

    /// Ends the process after so much processor time; 0 takes that back.
    private static func watch(seconds: Int) {
        var timer = itimerval()
        timer.it_value.tv_sec = seconds
        #if canImport(Glibc)
            setitimer(Int32(ITIMER_VIRTUAL.rawValue), &timer, nil)
        #else
            setitimer(ITIMER_VIRTUAL, &timer, nil)
        #endif
    }
}

/// The command line.
struct Options {
    var count = 2000
    var seed: UInt64 = 1
    var subject: String?
    var root = "."
    var worker: Range<Int>?

    init(_ arguments: [String]) {
        var plain: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--subject": subject = rest.popFirst()
            case "--root": root = rest.popFirst() ?? root
            case "--worker":
                let (from, to) = (Int(rest.popFirst() ?? "") ?? 0, Int(rest.popFirst() ?? "") ?? 0)
                worker = from..<max(from, to)
            default: plain.append(argument)
            }
        }
        if let first = plain.first.flatMap({ Int($0) }) { count = first }
        if let second = plain.dropFirst().first.flatMap({ UInt64($0) }) { seed = second }
    }
}

/// Starts workers, reads what they say, and goes on after the one that died.
struct Supervisor {
    let subjects: [Subject]
    let options: Options
    /// Of mutants, how many reached a figure or an answer, at least.
    static let share = 0.2

    /// Whether nothing failed and enough mutants were answered.
    func run() throws -> Bool {
        var answered = [Int](repeating: 0, count: subjects.count)
        var tried = answered
        var failures: [String] = []
        var next = 0
        while next < options.count {
            let (lines, ending) = try worker(next..<options.count)
            var last = next
            for line in lines {
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                guard words.count >= 2, let number = Int(words[0]) else { continue }
                last = number
                let subject = number % subjects.count
                switch words[1] {
                case "start": tried[subject] += 1
                case "answered": answered[subject] += 1
                case "refused": break
                default: failures.append(failure(number, words.dropFirst().joined(separator: " ")))
                }
            }
            next = last + 1
            if let ending { failures.append(failure(last, ending)) }
        }
        for (i, subject) in subjects.enumerated() {
            print("\(subject.name.padding(toLength: 14, withPad: " ", startingAt: 0)) \(tried[i]) mutants, \(answered[i]) answered")
        }
        let (all, reached) = (tried.reduce(0, +), answered.reduce(0, +))
        let share = Double(reached) / Double(max(all, 1))
        for line in failures { print(line) }
        print(
            "fuzz: \(all) mutants, \(Int((share * 100).rounded())) % reached a figure or an answer, \(failures.count) failures (seed \(options.seed))"
        )
        return failures.isEmpty && share >= Self.share
    }

    private func failure(_ number: Int, _ what: String) -> String {
        let subject = subjects[number % subjects.count]
        return "FAILED \(subject.name): \(what); again: fuzz --worker \(number) \(number + 1) \(options.count) \(options.seed)"
    }

    /// One worker's lines, and how it died if it did.
    private func worker(_ range: Range<Int>) throws -> (lines: [String], ending: String?) {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments =
            ["--worker", "\(range.lowerBound)", "\(range.upperBound)", "\(options.count)", "\(options.seed)", "--root", options.root]
            + (options.subject.map { ["--subject", $0] } ?? [])
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        guard process.terminationReason == .uncaughtSignal || process.terminationStatus != 0 else { return (lines, nil) }
        let signal = process.terminationStatus
        return (lines, signal == SIGVTALRM ? "took over \(FuzzRunner.seconds) s" : "died of signal \(signal)")
    }
}
