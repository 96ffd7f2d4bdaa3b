// The words of live panels: controls, read-outs, and why a setting is refused. A page carries them in both languages, for its script.

internal import Mechanisms
internal import Traces

enum PanelWords {
    /// The name of a panel for readers who listen.
    static let panel = Bilingual(en: "Live panel: change the settings, and the picture is computed anew", zh: "实时面板：改动设置，图就重新计算")

    /// All words as JSON: an object a language.
    static var json: String {
        JSONText.object(Language.allCases.map { language in (language.rawValue, object(words, language)) }).line
    }

    /// Words by their names, or groups of them.
    private indirect enum Entry {
        case word(Bilingual)
        case group([(String, Entry)])
    }

    private static func object(_ entries: [(String, Entry)], _ language: Language) -> JSONText {
        .object(
            entries.map { name, entry in
                switch entry {
                case .word(let text): (name, .string(text[language]))
                case .group(let inner): (name, object(inner, language))
                }
            })
    }

    private static func word(_ en: String, _ zh: String) -> Entry { .word(Bilingual(en: en, zh: zh)) }

    private static let words: [(String, Entry)] =
        [
            ("question", word("The question", "问题")),
            ("ownQuestion", word("as you wrote it", "按你写的")),
            ("text", word("The diary, to be rewritten", "日记（可以改写）")),
            ("topK", word("Keys kept for each query (k)", "每个查询留下几个键（k）")),
            ("ofKeys", word("{k} of {n}", "{n} 个里的 {k} 个")),
            ("temperature", word("Temperature of the softmax", "softmax 的温度")),
            ("heads", word("Heads that are on", "打开的头")),
            ("relu", word("ReLU", "ReLU")),
            ("headWeights", word("weights of its heads", "各头的权重")),
            ("indexer", word("The indexer has", "索引器带有")),
            (
                "indexerOnly",
                word(
                    "This picture shows the indexer’s own choice, and another rule is choosing now. Take another picture, or let the indexer choose.",
                    "这张图画的是索引器自己的选择，现在却由别的规则来挑。请换一张图，或者让索引器来挑。")
            ),
            ("mask", word("The selection is put on", "选择放在哪一步")),
            ("maskBefore", word("before the softmax", "softmax 之前")),
            ("maskAfter", word("after the softmax", "softmax 之后")),
            ("rule", word("Who chooses the keys", "由谁来挑键")),
            ("rules", .group(rules)),
            ("figure", word("Picture", "看哪张图")),
            ("figures", .group(figures)),
            ("readouts", .group(readouts)),
            ("newWords", word("Words that the diary does not know. What are they?", "日记里没有的词。它们是什么？")),
            ("kind", word("kind", "是什么")),
            ("kinds", .group(kinds)),
            ("story", word("story", "讲哪件事")),
            ("ownStory", word("its sentence’s story", "跟着句子")),
            ("challenge", word("Challenge:", "试一试：")),
            ("met", word("Solved:", "做到了：")),
            ("reset", word("Back to the lesson’s values (R)", "回到课文里的设置（R）")),
            ("command", word("In a terminal:", "在终端里：")),
        ] + refusals

    private static let rules: [(String, Entry)] = SelectionRule.allCases.map { rule in
        let name =
            switch rule {
            case .indexer: word("the indexer", "索引器")
            case .recent: word("recent: a window", "最近：滑动窗口")
            case .windowAndSinks: word("window and sinks", "窗口加开头")
            case .random: word("random", "随机")
            case .oracle: word("oracle: the heaviest", "先知：权重最大的")
            }
        return (rule.rawValue, name)
    }

    private static let figures: [(String, Entry)] = [
        ("matrix", word("weights of every query", "所有查询的权重")),
        ("compare", word("dense beside sparse", "稠密与稀疏对照")),
        ("indexer", word("the indexer’s scores", "索引器的得分")),
        ("heads", word("head by head", "逐头看")),
        ("arcs", word("arcs", "弧线")),
        ("softmax", word("from scores to shares", "从分数到份额")),
        ("weighted-sum", word("the weighted sum", "加权求和")),
    ]

    private static let readouts: [(String, Entry)] = [
        ("pairs", word("Pairs kept, last row", "最后一行留下几对")),
        ("kept", word("Weight kept", "保住的权重")),
        ("recall", word("Recall", "召回率")),
        ("answer", word("Answer", "答案")),
    ]

    private static let kinds: [(String, Entry)] = [
        ("other", word("something else", "别的")),
        ("place", word("a place", "地点")),
        ("food", word("food", "食物")),
        ("deed", word("a deed", "动作")),
    ]

    private static let refusals: [(String, Entry)] = [
        ("refused", word("{key}: expected {expected}, found {found}", "{key}：应为 {expected}，实为 {found}")),
        ("address", word("the address", "网址")),
        ("encoded", word("text as an address encodes it", "按网址规则编码的文字")),
        ("once", word("once", "只出现一次")),
        ("twice", word("it twice", "两次")),
        ("wholeK", word("a whole number from 1", "从 1 起的整数")),
        ("someHeads", word("some of the heads {heads}, in order", "头 {heads} 中的几个，按次序")),
        ("questionOrText", word("either a question or a text", "question 和 text 只取一个")),
        ("withText", word("a text that has these words", "同时给出含有这些词的 text")),
        ("shorter", word("at most {n} letters", "最多 {n} 个字符")),
        ("shorterText", word("text: expected at most {n} letters, found more", "日记：最多 {n} 个字符，实际更多")),
        ("noText", word("text: expected words, found none", "text：一个词也没有，请写几个词")),
        ("notDrawn", word("{reason}", "这张图画不了现在的设置，请换一张（{reason}）")),
        ("noSuchWord", word("words: “{word}” is not a word that the text has and the diary does not know", "words：“{word}”不是文中有、而日记不认识的词")),
        ("oneHead", word("heads: expected one or more, found none", "头：至少要留一个，实为零个")),
    ]
}
