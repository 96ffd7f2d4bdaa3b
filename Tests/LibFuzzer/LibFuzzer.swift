// The same subjects under LLVM's coverage-guided fuzzer with AddressSanitizer: the first byte of an input names the subject, the next eight choose
// among figures and cells, the rest is what is read. `make fuzz` builds and starts it.

import Foundation
import Fuzzing

/// What the linker takes for `main` in an executable of the package manager's: hands over to the fuzzer's driver.
@_cdecl("LibFuzzer_main")
public func start(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, arguments) = (count, arguments)
    if let folder = CommandLine.arguments.last, CommandLine.arguments.count > 1 { seed(folder) }
    return runDriver(&count, &arguments, fuzzOneInput)
}

/// Puts the subjects' real files into an empty corpus, each as the input that reads it: an unguided start would learn JSON a byte at a time.
private func seed(_ folder: String) {
    guard let found = try? FileManager.default.contentsOfDirectory(atPath: folder), found.isEmpty else { return }
    for (number, subject) in subjects.enumerated() {
        for (i, seed) in subject.seeds.enumerated() where seed.count < 60_000 {
            let input = Data([UInt8(number)] + [UInt8](repeating: UInt8(i), count: 8) + seed)
            try? input.write(to: URL(fileURLWithPath: "\(folder)/\(subject.name)-\(i)"))
        }
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ one: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

private let subjects = try! Subject.all(root: ProcessInfo.processInfo.environment["FUZZ_ROOT"] ?? ".")

/// One input; an error that the command would not know ends the run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 9 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    var choice = Mutator(seed: bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) })
    do { _ = try subjects[Int(bytes[0]) % subjects.count].run(Array(bytes[9...]), &choice) } catch {
        fatalError("\(subjects[Int(bytes[0]) % subjects.count].name): an error that the command does not know: \(error)")
    }
    return 0
}
