// What tests of pictures share: pinned fonts, and the comparison of decoded pixels with goldens that stand beside the test that owns them.
// RECORD_GOLDENS=1 rewrites the goldens and fails, so that a recording never passes for a check.

public import CairoRenderer
public import Foundation
public import Testing

/// A folder of pictures as they should be.
public struct Goldens: Sendable {
    /// Where they are.
    public let folder: URL

    /// The folder `Goldens` beside the test file that asks.
    public init(besideFile path: String = #filePath) {
        folder = URL(filePath: path).deletingLastPathComponent().appending(path: "Goldens")
    }

    /// Compares a PNG with the golden `name`, at most 1 apart in any channel; if it differs more, writes expected, found and their difference
    /// beside each other into one picture and names it.
    public func expect(_ name: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let golden = folder.appending(path: "\(name).png")
        if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(bytes).write(to: golden)
            Issue.record("recorded \(golden.lastPathComponent)", sourceLocation: sourceLocation)
            return
        }
        let found = try PNGImage(decoding: bytes)
        let expected = try PNGImage(
            decoding: #require(
                (try? Data(contentsOf: golden)).map(Array.init), "\(name): expected a golden, found none; RECORD_GOLDENS=1 makes it",
                sourceLocation: sourceLocation))
        try #require(
            found.width == expected.width && found.height == expected.height,
            "\(name): expected \(expected.width) x \(expected.height) pixels, found \(found.width) x \(found.height)",
            sourceLocation: sourceLocation)
        let (largest, count) = difference(found, expected, tolerance: 1)
        guard largest > 1 else { return }
        let place = FileManager.default.temporaryDirectory.appending(path: "attention-steps-\(name)-difference.png")
        try Data(Self.threePictures(expected, found)).write(to: place)
        Issue.record("\(name): \(count) pixels differ, by up to \(largest); see \(place.path)", sourceLocation: sourceLocation)
    }

    /// Expected, found, and white where they are equal, as one PNG.
    private static func threePictures(_ expected: PNGImage, _ found: PNGImage) throws -> [UInt8] {
        var pixels = [UInt8]()
        for y in 0..<found.height {
            let row = y * found.width * 4..<(y + 1) * found.width * 4
            pixels += expected.rgba[row] + found.rgba[row]
            for i in row { pixels.append(i % 4 == 3 ? 255 : 255 - UInt8(min(255, 8 * abs(Int(found.rgba[i]) - Int(expected.rgba[i]))))) }
        }
        return try PNGImage.encode(rgba: pixels, width: found.width * 3, height: found.height)
    }
}

/// The largest difference of a channel, and how many pixels differ by more than `tolerance`.
public func difference(_ a: PNGImage, _ b: PNGImage, tolerance: Int) -> (largest: Int, count: Int) {
    var (largest, count) = (0, 0)
    for pixel in stride(from: 0, to: a.rgba.count, by: 4) {
        let apart = (0..<4).map { abs(Int(a.rgba[pixel + $0]) - Int(b.rgba[pixel + $0])) }.max()!
        largest = max(largest, apart)
        if apart > tolerance { count += 1 }
    }
    return (largest, count)
}

/// The fonts of picture tests and no others.
public enum PinnedFonts {
    /// The fontconfig file that pins them: what to give a child process as `FONTCONFIG_FILE`.
    public static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "fonts.conf").path

    /// Pins them for this process: fontconfig reads its file once, at the first use of a font.
    public static let pin: Void = { setenv("FONTCONFIG_FILE", file, 1) }()
}
