// The Swift side of decode_vs_pytorch.py: makes the seeded inputs once, then times one run for each line that it reads (`dense`, `sparse`) and
// answers with milliseconds and a weighted sum of the outputs, so that both sides can be seen to compute the same.

import AttentionKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct KernelTiming {
    static func main() throws {
        let length = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 131_072
        let kernel = try DecodeKernel(.deepSeekV32, capacity: length)
        let input = DecodeInput.seeded(.deepSeekV32, length: length)
        let machine = Machine.current
        let blas = machine.blas
        let steering = blas.environment.sorted { $0.key < $1.key }.map { " | \($0.key)=\($0.value)" }.joined()
        print("\(blas.name) \(blas.version) | core type \(blas.core) | threads \(machine.cores)\(steering)")
        fflush(nil)
        while let line = readLine() {
            let clock = ContinuousClock()
            var output: [Float] = []
            let time = try clock.measure {
                output = line == "dense" ? try kernel.dense(input, length: length) : try kernel.sparse(input, length: length).output
            }
            // Weights that differ from place to place: outputs in another order would not have the same sum.
            let sum = output.enumerated().reduce(0.0) { $0 + Double(abs($1.element)) * Double($1.offset % 97 + 1) }
            print("\(time / .milliseconds(1)) \(sum)")
            fflush(nil)
        }
    }
}
