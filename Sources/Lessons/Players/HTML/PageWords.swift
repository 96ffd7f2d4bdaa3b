// The words of pages that are in no lesson: buttons, hints, labels.

internal import Diagrams
internal import Records
internal import Traces

enum PageWords {
    static let think = Bilingual(en: "Before you read on", zh: "先想一想")
    static let reveal = Bilingual(en: "Show the answer", zh: "看答案")
    static let answer = Bilingual(en: "The answer", zh: "答案")
    static let code = Bilingual(en: "Code", zh: "代码")
    static let codeBeside = Bilingual(en: "Code and its values", zh: "代码和它的数值")
    static let oneStage = Bilingual(en: "One stage at a time", zh: "一次只看一步")
    static let allStages = Bilingual(en: "all together", zh: "一起看")
    static let tracks = [
        (
            id: "story", name: Bilingual(en: "The story", zh: "故事"),
            text: Bilingual(
                en: "Why a long chat gets slow and expensive, and how a small indexer picks what matters.",
                zh: "聊得越长，为什么越慢、越贵；一个小小的索引器，又怎样挑出要紧的内容。")
        ),
        (
            id: "engine-room", name: Bilingual(en: "The engine room", zh: "机房"),
            text: Bilingual(
                en: "For those who want every part on the table: positions, number formats, caches, and what breaks.",
                zh: "想把每个零件都摆上桌面的读者，请来这里：位置、数的格式、缓存，以及哪里会出错。")
        ),
    ]

    static let laboratory = Bilingual(en: "The laboratory: change anything, and see →", zh: "实验室：随便改，看看会怎样 →")

    static func kicker(_ page: Page) -> Bilingual {
        guard page.order > 0 else { return Bilingual(en: "The laboratory", zh: "实验室") }
        let track = tracks.first { $0.id == page.track }?.name ?? Bilingual(same: page.track)
        return Bilingual(en: "Lesson \(page.order) · \(track.en)", zh: "第 \(page.order) 课 · \(track.zh)")
    }

    static func nextLesson(_ title: Bilingual) -> Bilingual { Bilingual(en: "Next lesson: \(title.en) →", zh: "下一课：\(title.zh) →") }

    static let siteTitle = Bilingual(en: "Attention, step by step", zh: "注意力，一步一步")
    static let siteSummary = Bilingual(
        en:
            "From “why does a long chat get slow and expensive” to how DeepSeek's lightning indexer picks what matters. Every number is computed, and can be asked why.",
        zh: "从“聊得越长，为什么越慢、越贵”，讲到 DeepSeek 的闪电索引器怎样挑出要紧的内容。每个数都是算出来的，都可以问一句“为什么”。")
    static let gallery = Bilingual(en: "All figures: the gallery →", zh: "全部图：画廊 →")

    /// The words that a lesson's template asks for.
    static func lesson(_ language: Language) -> [String: String] {
        let words: [String: Bilingual] = [
            "steps": Bilingual(en: "Steps", zh: "目录"),
            "pager": Bilingual(en: "Back and next", zh: "翻页"),
            "back": Bilingual(en: "Back", zh: "上一步"),
            "next": Bilingual(en: "Next", zh: "下一步"),
            "reveal": reveal,
            "progress": Bilingual(en: "Progress", zh: "进度"),
            "glossary": Bilingual(en: "Glossary", zh: "术语"),
            "cells": Bilingual(en: "Cells of the picture: arrow keys move, Enter explains", zh: "图中的格子：方向键移动，回车看解释"),
            "hint": Bilingual(
                en: "Point at a cell for its value; click it to see where the value comes from.", zh: "指着格子，看它的数值；点一下，看这个数怎么来的。"),
            "how": Bilingual(en: "click to see why", zh: "点一下，看怎么算"),
            "close": Bilingual(en: "Close", zh: "关闭"),
            "mean": Bilingual(en: "This cell is a mean of these:", zh: "这一格是以下各数的平均："),
            "leftOut": Bilingual(en: "This key is not among those that the query keeps. How it chose:", zh: "这个键不在该查询留下的键里。它是这样挑的："),
            "absent": Bilingual(
                en: "The arithmetic of this cell is not kept in this page. In a terminal, “attn explain” shows it for any cell.",
                zh: "这一格的算式没有收进本页。在终端里用“attn explain”，任何一格都可以查看。"),
            "way": Bilingual(en: "The way here", zh: "怎么问到这里的"),
            "which": Bilingual(en: "Which cell of", zh: "看哪一格："),
            "madeOf": Bilingual(en: "Made of:", zh: "由这些算出："),
            "wide": Bilingual(en: "Wide picture: scrolls sideways", zh: "宽图：可左右滚动"),
        ]
        return words.mapValues { $0[language] }
    }

    /// The last line of a page.
    static func colophon(_ sources: [PageSource]) -> Bilingual {
        let parts = PageSource.Sort.allCases.compactMap { sort -> Bilingual? in
            let names = sources.filter { $0.sort == sort }.map { name($0.provenance) }
            guard let first = names.first else { return nil }
            let all = names.dropFirst().reduce(first) { $0 + Bilingual(en: "; ", zh: "；") + $1 }
            return numbers(sort) + all + Bilingual(en: ". ", zh: "。")
        }
        let closing = Bilingual(en: "Written by Attention Steps; this file needs no network.", zh: "由 Attention Steps 生成；本文件不需要联网。")
        return parts.reversed().reduce(closing) { $1 + $0 }
    }

    /// How numbers of one sort came to be, before the names of their sources.
    private static func numbers(_ sort: PageSource.Sort) -> Bilingual {
        switch sort {
        case .recorded: Bilingual(en: "Numbers that are cells of a recorded computation: ", zh: "取自计算记录的数：")
        case .counted: Bilingual(en: "Numbers counted, in closed form or by executing, from: ", zh: "数出来的数（按公式，或逐条执行），依据：")
        case .published: Bilingual(en: "Published numbers: ", zh: "公开发表的数：")
        case .measured: Bilingual(en: "Numbers measured by this project: ", zh: "本项目测得的数：")
        }
    }

    /// A source's name, the beginning of its SHA-256, and what a reader must know of it.
    private static func name(_ provenance: Provenance) -> Bilingual {
        let hash = provenance.sha256.map { " (SHA-256 \($0.prefix(12)))" } ?? ""
        let name = Bilingual(same: provenance.name + hash)
        return provenance.note.map { name + Bilingual(en: ", ", zh: "，") + $0 } ?? name
    }
    static let siteColophon = Bilingual(
        en: "Written by Attention Steps. These pages need no network.", zh: "由 Attention Steps 生成。这些页面不需要联网。")
}
