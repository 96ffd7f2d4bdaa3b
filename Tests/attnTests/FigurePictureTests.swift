// Every figure as the command draws it, pixel by pixel: its built-in example for a phone, at half its size so that goldens stay small, in English
// on white paper and in Chinese on dark.

import Diagrams
import Foundation
import PictureTesting
import Testing

@Suite struct FigurePictureTests {
    static let looks = [("en", "light"), ("zh", "dark")]

    @Test(arguments: Figures.all.map(\.name), looks) func `every figure looks as it did`(name: String, look: (String, String)) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "figure.png")
        let run = try attn(
            "figure", name, "--lang", look.0, "--theme", look.1, "--preset", "phone", "--scale", "0.5", "--output", file.path,
            environment: ["FONTCONFIG_FILE": PinnedFonts.file])
        try #require(run.status == 0, "\(run.error)")
        try Goldens().expect("\(name)-\(look.0)-\(look.1)", Array(Data(contentsOf: file)))
    }
}
