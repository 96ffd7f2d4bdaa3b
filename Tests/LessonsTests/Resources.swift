// The resources of lessons, from the repository's assets, as the command brings them; and lessons written for one test.

import Diagrams
import Foundation
import Lessons
import ModelFiles
import Records
import ReferenceCases
import TileMachine
import Traces

extension LessonResources {
    static let repository: LessonResources = {
        let assets = URL(filePath: lessonsFolder).deletingLastPathComponent().appending(path: "assets").path
        var resources = LessonResources()
        resources.referenceCase = { name, paths, switches in
            (
                trace: try ReferenceCase(path: "\(assets)/cases/\(name).safetensors").trace(paths: paths, switches: switches),
                provenance: Provenance(name: name)
            )
        }
        resources.model = { name in
            try ModelDimensions(configuration: WholeFile.read("\(assets)/models/\(name).json"), file: name)
        }
        resources.hardware = { name in try Hardware(json: WholeFile.read("\(assets)/hardware/\(name).json"), file: name) }
        resources.chip = { name in try Chip(path: "\(assets)/hardware/\(name).json") }
        resources.curves = { try PublishedData.figure3(WholeFile.read("\(assets)/data/figure3.csv"), file: "figure3.csv") }
        resources.prices = { try PublishedData.prices(WholeFile.read("\(assets)/data/prices.csv"), file: "prices.csv") }
        resources.benchmarks = {
            try PublishedData.benchmarks(WholeFile.read("\(assets)/data/benchmarks.csv"), file: "benchmarks.csv")
        }
        resources.measurements = { [try .known(.decode), try .known(.prefill)] }
        resources.selectionLosses = { recording in
            let name = "selection-loss\(recording.map { "-" + $0 } ?? "").csv"
            return try PublishedData.selectionLosses(WholeFile.read("\(assets)/data/\(name)"), file: name)
        }
        resources.selectionMap = { try PublishedData.selectionMap(path: "\(assets)/data/selection-map.json") }
        resources.codeCounts = { try PublishedData.codeCounts(WholeFile.read("\(assets)/data/code-counts.csv"), file: "code-counts.csv") }
        resources.tileSpeeds = { try PublishedData.tileSpeeds(WholeFile.read("\(assets)/data/tile-speeds.csv"), file: "tile-speeds.csv") }
        resources.lowerings = { try PublishedData.lowerings(path: "\(assets)/tilelang/recorded.json") }
        resources.provenance = { file in Provenance(name: "\(file)") }
        resources.figureData = { figure, data, _ in
            guard data == "built-in" || figure == "loss-curves" else { throw FigureError("\(figure): expected built-in, found \(data)") }
            return FigureData(traces: [], provenance: Provenance(name: data))
        }
        return resources
    }()
}

extension MeasuredSeries {
    /// A measurement of round numbers: sparse attention is slower, then as fast, then twice and four times as fast.
    static func known(_ phase: Phase) throws -> MeasuredSeries {
        func time(_ milliseconds: Double) -> MeasuredTime {
            MeasuredTime(median: milliseconds / 1000, least: milliseconds / 2000, most: milliseconds / 500, runs: 9)
        }
        let rows = [(1024, 1.0, 2.0), (2048, 2, 2), (4096, 6, 3), (8192, 20, 5)].map {
            Row(length: $0.0, dense: time($0.1), sparse: time($0.2), error: nil)
        }
        return try MeasuredSeries(
            phase: phase, processor: Bilingual(en: "A machine of <8> cores", zh: "<8> 核的机器"), library: "BLAS 1", rows: rows,
            denseExponent: 1.25, sparseExponent: 0.5)
    }

    /// A measurement of decoding by two or three runs, too few for exponents.
    static func ofFew(_ rows: [Row]) throws -> MeasuredSeries {
        func of(_ runs: Int, _ time: MeasuredTime) -> MeasuredTime {
            MeasuredTime(median: time.median, least: time.least, most: time.most, runs: runs)
        }
        return try MeasuredSeries(
            phase: .decode, processor: Bilingual(same: "M"), library: "B",
            rows: rows.map { Row(length: $0.length, dense: of(2, $0.dense), sparse: of(3, $0.sparse), error: nil) }, denseExponent: nil,
            sparseExponent: nil)
    }
}

/// A library with one lesson made of one step in each language.
func probeLibrary(_ yaml: String, _ text: String, _ resources: LessonResources = .repository, code: String? = nil) throws -> LessonLibrary {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lessons-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let probe = folder.appending(path: "probe")
    try FileManager.default.createDirectory(at: probe, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: lessonsFolder + "/diary.yaml", toPath: folder.path + "/diary.yaml")
    let head = "order: 1\ntrack: story\ntitle: {en: T, zh: 题}\nsummary: {en: S, zh: 摘要}\nfixed: true\n"
    try (head + yaml + "\n").write(to: probe.appending(path: "lesson.yaml"), atomically: true, encoding: .utf8)
    try code?.write(to: probe.appending(path: "code.yaml"), atomically: true, encoding: .utf8)
    for language in Language.allCases {
        try ("## Step {#a}\n\n" + text + "\n").write(
            to: probe.appending(path: "\(language.rawValue).md"), atomically: true, encoding: .utf8)
    }
    return try LessonLibrary(folder: folder.path, resources: resources)
}

/// The words of the one step of a lesson made for a test.
func probe(_ yaml: String, _ text: String, _ language: Language = .en, resources: LessonResources = .repository) throws -> String {
    let library = try probeLibrary(yaml + "\nsteps:\n  - id: a", text, resources)
    if let problem = library.problems.first { throw problem }
    let page = try library.lesson("probe").run(language: language)
    return page.steps[0].blocks.map { block in if case .paragraph(let inlines) = block { Inline.plain(inlines) } else { "?" } }.joined(
        separator: "\n")
}
