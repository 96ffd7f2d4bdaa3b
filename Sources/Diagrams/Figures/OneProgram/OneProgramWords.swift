// The words of the figure `one-program`.

import Records
import TileMachine
import Traces

struct OneProgramWords {
    let data: LoweringData
    /// Lines of the program.
    let lines: Int
    let provenance: Provenance

    static let machines = Bilingual(en: "What came out", zh: "变成了什么")
    static let error = Bilingual(en: "an error", zh: "报错")

    static func count(_ lines: Int) -> Bilingual {
        Bilingual(en: "\(NumberText.grouped(lines)) lines", zh: "\(NumberText.grouped(lines)) 行")
    }

    /// Whether the target's source came of the program's own text: Ascend's comes of a sister's.
    private static func isOfSameText(_ target: String) -> Bool { target != "ascend" }

    /// A machine by the name of its target; one that is not known keeps that name.
    static func machine(_ target: String) -> Bilingual {
        switch target {
        case "cuda-sm_80": Bilingual(en: "CUDA, sm_80 (A100)", zh: "CUDA，sm_80（A100）")
        case "cuda-sm_90a": Bilingual(en: "CUDA, sm_90a (H100, H800)", zh: "CUDA，sm_90a（H100、H800）")
        case "hip-gfx942": Bilingual(en: "HIP, gfx942 (MI300)", zh: "HIP，gfx942（MI300）")
        case "metal": Bilingual(en: "Metal (Apple)", zh: "Metal（苹果）")
        case "ascend": Bilingual(en: "Ascend C (950), from a sister text", zh: "Ascend C（950），由姊妹程序而来")
        default: Bilingual(same: target)
        }
    }

    static func families(_ families: [LoweredProgram.Family]) -> Bilingual {
        if families.isEmpty { return Bilingual(en: "no family of instructions that is looked for", zh: "没有要找的那几类指令") }
        return Bilingual(same: families.map { "\($0.name) ×\($0.count)" }.joined(separator: " · "))
    }

    var processor: Bilingual { Bilingual(en: "C, this processor: compiled and run", zh: "C，本机处理器：编译并运行过") }

    var run: Bilingual {
        let run = data.lowered.run
        let error = Self.scientific(run.largestError)
        return run.largestError == 0
            ? Bilingual(en: "equal to the reference over \(run.seeds) seeds, to the digits recorded", zh: "\(run.seeds) 组种子，在记录的位数内与参照一致")
            : Bilingual(
                en: "within \(error) of the reference’s largest value over \(run.seeds) seeds", zh: "\(run.seeds) 组种子，误差不超过参照最大值的 \(error)")
    }

    /// A small number as a power of ten: 7 × 10⁻⁸.
    private static func scientific(_ number: Double) -> String {
        var (mantissa, power) = (number, 0)
        while mantissa > 0, mantissa < 1 - 1e-9, power < 300 { (mantissa, power) = (mantissa * 10, power + 1) }
        let raised = "\(power)".map { digit in Array("⁰¹²³⁴⁵⁶⁷⁸⁹")[digit.wholeNumberValue ?? 0] }
        return power == 0
            ? NumberText.significant(number, digits: 2) : "\(NumberText.significant(mantissa, digits: 2)) × 10⁻" + String(raised)
    }

    private var sources: [(name: String, lines: Int)] {
        data.lowered.targets.compactMap { target in
            if case .source(let lines, _, _) = target.result { (target.name, lines) } else { nil }
        }
    }
    private var errors: Int { data.lowered.targets.count - sources.count }

    var programName: Bilingual {
        Bilingual(
            en: "The program: \(data.lowered.program), \(lines) lines", zh: "程序：\(data.lowered.program)，\(lines) 行")
    }

    private var title: Bilingual {
        let counts = sources.filter { Self.isOfSameText($0.name) }.map { $0.lines }
        let range =
            counts.isEmpty
            ? Bilingual(en: "source for no machine", zh: "没有生成任何机器的代码")
            : Bilingual(
                en: "\(counts.min() ?? 0) to \(counts.max() ?? 0) lines for \(counts.count) machines",
                zh: "面向 \(counts.count) 种机器的 \(counts.min() ?? 0) 至 \(counts.max() ?? 0) 行")
        let failed =
            errors == 0
            ? Bilingual(same: "") : Bilingual(en: ", and \(errors == 1 ? "an error" : "\(errors) errors")", zh: "，另有 \(errors) 处报错")
        return Bilingual(
            en: "\(lines) lines of \(data.lowered.program) became \(range.en)\(failed.en)",
            zh: "\(lines) 行的 \(data.lowered.program) 变成\(range.zh)\(failed.zh)")
    }

    private var list: [Bilingual] {
        data.lowered.targets.map { target in
            let name = Self.machine(target.name)
            switch target.result {
            case .source(let lines, let families, _):
                return Bilingual(
                    en: "\(name.en): \(Self.count(lines).en), \(Self.families(families).en)",
                    zh: "\(name.zh)：\(Self.count(lines).zh)，\(Self.families(families).zh)")
            case .error: return Bilingual(en: "\(name.en): an error", zh: "\(name.zh)：报错")
            }
        }
    }

    var words: FigureWords {
        let sizes = data.lowered.sizes.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en:
                    "Nobody wrote the instructions named for each machine: the compiler chose them. C, CUDA, HIP and Metal share one text; Ascend needs a sister with its own memories. Bars are lines of generated source.",
                zh: "各机器名下的指令没有人写，是编译器选的。C、CUDA、HIP、Metal 共用一份程序，昇腾要一份用它自己内存的姊妹程序。横条是生成代码的行数。"),
            alt: Bilingual(
                en:
                    "\(lines) lines of the tile program \(data.lowered.program), and what TileLang \(data.version) made of them. C: \(data.lowered.run.lines) lines, run. \(list.map { $0.en }.joined(separator: "; ")).",
                zh:
                    "分块程序 \(data.lowered.program) 的 \(lines) 行，以及 TileLang \(data.version) 由它生成的代码。C：\(data.lowered.run.lines) 行，运行过。\(list.map { $0.zh }.joined(separator: "；"))。"
            ),
            caption: Bilingual(
                en: "One tile program, \(data.lowered.program), and what it became on \(data.lowered.targets.count + 1) targets.",
                zh: "一个分块程序 \(data.lowered.program)，在 \(data.lowered.targets.count + 1) 种目标上变成了什么。"),
            source: Bilingual(
                en:
                    "Generated by TileLang \(data.version) (MIT licence) on \(data.date) without any device; sizes: \(sizes). Only the C text was compiled and run. The numbers after × are lines in which a family appears; quoted lines are cut off. Line counts change with sizes, tiles and stages. Data: \(provenance.name)",
                zh:
                    "由 TileLang \(data.version)（MIT 许可）于 \(data.date) 生成，没有用到任何设备；大小：\(sizes)。只有 C 代码编译并运行过。× 后是出现该类指令的行数；引文有截断。行数随大小、小块与级数而变。数据：\(provenance.name)"
            ))
    }
}
