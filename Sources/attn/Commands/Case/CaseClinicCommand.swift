// attn case clinic: from what is seen of a wrong indexer to the mistake that it usually is, each on a small case.

internal import ArgumentParser
internal import Lessons
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
        @Option(help: "Seed of the case: the same seed gives the same case on every machine; by default \(Self.usualSeed).") var seed:
            UInt64?
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
            let width = (ClinicSymptom.all.map(\.id.count).max() ?? 0) + 2
            try Output.print(
                ClinicSymptom.all.flatMap {
                    indented(
                        TerminalText.wrapped($0.symptom[language], columns: Self.columns - width),
                        first: TerminalText.padded($0.id, to: width), rest: width)
                })
        }

        // MARK: Words

        /// How wide the text may be.
        private static let columns = 80

        private func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language.value] }

        private func indented(_ lines: [String], first: String, rest: Int) -> [String] {
            lines.enumerated().map { ($0 == 0 ? first : String(repeating: " ", count: rest)) + $1 }
        }

        /// A paragraph whose later lines stand further to the right.
        private func hanging(_ text: String, at indent: Int = 0) -> [String] {
            indented(
                TerminalText.wrapped(text, columns: Self.columns - indent - 2), first: String(repeating: " ", count: indent),
                rest: indent + 2)
        }

        /// A command, continued for a shell where it is longer than a line; an option and its value stay together.
        private func command(_ text: String) -> [String] {
            let noBreak = "\u{A0}"
            let bound = text.replacing(" ", with: noBreak).replacing("\(noBreak)--", with: " --")
            let lines = TerminalText.wrapped(bound, columns: Self.columns - 6).map { $0.replacing(noBreak, with: " ") }
            return indented(lines.enumerated().map { $1 + ($0 < lines.count - 1 ? " \\" : "") }, first: "  ", rest: 4)
        }

        private func text(_ symptom: ClinicSymptom) -> [String] {
            let language = language.value
            let names = symptom.names.joined(separator: said(", ", "、"))
            return hanging(said("symptom: ", "症状：") + symptom.symptom[language])
                + hanging(said("compare: ", "比什么：") + symptom.compare[language])
                + symptom.commands.flatMap(command)
                + hanging(said("usually: ", "多半是：") + symptom.mistake[language])
                + (names.isEmpty ? [] : hanging(said("named by a comparison: ", "对照时的名字：") + names))
                + [said("on record:", "记录：")]
                + symptom.records.flatMap {
                    hanging(said("\($0.name) (\($0.date)): ", "\($0.name)（\($0.date)）：") + $0.says[language], at: 2)
                }
        }

        private func text(_ run: ClinicRun) -> [String] {
            let sizes = said(
                "case: seed \(run.seed), \(run.right.count) queries, \(run.keys) keys, top-k \(run.indexer.topK)",
                "算例：种子 \(run.seed)，\(run.right.count) 个查询，\(run.keys) 个键，top-k \(run.indexer.topK)")
            let width = run.shown.map { "\(run.causalOffset + $0)".count }.max() ?? 0
            let rows = run.shown.map { row in
                TerminalText.padded("\(run.causalOffset + row)", to: width, right: true)
                    + " |\(run.map(of: row))| \(said(run.difference(row), of: run.right[row].count))"
            }
            return [sizes] + hanging(legend(run)) + rows + hanging(run.finding[language.value])
        }

        private func legend(_ run: ClinicRun) -> String {
            let (queries, shown, step) = (run.right.count, run.shown.count, run.keysPerCharacter)
            var parts = [
                said("# both keep", "# 两边都留"), said("- the right one alone", "- 只有对的留"), said("+ the wrong one alone", "+ 只有错的留"),
                said(". neither", ". 都不留"),
            ]
            if step > 1 {
                parts.append(
                    said(
                        "\(step) keys a character: x for - and + in one, a difference hides what agrees",
                        "一个字符代表 \(step) 个键：x 表示其中既有 - 又有 +，有差别时盖过相同的"))
            }
            parts.append(said("left: the query's position", "左边：查询的位置"))
            if shown < queries { parts.append(said("\(shown) of \(queries) rows shown", "只列出 \(queries) 行中的 \(shown) 行")) }
            return parts.joined(separator: said("; ", "；"))
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
