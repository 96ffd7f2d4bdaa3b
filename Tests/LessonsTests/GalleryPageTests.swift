// The gallery's page: every picture in both languages and all themes, under its claim, with alt text, and nothing from the network.

import Lessons
import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct GalleryPageTests {
    private func scene(_ words: String) -> Scene {
        Scene(
            size: Size(1200, 700), background: .paper, items: [], title: Bilingual(en: "t", zh: "题"),
            alt: Bilingual(en: "a \"b\" <c> & d", zh: "替代文字：\(words)"), caption: Bilingual(en: "caption", zh: "说明：\(words)"), language: .en)
    }

    private func entry(_ figure: String) -> GalleryPage.Entry {
        GalleryPage.Entry(figure: figure, english: scene("Dali"), chinese: scene("大理")) { language, theme, preset in
            let name = "\(figure)-\(language.rawValue)-\(theme.rawValue)-\(preset.rawValue).png"
            return GalleryPage.Picture(file: name, size: preset == .phone ? Size(375, 500) : Size(1200, 700))
        }
    }

    @Test func `every picture stands once in each language and theme, for a page and for a phone, with its alt text escaped`() {
        let html = GalleryPage([entry("growth"), entry("parity")]).html
        for figure in ["growth", "parity"] {
            for language in Language.allCases {
                for theme in Theme.allCases {
                    let name = "\(figure)-\(language.rawValue)-\(theme.rawValue)"
                    #expect(html.matches(of: try! Regex("<img [^>]*src=\"\(name)-article\\.png\"")).count == 1)
                    #expect(html.matches(of: try! Regex("<source media=[^>]*srcset=\"\(name)-phone\\.png\" width=\"375\"")).count == 1)
                    #expect(html.contains("href=\"\(name)-article.png\""), "a picture opens in full size")
                }
            }
        }
        #expect(html.contains("alt=\"a &quot;b&quot; &lt;c&gt; &amp; d\"") && html.contains("alt=\"替代文字：大理\""))
        #expect(!html.contains("http") && !html.contains("<script"))
    }

    @Test func `each language takes its words from the scene drawn in it`() {
        let html = GalleryPage([entry("growth")]).html
        #expect(html.contains("说明：大理") && !html.contains("说明：Dali") && !html.contains("替代文字：Dali"))
    }

    @Test func `the contents link to every claim that is there, and alt texts stand to be copied`() {
        let html = GalleryPage([entry("growth"), entry("parity")]).html
        for number in 1...2 { #expect(html.contains("href=\"#claim-\(number)\"") && html.contains("id=\"claim-\(number)\"")) }
        #expect(!html.contains("claim-3"))
        #expect(html.contains("<summary><span class=\"en\" lang=\"en\">Alt text</span>"))
        #expect(html.contains("<p class=\"zh\" lang=\"zh-CN\">替代文字：大理</p>"))
    }

    @Test func `the page follows the reader's theme unless one is picked`() {
        let html = GalleryPage([entry("growth")]).html
        #expect(html.contains("id=\"system\" checked") && html.contains("prefers-color-scheme: dark"))
    }

    @Test func `figures stand under their claims in order, empty claims are left out, unknown figures come last`() throws {
        let html = GalleryPage([entry("novel"), entry("parity"), entry("growth")]).html
        let order = ["id=\"growth\"", "id=\"parity\"", "id=\"novel\""].map { html.ranges(of: $0).first?.lowerBound }
        #expect(order.allSatisfy { $0 != nil })
        #expect(order[0]! < order[1]! && order[1]! < order[2]!)
        #expect(html.matches(of: /<h2>/).count == 3)
        #expect(html.contains("Quality stayed on a par") && !html.contains("Prices fell"))
    }

    @Test func `every figure of the catalogue has a claim`() {
        let named = Set(GalleryPage.claims.flatMap(\.figures))
        #expect(Figures.all.allSatisfy { named.contains($0.name) })
    }
}
