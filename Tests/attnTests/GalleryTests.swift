// The gallery as a reader gets it: the command runs once, into a folder of its own, and everything that its page names is there.

import CairoRenderer
import Diagrams
import Foundation
import Testing
import Traces

@Suite struct GalleryTests {
    /// The folder that one run of `attn figure gallery` wrote.
    private static let gallery = Result { () throws -> (run: Run, folder: URL, html: String) in
        let folder = try Place.temporary()
        let run = try attn("figure", "gallery", "--output", "gallery", folder: folder)
        let gallery = folder.appending(path: "gallery")
        return (run, gallery, try String(contentsOf: gallery.appending(path: "index.html"), encoding: .utf8))
    }

    /// The text of an attribute in each tag of a kind.
    private func values(_ attribute: String, of tag: String, in html: String) throws -> [String] {
        html.matches(of: try Regex("<\(tag)\\b[^>]*?\\b\(attribute)=\"([^\"]*)\"", as: (Substring, Substring).self)).map {
            String($0.output.1)
        }
    }

    @Test func `the gallery holds every figure in 2 languages and 3 themes, for a page and for a phone, as PNGs that decode`() throws {
        let (run, folder, _) = try Self.gallery.get()
        #expect(run.status == 0 && run.output == "gallery/index.html\n", "\(run.error)")
        var wanted: Set<String> = []
        for figure in Figures.all {
            for language in Language.allCases {
                for theme in Theme.allCases {
                    for (ending, width) in [("", 1_800), ("-phone", 750)] {
                        let name = "\(figure.name)-\(language.rawValue)-\(theme.rawValue)\(ending).png"
                        wanted.insert(name)
                        let data = try Data(contentsOf: folder.appending(path: "images/\(name)"))
                        let picture = try PNGImage(decoding: Array(data))
                        #expect(picture.width <= width && picture.width >= min(width, 750) && picture.height > 200, "\(name)")
                    }
                }
            }
        }
        let found = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "images").path)
        #expect(Set(found) == wanted, "nothing more, nothing less")
    }

    @Test func `every picture that the page names exists and has alt text`() throws {
        let (_, folder, html) = try Self.gallery.get()
        let images = html.matches(of: /<img\b[^>]*>/).map { String($0.output) }
        #expect(images.count == Figures.all.count * 2 * 3)
        for image in images {
            let alt = try #require(try values("alt", of: "img", in: image).first)
            #expect(alt.count > 20, "\(image)")
        }
        let named = try values("src", of: "img", in: html) + values("srcset", of: "source", in: html) + values("href", of: "a", in: html)
        let files = named.filter { !$0.hasPrefix("#") }
        #expect(files.count == Figures.all.count * 2 * 3 * 3)
        for file in files { #expect(FileManager.default.fileExists(atPath: folder.appending(path: file).path), "\(file)") }
        let anchors = named.filter { $0.hasPrefix("#") }
        for anchor in anchors { #expect(html.contains("id=\"\(anchor.dropFirst())\""), "\(anchor)") }
    }

    @Test func `Chinese alt texts and captions speak of the Chinese diary`() throws {
        let html = try Self.gallery.get().html
        let alts = html.matches(of: /<img lang="zh-CN"[^>]*alt="([^"]*)"/).map { String($0.output.1) }
        #expect(alts.count == Figures.all.count * 3)
        let diary = alts.filter { $0.contains("大理") }
        #expect(diary.count >= 4 * 3)
        #expect(alts.allSatisfy { !$0.contains("Dali") && !$0.contains("Breakfast") })
        let captions = html.matches(of: /<figcaption>.*?<p class="zh"[^>]*>([^<]*)</).map { String($0.output.1) }
        #expect(captions.count == Figures.all.count && captions.allSatisfy { !$0.contains("Dali") })
    }

    @Test(arguments: ["cover", "slide"], Figures.all.map(\.name))
    func `wide, low pictures are 16 to 9`(preset: String, figure: String) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        for language in ["en", "zh"] {
            let run = try attn("figure", figure, "--preset", preset, "--lang", language, "--output", "p.png", folder: folder)
            #expect(run.status == 0, "\(run.error)")
            let picture = try PNGImage(decoding: Array(Data(contentsOf: folder.appending(path: "p.png"))))
            #expect(abs(Double(picture.height) - Double(picture.width) * 9 / 16) <= 1, "\(language): \(picture.width) x \(picture.height)")
        }
    }
}
