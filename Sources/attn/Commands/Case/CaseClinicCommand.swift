// attn case clinic: from what is seen of a wrong indexer to the mistake that it usually is, each on a small case.

internal import ArgumentParser
internal import ModelFiles
internal import ReferenceCases
internal import Traces

extension CaseCommand {
    struct Clinic: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "From what you see of a wrong indexer to the mistake that it usually is.",
            discussion: """
                Without a symptom, lists them. With one, says what to compare, which mistake it usually was and where that is on record, and runs it: the right \
                selection of a small case and that of a kernel with the mistake, beside each other.
                Examples:
                  attn case clinic
                  attn case clinic nonsense-above-top-k
                  attn case clinic needle-lost --output clinic
                """)

        @Argument(help: ArgumentHelp("A symptom, as the list names it.", valueName: "symptom")) var id: String?
        @Option(help: "Seed of the case: the same seed gives the same case everywhere; by default \(Self.usualSeed).") var seed: UInt64?
        @Option(
            name: .shortAndLong,
            help: ArgumentHelp(
                "Also write the case there, and what the wrong kernel writes: case.safetensors, wrong.safetensors.", valueName: "folder"))
        var output: String?
        @Flag(help: "Print as JSON.") var json = false
        @OptionGroup var language: LanguageOption

        private static let usualSeed: UInt64 = 7

        func run() throws {
            guard let id else { return try list() }
            guard let symptom = ClinicSymptom.named(id) else {
                throw UsageError("symptom: expected one of \(ClinicSymptom.all.map(\.id).joined(separator: ", ")), found \"\(id)\"")
            }
            try OutputPath.check(folder: output)
            let run = try symptom.run(seed: seed ?? Self.usualSeed)
            if let output {
                try WholeFile.makeFolders(of: "\(output)/case.safetensors")
                try run.write(case: "\(output)/case.safetensors", wrong: "\(output)/wrong.safetensors")
            }
            if json {
                try Output.print(.object(symptom.json(language.value) + [("run", run.json(language.value))]))
            } else {
                try Output.print(text(symptom) + [""] + text(run))
            }
        }

        private func list() throws {
            for (option, isGiven) in [("seed", seed != nil), ("output", output != nil)] where isGiven {
                throw UsageError("--\(option): expected with a symptom")
            }
            let language = language.value
            if json { return try Output.print(.array(ClinicSymptom.all.map { .object($0.json(language)) })) }
            let width = ClinicSymptom.all.map(\.id.count).max() ?? 0
            try Output.print(
                ClinicSymptom.all.map { $0.id + String(repeating: " ", count: width + 2 - $0.id.count) + $0.symptom[language] })
        }

        private func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language.value] }

        private func text(_ symptom: ClinicSymptom) -> [String] {
            let language = language.value
            return [
                said("symptom: ", "症状：") + symptom.symptom[language], said("compare: ", "比什么：") + symptom.compare[language],
            ] + symptom.commands.map { "  \($0)" } + [said("usually: ", "多半是：") + symptom.mistake[language]]
                + (symptom.names.isEmpty
                    ? [] : [said("named by a comparison: ", "对照时的名字：") + symptom.names.joined(separator: said(", ", "、"))])
                + [said("on record:", "记录：")]
                + symptom.records.map { "  " + said("\($0.name) (\($0.date)): ", "\($0.name)（\($0.date)）：") + $0.says[language] }
        }

        private func text(_ run: ClinicRun) -> [String] {
            let (queries, step) = (run.right.count, run.keysPerCharacter)
            let sizes = said(
                "case: seed \(run.seed), \(queries) queries, \(run.keys) keys, top-k \(run.indexer.topK)",
                "案例：种子 \(run.seed)，\(queries) 个查询，\(run.keys) 个键，top-k \(run.indexer.topK)")
            let legend = said(
                "# both keep; - the right one alone; + the wrong one alone; . neither"
                    + (step > 1 ? "; \(step) keys a character, x for - and + in one" : ""),
                "# 两边都留；- 只有对的留；+ 只有错的留；. 都不留" + (step > 1 ? "；一个字符代表 \(step) 个键，x 表示其中既有 - 又有 +" : ""))
            let width = run.shown.map { "\(run.causalOffset + $0)".count }.max() ?? 0
            let rows = run.shown.map { row in
                let name = "\(run.causalOffset + row)"
                return String(repeating: " ", count: width - name.count)
                    + "\(name) |\(run.map(of: row))| \(said(run.difference(row), of: run.right[row].count))"
            }
            return [sizes, legend] + rows + [run.finding[language.value]]
        }

        private func said(_ difference: (gained: Int, lost: Int), of kept: Int) -> String {
            switch difference {
            case (0, 0): said("same", "一样")
            case (0, let lost): said("\(lost) of \(kept) missing", "\(kept) 个里少了 \(lost) 个")
            case (let gained, let lost) where gained == lost: said("\(lost) of \(kept) wrong", "\(kept) 个里错 \(lost) 个")
            case (let gained, let lost): said("\(lost) of \(kept) missing, \(gained) wrong", "\(kept) 个里少了 \(lost) 个，错了 \(gained) 个")
            }
        }
    }
}
