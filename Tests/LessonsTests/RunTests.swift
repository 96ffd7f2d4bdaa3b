// Lessons that run variants and reference cases, and live values that are no cells: against the independent script's numbers, the reference
// files, closed forms worked out by hand, and published tables.

import Diagrams
import Foundation
import Lessons
import Mechanisms
import ModelFiles
import Records
import ReferenceCases
import Testing
import Traces

private let trip = "question: trip"
private let variants = """
    question: trip
    runs:
      breakfast: breakfast
      norelu: {question: same, switches: [no-relu]}
      window: {question: trip, switches: [select=recent]}
      swapped: {text: {en: "Holiday: flew to Shanghai. Mei in Dali. Trip went where?", zh: "国庆：飞到上海。小梅在大理。旅行去了哪儿？"}}
    """
private let tiny = """
    main: {case: dsa-tiny-exact, paths: [masked, gathered]}
    runs:
      wrong: {case: dsa-tiny-exact, paths: [masked, gathered], switches: [indexer-rope-interleaved]}
    """

@Suite struct RunTests {
    private func script(_ question: String, _ variant: String) -> [String: Any] {
        let run = (oracle["runs"] as! [String: Any])[question] as! [String: Any]
        return (run["variants"] as! [String: [String: Any]])[variant]!
    }

    @Test func `a variant of the diary is the independent script's`() throws {
        let words = (oracle["runs"] as! [String: Any])["trip"] as! [String: Any]
        let tokens = words["tokens"] as? [String] ?? []
        for (run, name) in [("norelu", "no ReLU"), ("window", "window 4")] {
            let variant = script("trip", name)
            let mass = variant["massKept"] as! Double
            let text = try probe(variants, "{{fact \(run):selected.massKept[query]|percent}} {{names \(run):selected[query]}}")
            #expect(text.hasPrefix(String(format: "%.1f%%", mass * 100)))
            let kept = (variant["selected"] as! [Int]).count
            #expect(text.replacing(" and “", with: ", “").split(separator: ",").count == kept, "\(tokens)")
        }
        #expect(try probe(variants, "{{window:sparse.answer[0]|2}} {{window:sparse.answer[1]|2}}") == "0.00 0.00")
        #expect(try probe(variants, "{{swapped:token.top}}") == "Shanghai")
    }

