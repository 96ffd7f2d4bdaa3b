// The same subjects under LLVM's coverage-guided fuzzer with AddressSanitizer: the first byte of an input names the subject, the next eight choose
// among figures and cells, the rest is what is read. `make fuzz` builds and starts it.

import Foundation
import Fuzzing

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
