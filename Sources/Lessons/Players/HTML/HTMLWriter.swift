// A lesson as one self-contained HTML file in both languages, and the index of a site of lessons. The look is assets/page; no page asks
// for anything from a network.

internal import Diagrams
public import Traces

/// Where a page leads to, when it is part of a site.
public struct SiteLinks: Sendable {
    /// The index, relative to the page.
    public var home: String?
    /// The lesson after this one: its page, and its title.
    public var next: (path: String, title: Bilingual)?

    /// Links of a page.
    public init(home: String? = nil, next: (path: String, title: Bilingual)? = nil) {
        self.home = home
        self.next = next
    }
}

/// Writes lessons as HTML pages.
public struct HTMLWriter: Sendable {
    private let assets: PageAssets
    private let engine: EngineInPage?
    private let explanationBytes: Int

    /// A writer of pages that look as `assets` say.
    /// - Parameters:
    ///   - engine: what pages compute with; without it they show what was recorded, and nothing else.
    ///   - explanationBytes: what the explanations of cells may take of a page.
    public init(assets: PageAssets, engine: EngineInPage? = nil, explanationBytes: Int = 800_000) {
        self.assets = assets
        self.engine = engine
        self.explanationBytes = explanationBytes
    }

    /// `NAME.html`: one lesson in all languages given; the first is the one shown when neither the reader nor the browser has a wish.
    /// Throws what drawing throws.
    /// - Parameter pictures: makers of this page's pictures, which have made no other page's.
    public func files(of pages: [Page], links: SiteLinks = SiteLinks(), pictures: PagePictures) throws -> [OutputFile] {
        guard let first = pages.first else { return [] }
        var before: HTMLArticle?
        var editions: [[String: Any]] = []
        for (position, page) in pages.enumerated() {
            let idPrefix = position == 0 ? "" : page.language.rawValue + "-"
            var article = HTMLArticle(page, glossary: assets.glossary, idPrefix: idPrefix, after: before, pictures: pictures)
            editions.append(try edition(&article, links))
            before = article
        }
        guard let last = before else { return [] }
        let (shared, narrowForms) = (last.shared, last.narrowForms)
        var book = last.book
        editions = editions.map { edition in
            let steps = edition["steps"] as? [[String: Any]] ?? []
            return edition.merging(["steps": steps.map { $0.mapValues { ($0 as? String).map(shared.filled) ?? $0 } }]) { $1 }
        }
        let data = book.json(budget: explanationBytes)
        var context = common(first.language, title: first.title, summary: first.summary)
        context["editions"] = editions
        context["home"] = links.home
        let (shapes, styles) = pictures.shared()
        (context["shapes"], context["pictureStyles"]) = (shapes + shared.shapes, styles)
        context["lessonScript"] = assets.lessonScript
        let narrow = JSONText.object(narrowForms.map { ("\($0.number)", .string(shared.filled($0.svg))) }).line
        if let engine, book.asksEngine {
            context["engine"] = [
                "program": engine.base64, "loading": try engine.loading(cases: book.cases), "data": engine.packed(data),
                "narrow": engine.packed(narrow),
                "words": HTMLText.inScript(PanelWords.json),
            ]
        } else {
            (context["data"], context["narrow"]) = (data, HTMLText.inScript(narrow))
        }
        return [OutputFile(path: Self.path(of: first.name), bytes: try assets.render("lesson", context))]
    }

    /// `index.html`: the lessons by track.
    /// - Parameters:
    ///   - laboratory: the laboratory, whose page stands beside the lessons'; nil if there is none.
    ///   - gallery: the gallery's page, relative to the index; nil if there is none.
    public func index(of lessons: [Lesson], laboratory: Lesson? = nil, gallery: String? = nil, language: Language = .en) throws
        -> OutputFile
    {
        let languages = [language] + Language.allCases.filter { $0 != language }
        var context = common(language, title: PageWords.siteTitle[language], summary: PageWords.siteSummary[language])
        context["editions"] = languages.map { language -> [String: Any] in
            var edition: [String: Any] = [
                "language": language.rawValue, "tag": HTMLText.tag(language), "title": PageWords.siteTitle[language],
                "summary": PageWords.siteSummary[language], "tracks": tracks(lessons, language),
                "words": [
                    "gallery": PageWords.gallery[language], "laboratory": PageWords.laboratory[language],
                    "colophon": PageWords.siteColophon[language],
                ],
            ]
            edition["laboratory"] = laboratory.map { HTMLText.escaped(Self.path(of: $0.name)) }
            edition["gallery"] = gallery.map(HTMLText.escaped)
            return edition
        }
        return OutputFile(path: "index.html", bytes: try assets.render("index", context))
    }

    /// The file of a lesson's page.
    public static func path(of lesson: String) -> String { lesson + ".html" }

    private func common(_ language: Language, title: String, summary: String) -> [String: Any] {
        [
            "language": language.rawValue, "languageTag": HTMLText.tag(language), "title": HTMLText.visible(title),
            "summary": HTMLText.visible(summary), "style": assets.style, "script": assets.script,
        ]
    }

    private func tracks(_ lessons: [Lesson], _ language: Language) -> [[String: Any]] {
        PageWords.tracks.compactMap { track in
            let own = lessons.filter { $0.track == track.id }
            if own.isEmpty { return nil }
            return [
                "track": track.id, "name": track.name[language], "text": track.text[language],
                "lessons": own.map { lesson in
                    [
                        "number": "\(lesson.order)", "path": HTMLText.escaped(Self.path(of: lesson.name)), "title": lesson.title[language],
                        "summary": lesson.summary[language],
                    ]
                },
            ]
        }
    }

    private func edition(_ article: inout HTMLArticle, _ links: SiteLinks) throws -> [String: Any] {
        let (page, language) = (article.page, article.page.language)
        var steps: [[String: Any]] = []
        for step in page.steps {
            steps.append([
                "id": article.idPrefix + step.id, "step": step.id, "number": "\(step.number)",
                "heading": HTMLText.escaped(Inline.plain(step.heading)), "body": try article.body(of: step),
            ])
        }
        let terms = article.usedTerms.sorted().map { number -> [String: Any] in
            let term = assets.glossary.terms[number]
            return ["id": term.id, "name": term.name[language], "text": term.text[language]]
        }
        var words = PageWords.lesson(language)
        words["colophon"] = HTMLText.visible(PageWords.colophon(page.sources)[language])
        var edition: [String: Any] = [
            "language": language.rawValue, "tag": HTMLText.tag(language), "title": HTMLText.visible(page.title),
            "kicker": PageWords.kicker(page)[language], "summary": HTMLText.visible(page.summary), "steps": steps, "words": words,
            "count": "\(steps.count)", "terms": terms, "hasTerms": !terms.isEmpty,
        ]
        if let next = links.next {
            edition["next"] = ["path": HTMLText.escaped(next.path), "label": PageWords.nextLesson(next.title)[language]]
        }
        return edition
    }
}
