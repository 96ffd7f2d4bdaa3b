// The one matrix product that the kernels need, from OpenBLAS or Accelerate, and who computes it. Each call runs on the calling thread:
// the kernels divide the positions among threads themselves, so that a block's scores are still in cache when its softmax and values follow.

#if canImport(Accelerate)
    import Accelerate
#else
    internal import COpenBLAS
    import Glibc
#endif

/// The BLAS behind the kernels and the indexer bench.
public enum BLAS {
    /// Who computes, and what steers it.
    public struct Description: Hashable, Sendable {
        /// OpenBLAS or Accelerate.
        public let name: String
        /// Version and build, as the library states them.
        public let version: String
        /// The processor that the library chose its kernels for.
        public let core: String
        /// Environment variables that steer it and are set.
        public let environment: [String: String]
    }

    /// Names of the environment variables that steer OpenBLAS or Accelerate.
    public static let steeringVariables = [
        "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    ]

    /// What is linked here, as the kernels use it.
    public static var description: Description {
        _ = isPrepared
        var environment: [String: String] = [:]
        for name in steeringVariables {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        #if canImport(Accelerate)
            return Description(name: "Accelerate", version: "system", core: "system", environment: environment)
        #else
            let configuration = String(cString: openblas_get_config())
            let version = configuration.split(separator: " ").dropFirst().first.map(String.init) ?? configuration
            return Description(name: "OpenBLAS", version: version, core: String(cString: openblas_get_corename()), environment: environment)
        #endif
    }

    /// Makes each call run on its own thread only, with kernels that fit the processor. Done once, before the first product.
    static let isPrepared: Bool = {
        #if !canImport(Accelerate)
            chooseCore()
            openblas_set_num_threads(1)
        #endif
        return true
    }()

    /// The core type that OpenBLAS should use instead of `chosen` on a processor with these `features`; nil if the choice is good. A processor that is
    /// younger than the library gets its oldest kernels (Prescott, of 2004), which take four times as long.
    public static func betterCore(than chosen: String, features: Set<String>) -> String? {
        let withoutAVX = ["Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Opteron", "Opteron_SSE3", "Barcelona", "Bobcat"]
        guard withoutAVX.contains(chosen), features.isSuperset(of: ["avx2", "fma"]) else { return nil }
        return features.isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl"]) ? "SkylakeX" : "Haswell"
    }

    #if !canImport(Accelerate)
        /// Has OpenBLAS choose again, by the variable that it documents for that, unless a user has set it. The two functions are those that its own
        /// start and end call; a build for one processor alone does not have them, and has nothing to choose.
        private static func chooseCore() {
            guard getenv("OPENBLAS_CORETYPE") == nil, let end = dlsym(nil, "gotoblas_dynamic_quit"),
                let start = dlsym(nil, "gotoblas_dynamic_init"),
                let core = betterCore(than: String(cString: openblas_get_corename()), features: Machine.features)
            else { return }
            setenv("OPENBLAS_CORETYPE", core, 1)
            unsafeBitCast(end, to: (@convention(c) () -> Void).self)()
            unsafeBitCast(start, to: (@convention(c) () -> Void).self)()
        }
    #endif

    /// c = a b in Double, row-major and without gaps: a [m, k], b [k, n], c [m, n].
    package static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, into c: UnsafeMutablePointer<Double>
    ) {
        _ = isPrepared
        guard m > 0, n > 0 else { return }
        #if canImport(Accelerate)
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(k), b, Int32(n), 0, c, Int32(n))
        #else
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(k), b, blasint(n), 0, c,
                blasint(n))
        #endif
    }

    /// c = a b (+ c if `adding`), row-major: a [m, k] with rows `strideA` apart, b [k, n], or [n, k] if `transposed`, c [m, n].
    @inline(__always)
    static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ strideA: Int, _ b: UnsafePointer<Float>, _ strideB: Int, transposed: Bool,
        adding: Bool = false, into c: UnsafeMutablePointer<Float>, _ strideC: Int
    ) {
        guard m > 0, n > 0 else { return }
        #if canImport(Accelerate)
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(strideA), b,
                Int32(strideB), adding ? 1 : 0, c, Int32(strideC))
        #else
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a,
                blasint(strideA), b, blasint(strideB), adding ? 1 : 0, c, blasint(strideC))
        #endif
    }
}
