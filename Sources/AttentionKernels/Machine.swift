// The machine that a measurement was made on: what a reader needs in order to compare it with another, and how much memory is free.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A description of this machine.
public struct Machine: Hashable, Sendable {
    /// The processor's name as the system states it.
    public let processor: String
    /// Cores that may be used.
    public let cores: Int
    /// The BLAS and what steers it.
    public let blas: BLAS.Description

    /// This machine.
    public static var current: Machine {
        Machine(processor: processorName(), cores: Threads.count, blas: BLAS.description)
    }

    /// Memory that can be allocated without swapping, in bytes; nil where the system does not say.
    public static var availableMemory: Int? {
        #if os(Linux)
            let line = contents("/proc/meminfo").split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
            let system = line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.map { $0 * 1024 }
            guard let limit = number("/sys/fs/cgroup/memory.max"), let used = number("/sys/fs/cgroup/memory.current") else { return system }
            return min(system ?? .max, max(0, limit - used))
        #else
            var size: Int = 0
            var length = MemoryLayout<Int>.size
            return sysctlbyname("hw.memsize", &size, &length, nil, 0) == 0 ? size : nil
        #endif
    }

    /// Names of the processor's features, as Linux spells them; empty elsewhere.
    public static var features: Set<String> { Set(processorLine("flags").split(separator: " ").map(String.init)) }

    /// What the first processor says under `name`; empty if nothing.
    private static func processorLine(_ name: String) -> String {
        let line = contents("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix(name) }
        guard let line, let colon = line.firstIndex(of: ":") else { return "" }
        return String(line[line.index(after: colon)...].drop { $0 == " " })
    }

    private static func processorName() -> String {
        #if os(Linux)
            let name = processorLine("model name")
            return name.isEmpty ? "unknown" : name
        #else
            var name = [CChar](repeating: 0, count: 256)
            var length = name.count
            guard sysctlbyname("machdep.cpu.brand_string", &name, &length, nil, 0) == 0 else { return "unknown" }
            return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #endif
    }

    private static func number(_ path: String) -> Int? { Int(contents(path).filter { $0 != "\n" }) }

    private static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
