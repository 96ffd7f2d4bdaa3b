// swift-tools-version: 6.2
import PackageDescription

/// With `FUZZ=1` (set by `make fuzz`) the coverage-guided fuzzer is a product too, and all code counts for it what was reached; it needs LLVM's
/// run-time for it.
let isFuzzing = Context.environment["FUZZ"] == "1"

/// One list of settings for every Swift target. `STRICT=1` (set by the Makefile for tests and lint, and so by CI) turns warnings into errors.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : [])
    + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : [])

let fuzzing: [Target] =
    isFuzzing
    ? [
        .executableTarget(
            name: "LibFuzzer", dependencies: ["Fuzzing"], path: "Tests/LibFuzzer",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
    ] : []

let package = Package(
    name: "attention-steps",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "attn", targets: ["attn"]),
        .library(name: "Traces", targets: ["Traces"]),
        .library(name: "Mechanisms", targets: ["Mechanisms"]),
        .library(name: "Records", targets: ["Records"]),
        .library(name: "TileMachine", targets: ["TileMachine"]),
        .library(name: "ModelFiles", targets: ["ModelFiles"]),
        .library(name: "AttentionKernels", targets: ["AttentionKernels"]),
        .library(name: "ReferenceCases", targets: ["ReferenceCases"]),
        .library(name: "Diagrams", targets: ["Diagrams"]),
        .library(name: "CairoRenderer", targets: ["CairoRenderer"]),
        .library(name: "Lessons", targets: ["Lessons"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        // Square roots: not optimised, Swift calls the C library's, which nothing else of Traces links. IEEE 754 lets them have one result only.
        .target(name: "Traces", swiftSettings: settings, linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "Mechanisms", dependencies: ["Traces"], swiftSettings: settings),
        .target(name: "Records", dependencies: ["Traces"], swiftSettings: settings),
        .target(name: "TileMachine", dependencies: ["Traces"], swiftSettings: settings),
        .target(
            name: "ModelFiles", dependencies: ["Traces", "Mechanisms", "Records", "TileMachine", "CZlib"], swiftSettings: settings),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .target(
            name: "AttentionKernels",
            dependencies: ["Traces", "Records", .target(name: "COpenBLAS", condition: .when(platforms: [.linux]))],
            swiftSettings: settings),
        .target(
            name: "ReferenceCases", dependencies: ["AttentionKernels", "ModelFiles", "Mechanisms", "Traces"],
            swiftSettings: settings),
        .executableTarget(
            name: "KernelTiming", dependencies: ["AttentionKernels"], path: "Benchmarks/KernelTiming", swiftSettings: settings),
        .target(name: "Diagrams", dependencies: ["Traces", "Mechanisms", "Records", "TileMachine"], swiftSettings: settings),
        .target(
            name: "PageEngine", dependencies: ["Diagrams", "Traces", "Mechanisms"], exclude: ["WebAssembly"], swiftSettings: settings),
        .systemLibrary(
            name: "CCairo", pkgConfig: "pangocairo", providers: [.apt(["libcairo2-dev", "libpango1.0-dev"]), .brew(["cairo", "pango"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(name: "CPNGLibrary", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .target(name: "CPNG", dependencies: ["CPNGLibrary"]),
        .systemLibrary(name: "CCMark", pkgConfig: "libcmark-gfm", providers: [.apt(["libcmark-gfm-dev"]), .brew(["cmark-gfm"])]),
        .target(
            name: "CairoRenderer", dependencies: ["Diagrams", "Traces", "CCairo", "CPNG"], swiftSettings: settings),
        .target(
            name: "Lessons",
            dependencies: [
                "Diagrams", "Traces", "Mechanisms", "Records", "TileMachine", "CCMark", "Yams",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "attn",
            dependencies: [
                "Traces", "Mechanisms", "Records", "TileMachine", "AttentionKernels", "ModelFiles", "ReferenceCases", "Diagrams",
                "CairoRenderer", "Lessons", "CCairo", "CZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),
        .executableTarget(
            name: "EngineTiming", dependencies: ["Traces", "Mechanisms"], path: "Benchmarks/EngineTiming", swiftSettings: settings),
        .executableTarget(
            name: "ModelTiming", dependencies: ["AttentionKernels", "ModelFiles", "Mechanisms", "Traces"], path: "Benchmarks/ModelTiming",
            swiftSettings: settings),
        .executableTarget(
            name: "MatrixTiming", dependencies: ["CairoRenderer", "Diagrams", "Traces", "Mechanisms", "Records"],
            path: "Benchmarks/MatrixTiming",
            swiftSettings: settings),
        .executableTarget(
            name: "AdvanceTableWriter", dependencies: ["CairoRenderer", "Diagrams", "ModelFiles", "Traces"],
            path: "Tools/AdvanceTableWriter", swiftSettings: settings),
        .executableTarget(
            name: "PageEngineHost", dependencies: ["PageEngine", "Lessons", "Mechanisms", "ModelFiles", "ReferenceCases"],
            path: "Tools/PageEngineHost",
            swiftSettings: settings),
        .executableTarget(
            name: "SelectionRecorder", dependencies: ["ModelFiles", "Mechanisms", "Records", "Traces"], path: "Tools/SelectionRecorder",
            swiftSettings: settings),
        .executableTarget(
            name: "TokenizerHost", dependencies: ["ModelFiles", "Traces"], path: "Tools/TokenizerHost", swiftSettings: settings),
        .target(
            name: "PictureTesting", dependencies: ["CairoRenderer"], path: "Tests/PictureTesting", exclude: ["fonts.conf"],
            swiftSettings: settings),
        .target(name: "EngineTesting", dependencies: ["Mechanisms", "Traces"], path: "Tests/EngineTesting", swiftSettings: settings),
        .target(name: "FileTesting", dependencies: ["Traces"], path: "Tests/FileTesting", swiftSettings: settings),
        .target(
            name: "Fuzzing",
            dependencies: [
                "Lessons", "CairoRenderer", "Diagrams", "ModelFiles", "ReferenceCases", "Records", "TileMachine", "Mechanisms", "Traces",
            ],
            path: "Tests/Fuzzing",
            swiftSettings: settings),
        .executableTarget(name: "fuzz", dependencies: ["Fuzzing"], path: "Tests/FuzzRunner", swiftSettings: settings),
        .testTarget(
            name: "TracesTests", dependencies: ["EngineTesting", "Traces"], exclude: ["Fixtures", "Goldens"], swiftSettings: settings),
        .testTarget(name: "MechanismsTests", dependencies: ["EngineTesting", "Mechanisms", "Traces"], swiftSettings: settings),
        .testTarget(name: "RecordsTests", dependencies: ["EngineTesting", "Records", "Mechanisms", "Traces"], swiftSettings: settings),
        .testTarget(
            name: "TileMachineTests",
            dependencies: ["EngineTesting", "TileMachine", "ModelFiles", "ReferenceCases", "Lessons", "Mechanisms", "Traces"],
            exclude: ["Goldens"], swiftSettings: settings),
        .testTarget(
            name: "ModelFilesTests",
            dependencies: ["FileTesting", "ModelFiles", "ReferenceCases", "Traces", "Mechanisms", "Records", "TileMachine"],
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "ReferenceCasesTests", dependencies: ["FileTesting", "ReferenceCases", "ModelFiles", "Traces", "Mechanisms"],
            swiftSettings: settings),
        .testTarget(
            name: "AttentionKernelsTests",
            dependencies: ["EngineTesting", "AttentionKernels", "ModelFiles", "Traces", "Mechanisms", "Records"],
            swiftSettings: settings),
        .testTarget(
            name: "DiagramsTests", dependencies: ["Diagrams", "Traces", "Mechanisms", "Records", "TileMachine", "ModelFiles"],
            swiftSettings: settings),
        .testTarget(
            name: "CairoRendererTests", dependencies: ["PictureTesting", "CairoRenderer", "Diagrams", "Traces", "Mechanisms", "Records"],
            exclude: ["Goldens"],
            swiftSettings: settings),
        .testTarget(
            name: "LessonsTests",
            dependencies: ["Lessons", "Diagrams", "ModelFiles", "ReferenceCases", "Traces", "Mechanisms", "Records", "TileMachine"],
            exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "PageEngineTests",
            dependencies: ["PageEngine", "Lessons", "ModelFiles", "ReferenceCases", "Diagrams", "Mechanisms", "Traces"],
            swiftSettings: settings),
        .testTarget(
            name: "PageTests", dependencies: ["Lessons", "CairoRenderer", "Diagrams", "Traces", "Mechanisms", "Records"],
            swiftSettings: settings),
        .testTarget(
            name: "attnTests",
            dependencies: [
                "attn", "Traces", "Mechanisms", "Records", "TileMachine", "CairoRenderer", "Diagrams", "Lessons", "ModelFiles",
                "PictureTesting",
            ],
            exclude: ["Goldens"], swiftSettings: settings),
    ] + fuzzing
)