    @Test func `a selection is listed by rank, with positions where a word stands twice`() throws {
        #expect(try probe(variants, "{{names selected[query]}}") == "“Dali”, “Trip”, “Holiday” and “flew”")
        #expect(
            try probe(variants, "{{names breakfast:selected[query]}}")
                == "“Breakfast” at 6, “Breakfast” at 14, “noodles” and “:” at 7")
        #expect(try probe(variants, "{{names selected[query]}}", .zh) == "“大理”、“旅行”、“国庆”、“飞”")
        #expect(try probe(variants, "{{names fact breakfast:selected.rowsDecidedByTie}}").contains("“?”"))
        #expect(try probe(variants, "{{count selected[query]}} {{count.top_k}} {{token.cut}} {{token.below}}") == "4 4 flew Shanghai")
    }

    @Test func `a what-if names rows, errors and keys`() throws {
        #expect(try probe(variants, "{{names whatif norelu:lost[query]}} {{names whatif norelu:gained[query]}}") == "“flew” “Shanghai”")
        #expect(try probe(variants, "{{names whatif norelu:right[query]}}") == "“Holiday”, “flew”, “Dali” and “Trip”")
        #expect(try probe(variants, "{{whatif norelu:differing[query]}} {{whatif norelu:rows}}") == "2 18")
        let mass = script("trip", "no ReLU")["massKept"] as! Double
        #expect(try probe(variants, "{{whatif norelu:massKept.variant[query]|3}}") == String(format: "%.3f", mass))
    }

    @Test func `facts have rows, means and extremes with their tokens`() throws {
        let run = (oracle["runs"] as! [String: Any])["trip"] as! [String: Any]
        let mass = flat(run["massKept"])
        #expect(try probe(trip, "{{fact selected.massKept[lowest]|4}}") == String(format: "%.4f", mass.min()!))
        #expect(try probe(trip, "{{fact selected.massKept[mean]|4}}") == String(format: "%.4f", mass.reduce(0, +) / 18))
        let recall = (oracle["derived"] as! [String: Any])["recallAllRows"] as! Double
        #expect(try probe(trip, "{{fact selected.recallAllRows|3}}") == String(format: "%.3f", recall))
        let row = mass.firstIndex(of: mass.min()!)!
        #expect(
            try probe(trip, "{{name fact selected.massKept[lowest]}}").contains(
                try diary.tokens(of: diary.text.en + " " + diary.questions[0].text.en)[row].text))
    }

    @Test func `cells, lengths and work of steps are counted`() throws {
        let cells = (oracle["derived"] as! [String: Any])["cells"] as! [String: Int]
        #expect(
            try probe(trip, "{{visible attention.scores}} {{visible sparse.scores}} {{visible sparse.scores[query]}}")
                == "\(cells["dense"]!) \(cells["sparse"]!) 4")
        #expect(try probe(trip, "{{length indexer.dot[j]}}{{length indexer.dot[s]}}") == "218")
        // Two heads of four numbers against each visible key: half of two heads of four and four.
        #expect(
            try probe(
                trip,
                "{{contractions indexer.dot}} {{contractions indexer.dot / (contractions attention.dot + contractions attention.heads)}}")
                == "2,736 0.5")
    }

    @Test func `a reference case is a run, its passes have rows of their own`() throws {
        let right = try ReferenceCase(path: fixture("dsa-tiny-exact"))
        let expected = try right.file.tensor("expected.prefill.indexer.score", Shape([(.t, 24), (.s, 24)]))
        #expect(try probe(tiny, "{{prefill.indexer.score[query,3]|9}}") == String(format: "%.9f", expected[23, 3]))
        #expect(try probe(tiny, "{{indexer.score[query,3]|9}}") == String(format: "%.9f", expected[23, 3]))
        #expect(try probe(tiny, "{{wrong:indexer.score[query,3]|9}}") != String(format: "%.9f", expected[23, 3]))
        let selected = try right.file.integers("expected.decode.1.selected").map { "\($0)" }
        let listed = try probe(tiny, "{{names decode.1.selected[query]}}").replacing(" and ", with: ", ").split(separator: ", ").map(
            String.init)
        #expect(Set(listed) == Set(selected))
        #expect(try probe(tiny, "{{whatif wrong:rows}} {{token.query}} {{length decode.2.indexer.score[s]}}") == "27 23 27")
        #expect(try probe(tiny, ":::case\ncase\n:::") == "case")
        #expect(try probe(tiny, "{{visible decode.0.gathered.scores[query]}}") == "6")
    }

    @Test func `closed forms are those of the published model`() throws {
        // 2 · 128 · (192 + 128), 2 · 128 · (576 + 512) and 2 · 64 · 128.
        #expect(
            try probe(trip, "{{cost flopsPerKey(denseMHA)}} {{cost flopsPerKey(denseMQA)}} {{cost flopsPerKey(indexer)}}")
                == "81,920 278,528 16,384")
        #expect(try probe(trip, "{{cost flopsPerKey(denseMQA) / cost flopsPerKey(indexer)}}") == "17")
        #expect(try probe(trip, "{{cost flops(dsa, 128K)|M|0|unit}}") == "2,718 MFLOP")
        #expect(try probe(trip, "{{cost cache(128K, bf16, model=deepseek-v3.1-terminus)|Gi|2|unit}}") == "8.58 GiB")
        #expect(
            try probe(trip, "{{cost crossover(denseMHA)}} {{cost model(topK)}} {{cost parameters(indexer)}}") == "8,704 2,048 13,959,424")
        #expect(try probe(trip, "{{cost flops(dsa, 8K) - cost flops(dsa, 8192)}}") == "0")
        #expect(try probe(trip, "{{(cost tokens(7) + cost tokens(1)) * 2 / cost tokens(4)}}") == "4")
        let published = try probe(trip, "{{data curve(decode, 131071)|2|unit}} {{data knee(prefill)}} {{data benchmarks(wins)}}")
        #expect(published == "$0.25 6,677 7")
        #expect(try probe(trip, "{{data price(USD, output, model=deepseek-v3.1-terminus) / data price(USD, output)|~2}}") == "4")
        #expect(try probe(trip, "{{data benchmark(Humanity's Last Exam, model=deepseek-v3.1-terminus)}}") == "21.7")
        #expect(try probe(trip, "{{measured loss(oracle, 8)|3}} {{measured keys(dense)}}") == "1.625 344")
        #expect(try probe(trip, "{{measured massKept(recent, 4, last)|percent}}") == "31.7%")
        let (predicted, line) = (try probe(trip, "{{cost serving(decode, 100000)|3}}"), try probe(trip, "{{data curve(decode, 100000)|3}}"))
        #expect(abs(Double(predicted)! / Double(line)! - 1) < 0.005)
    }

    @Test func `measured times are the file's, with the machine they were measured on`() throws {
        #expect(try probe(trip, "{{measured machine(decode)}}, {{measured runs(decode)}} runs") == "A machine of <8> cores, BLAS 1, 9 runs")
        #expect(try probe(trip, "{{measured seconds(decode, dense, 4K)|m|1|unit}} to {{measured longest(decode)}}") == "6.0 ms to 8,192")
        let ratio = "{{measured seconds(decode, dense, longest) / measured seconds(decode, sparse, longest)|2}}"
        #expect(try probe(trip, ratio) == "4.00")
        #expect(try probe(trip, "{{measured exponent(decode, dense)|2}}") == "1.25")
        // Equally fast is not faster.
        #expect(try probe(trip, "{{measured fasterFrom(decode)}}") == "4,096")
    }

    @Test func `runs that differ from row to row are said as a range`() throws {
        var resources = LessonResources.repository
        resources.measurements = { [try MeasuredSeries.ofFew(MeasuredSeries.known(.decode).rows)] }
        #expect(try probe(trip, "{{measured runs(decode)}}", resources: resources) == "2 to 3")
    }

    @Test(arguments: [("{{measured exponent(decode, sparse)}}", "too few lengths"), ("{{measured fasterFrom(decode)}}", "was not faster")])
    func `what a measurement does not show is an error`(_ value: String, _ message: String) {
        var resources = LessonResources.repository
        resources.measurements = {
            let rows = [try MeasuredSeries.known(.decode).rows[0]]
            return [try MeasuredSeries.ofFew(rows)]
        }
        let error = #expect(throws: LessonError.self) { try probe(trip, value, resources: resources) }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("{{fact selected.massKeep[query]}}", "found \"massKeep\""), ("{{fact selected.massKept[nobody]}}", "lowest or highest"),
        ("{{fact embedding.cut[query]}}", "the step has no facts"),
        ("{{names attention.weights[0,query]}}", "expected one row of a selection"),
        ("{{whatif window:nothing}}", "whatif: expected one of rows"), ("{{whatif swapped:rows}}", "expected a run with switches"),
        ("{{visible embedding}}", "the step has no mask"), ("{{length indexer.q[h]}}", "expected one axis of"),
        ("{{cost flops(dense, 4)}}", "expected one of denseMHA"), ("{{cost flop(dsa, 4)}}", "did you mean flops"),
        ("{{cost flops(dsa)}}", "expected visible keys, found none"), ("{{cost flops(dsa, many)}}", "expected a number, found \"many\""),
        ("{{cost flops(dsa, 4, 5)}}", "expected no more arguments"), ("{{cost flops(dsa, 4, modell=x)}}", "found \"modell\""),
        ("{{cost flops(dsa, 4}}", "expected ) at the end"), ("{{cost flopsPerKey(dsa, model=none)}}", "none.json"),
        ("{{data benchmark(Chess)}}", "expected one of MMLU-Pro"), ("{{measured nothing(decode)}}", "expected one of machine, runs"),
        ("{{measured seconds(write, dense, 1K)}}", "phase: expected one of decode, prefill, found \"write\""),
        ("{{measured seconds(decode, dense, 3K)}}", "expected one of longest, 1024, 2048, 4096, 8192, found \"3K\""),
        ("{{measured seconds(decode, gathered, 1K)}}", "expected one of dense, sparse"),
        ("{{measured machine(decode) / 2}}", "expected a number"),
        ("{{measured machine()}}", "expected phase, found none"), ("{{measured runs(decode, 1)}}", "expected no more arguments"),
        ("{{measured gain(oracle, 8)}}", "massKept, keys, selectedKeys, selectedFrom, selectedInCommon, found \"gain\""),
        ("{{measured loss(luck, 8)}}", "chooser: expected one of dense, oracle, recent, random, found \"luck\""),
        ("{{measured loss(oracle, 9)}}", "keys: expected one of 4, 8, 16, 32, found \"9\""),
        ("{{measured loss(dense, 8)}}", "expected no more arguments"), ("{{measured massKept(oracle, 8)}}", "expected layer, found none"),
        ("{{cost tokens(1) / cost tokens(0)}}", "other than 0"), ("{{cost flops(dsa, 4) + cost tokens(1)}}", "expected equal units"),
        ("{{attention.q[query,0] + count.tokens}}", "expected one cell"), ("{{42}}", "there is no step"),
        ("{{count.toads}}", "expected one of features"),
        ("{{selected[query,0]|Q}}", "found \"Q\""),
    ])
    func `a wrong value is named with its place`(_ value: String, _ message: String) {
        let error = #expect(throws: LessonError.self) { try probe(variants, "words \(value)") }
        #expect(error?.description.contains("probe/en.md:3:7: ") ?? false, "\(error?.description ?? "")")
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("question: trip\nruns: {x: {question: trip, switches: [no-rulu]}}", 7, "expected one of indexer-rope"),
        ("question: trip\nruns: {x: {question: trap}}", 7, "found \"trap\""),
        ("question: trip\nruns: {x: {}}", 7, "expected one of question"),
        ("question: trip\nruns: {x: {question: trip, case: y}}", 7, "expected one of question"),
        ("question: trip\nruns: {x: {question: trip, paths: [masked]}}", 7, "expected a run with a case"),
        ("question: trip\nruns: {x: {case: none}}", 7, "none.safetensors"),
        ("question: trip\nruns: {x: {question: trip, switches: [no-fp8]}}", 7, "expected an attention with FP8"),
        ("question: trip\nruns: {x: {case: dsa-tiny-exact, paths: [mask]}}", 7, "found \"mask\""),
        ("question: trip\nruns: {main: trip}", 7, "main is the name of the main run"),
        ("main: {case: none}", 6, "none.safetensors"), ("runs: {x: trip}", 1, "expected the key \"question\""),
    ])
    func `a wrong run is named with its place`(_ yaml: String, _ line: Int, _ message: String) {
        let error = #expect(throws: LessonError.self) { try probe(yaml, "words") }
        #expect(error?.description.contains("probe/lesson.yaml:\(line):") ?? false, "\(error?.description ?? "")")
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    @Test func `figures compare runs, or take data from outside`() throws {
        func figures(_ figure: String) throws -> [PageFigure] {
            let library = try probeLibrary(variants + "\nsteps:\n  - {id: a, figure: \(figure)}", "{{figure}}")
            if let problem = library.problems.first { throw problem }
            return try library.lesson("probe").run(language: .en).steps[0].blocks.compactMap { block in
                if case .figure(let figure) = block { figure } else { nil }
            }
        }
        #expect(try figures("{name: questions, runs: [main, breakfast]}")[0].data.traces.map(\.name) == ["trip", "breakfast"])
        #expect(try figures("{name: matrix, step: attention.weights, run: norelu}")[0].data.traces[0].trace.switches == ["no-relu"])
        let phased = try figures("{name: heads, phase: decode.0}")[0].options
        #expect(phased.phase == "decode.0" && phased.query == nil)
        #expect(try figures("{name: growth, data: built-in}")[0].data.provenance.name == "built-in")
        for (figure, message) in [
            ("{name: growth, data: other}", "expected built-in"), ("{name: matrix, runs: [main, nobody]}", "there is no run \"nobody\""),
            ("{name: matrix, runs: []}", "expected one or more runs"),
            ("{name: matrix, run: main, runs: [main]}", "expected one of run, runs, data"),
        ] {
            let error = #expect(throws: LessonError.self) { try figures(figure) }
            #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
            #expect(error?.kind == .badFile && error?.place?.file.hasSuffix("lesson.yaml") == true)
        }
    }

    @Test func `a lesson of runs of its own refuses a reader's text by name`() throws {
        let lesson = try probeLibrary(variants + "\nsteps:\n  - id: a", "words").lesson("probe")
        #expect(lesson.isFixed)
        for source in [LessonSource.builtIn(question: "mei"), .diaryText("Breakfast: what?")] {
            let problem = "probe speaks of runs of its own: a question or a text of yours does not apply to it"
            #expect(throws: LessonError(.unknownName, problem)) { try lesson.run(source, language: .en) }
        }
    }

    @Test func `a program without resources says so`() throws {
        let resources = LessonResources()
        #expect(throws: LessonError(.noInput, "reference case x: this program brings none")) {
            try resources.referenceCase("x", [.masked], [])
        }
        #expect(throws: LessonError(.noInput, "model x: this program brings none")) { try resources.model("x") }
        #expect(throws: LessonError(.noInput, "hardware x: this program brings none")) { try resources.hardware("x") }
        #expect(throws: LessonError(.noInput, "published curves: this program brings none")) { try resources.curves() }
        #expect(throws: LessonError(.noInput, "published prices: this program brings none")) { try resources.prices() }
        #expect(throws: LessonError(.noInput, "published benchmarks: this program brings none")) { try resources.benchmarks() }
        #expect(throws: LessonError(.noInput, "measurements: this program brings none")) { try resources.measurements() }
        #expect(throws: LessonError(.noInput, "recorded losses: this program brings none")) { try resources.selectionLosses(nil) }
        #expect(throws: LessonError(.noInput, "data of the figure x: this program brings none")) { try resources.figureData("x", "y", .en) }
    }
}

private func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
        path: "ModelFilesTests/Fixtures/\(name).safetensors"
    ).path
}
