// The gallery's page: every picture in both languages and all themes, under its claim, with alt text, and nothing from the network.

import AttentionEngine
import Diagrams
import Testing

@Suite struct GalleryPageTests {
    private func entry(_ figure: String) -> GalleryPage.Entry {
        let scene = Scene(
            size: Size(1200, 700), background: Color(0xFFFFFF), items: [], title: Bilingual(en: "t", zh: "题"),
            alt: Bilingual(en: "a \"b\" <c> & d", zh: "替代文字"), caption: Bilingual(en: "caption", zh: "说明"), language: .en)
        return GalleryPage.Entry(figure: figure, scene: scene) { "\(figure)-\($0.rawValue)-\($1.rawValue).png" }
    }

    @Test func `every picture stands once in each language and theme, with its alt text escaped`() {
        let html = GalleryPage([entry("growth"), entry("parity")]).html
        for figure in ["growth", "parity"] {
            for language in Language.allCases {
                for theme in Theme.allCases {
                    #expect(html.matches(of: try! Regex("src=\"\(figure)-\(language.rawValue)-\(theme.rawValue)\\.png\"")).count == 1)
                }
            }
        }
        #expect(html.contains("alt=\"a &quot;b&quot; &lt;c&gt; &amp; d\"") && html.contains("alt=\"替代文字\""))
        #expect(!html.contains("http") && !html.contains("<script"))
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
