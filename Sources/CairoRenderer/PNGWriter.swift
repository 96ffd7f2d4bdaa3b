// Pixels to PNG. A palette where 256 colours are enough (large matrices: a quarter of the work and of the bytes), 8-bit RGB otherwise.
// Filters and levels were chosen by measurement on matrices of noise and on text: see `Settings`.

import CPNG
import Diagrams

/// Pixels of Cairo's RGB24 format: one word each, red, green and blue in the lower 24 bits.
struct Raster {
    let width: Int
    let height: Int
    let stride: Int
    let words: UnsafePointer<UInt32>
}

/// The colours that a scene names, as 24-bit words, and whether it holds a raster.
struct ColorCensus {
    private(set) var colors: Set<UInt32> = []
    private(set) var hasImage = false

    private let palette: Palette

    init(_ scene: Scene, _ theme: Theme) {
        palette = .of(theme)
        add(scene.background)
        scene.items(in: theme).forEach { add($0) }
    }

    private mutating func add(_ paint: Paint) { colors.insert(palette.color(paint).premultiplied & 0xFF_FFFF) }

    private mutating func add(_ item: Item) {
        switch item {
        case .rect(_, _, let fill, let stroke), .path(_, let fill, let stroke):
            switch fill {
            case .solid(let color): add(color)
            case .hatch(let lines, let background, _, _):
                add(lines)
                if let background { add(background) }
            case nil: break
            }
            if let stroke { add(stroke.color) }
        case .text(let run): add(run.style.color)
        case .image(let image, in: _):
            hasImage = true
            image.palette.forEach { add($0) }
        case .hotSpot: break
        case .cell(let area, let paint): add(palette.cell(area, paint))
        case .only(_, let items), .group(_, let items, _): items.forEach { add($0) }
        }
    }
}

/// Bytes by colour, found by open addressing: one probe a pixel almost always, which a Dictionary is ten times too slow for.
struct ColorTable {
    private var keys = [UInt32](repeating: .max, count: 1 << 14)
    private var bytes = [UInt8](repeating: 0, count: 1 << 14)
    private var count = 0

    /// The byte of `color`; on first sight that of `new`, or nil when `new` has none or the table is half full.
    @inline(__always)
    mutating func byte(of color: UInt32, new: (UInt32) -> UInt8?) -> UInt8? {
        var slot = Int((color &* 2_654_435_769) >> 18)
        while keys[slot] != color {
            if keys[slot] == .max {
                guard count < keys.count / 2, let byte = new(color) else { return nil }
                keys[slot] = color
                bytes[slot] = byte
                count += 1
                break
            }
            slot = (slot + 1) & (keys.count - 1)
        }
        return bytes[slot]
    }
}

/// Encodes rasters.
enum PNGWriter {
    /// zlib's level, zlib's strategy and libpng's filters. Indexed pixels: no filter, level 2 (noise hardly shrinks more at 9, at ten times the
    /// time). RGB: "sub", which suits text and flat areas, level 3.
    private enum Settings {
        static let indexed = (level: Int32(2), strategy: Int32(0), filters: Int32(0x08))
        static let rgb = (level: Int32(3), strategy: Int32(0), filters: Int32(0x10))
    }

    static func bytes(_ raster: Raster, declared: ColorCensus, texts: [PNGText]) throws(RendererError) -> [UInt8] {
        if let (indices, palette) = indexed(raster, coarse: nil) { return try encode(raster, indices, palette, texts) }
        if declared.hasImage, let (indices, palette) = indexed(raster, coarse: declared.colors) {
            return try encode(raster, indices, palette, texts)
        }
        var rgb = [UInt8](repeating: 0, count: raster.width * raster.height * 3)
        rgb.withUnsafeMutableBufferPointer { target in
            var at = 0
            for y in 0..<raster.height {
                for x in 0..<raster.width {
                    let word = raster.words[y * raster.stride + x]
                    target[at] = UInt8(truncatingIfNeeded: word >> 16)
                    target[at + 1] = UInt8(truncatingIfNeeded: word >> 8)
                    target[at + 2] = UInt8(truncatingIfNeeded: word)
                    at += 3
                }
            }
        }
        let (level, strategy, filters) = Settings.rgb
        var picture = cpng_picture()
        (picture.width, picture.height, picture.bit_depth, picture.channels) = (UInt32(raster.width), UInt32(raster.height), 8, 3)
        (picture.stride, picture.level, picture.strategy, picture.filters) = (raster.width * 3, level, strategy, filters)
        return try write(picture, pixels: rgb, palette: [], texts)
    }

    /// RGBA pixels, for pieces of an SVG.
    static func bytes(rgba: [UInt8], width: Int, height: Int) throws(RendererError) -> [UInt8] {
        var picture = cpng_picture()
        (picture.width, picture.height, picture.bit_depth, picture.channels) = (UInt32(width), UInt32(height), 8, 4)
        (picture.stride, picture.level, picture.filters) = (width * 4, 6, 0x10)
        return try write(picture, pixels: rgba, palette: [], [])
    }

    /// Palette pixels in the colours of a theme, for pieces of an SVG; `factor` pixels for one.
    static func bytes(_ image: PixelImage, _ colors: [Color], factor: Int) throws(RendererError) -> [UInt8] {
        let width = image.width * factor
        var pixels = [UInt8](repeating: 0, count: width * image.height * factor)
        for y in 0..<image.height * factor {
            for x in 0..<width { pixels[y * width + x] = image.pixels[y / factor * image.width + x / factor] }
        }
        var picture = cpng_picture()
        (picture.width, picture.height, picture.bit_depth, picture.channels) = (UInt32(width), UInt32(image.height * factor), 8, 1)
        (picture.stride, picture.level, picture.filters) = (width, 6, 0x08)
        return try write(picture, pixels: pixels, palette: colors.map { $0.premultiplied & 0xFF_FFFF }, [])
    }

    /// Palette indices, row by row, or nil where 256 colours are not enough. With `coarse`, colours that no item names (the edges of
    /// antialiased letters) are rounded to 32 steps a channel first, at most 7 of 255 away: invisible, and text over a matrix fits the palette.
    private static func indexed(_ raster: Raster, coarse: Set<UInt32>?) -> ([UInt8], [UInt32])? {
        var palette = (coarse ?? []).sorted()
        guard palette.count <= 256 else { return nil }
        var known = Dictionary(uniqueKeysWithValues: palette.enumerated().map { ($1, UInt8($0)) })
        func entry(_ color: UInt32) -> UInt8? {
            let color = coarse.map { $0.contains(color) ? color : round(color) } ?? color
            if let index = known[color] { return index }
            guard palette.count < 256 else { return nil }
            known[color] = UInt8(palette.count)
            palette.append(color)
            return known[color]
        }
        var table = ColorTable()
        var pixels = [UInt8](repeating: 0, count: raster.width * raster.height)
        let isComplete = pixels.withUnsafeMutableBufferPointer { pixels in
            for y in 0..<raster.height {
                let row = raster.words + y * raster.stride
                for x in 0..<raster.width {
                    guard let index = table.byte(of: row[x] & 0xFF_FFFF, new: entry) else { return false }
                    pixels[y * raster.width + x] = index
                }
            }
            return true
        }
        return isComplete ? (pixels, palette) : nil
    }

    private static func round(_ color: UInt32) -> UInt32 {
        func step(_ byte: UInt32) -> UInt32 { min(byte + 4, 255) & 0xF8 }
        return step(color >> 16 & 255) << 16 | step(color >> 8 & 255) << 8 | step(color & 255)
    }

    private static func encode(_ raster: Raster, _ indices: [UInt8], _ palette: [UInt32], _ texts: [PNGText]) throws(RendererError)
        -> [UInt8]
    {
        let depth = palette.count <= 2 ? 1 : palette.count <= 4 ? 2 : palette.count <= 16 ? 4 : 8
        let (level, strategy, filters) = Settings.indexed
        var picture = cpng_picture()
        (picture.width, picture.height, picture.bit_depth, picture.channels) = (
            UInt32(raster.width), UInt32(raster.height), Int32(depth), 1
        )
        (picture.stride, picture.level, picture.strategy, picture.filters) = ((raster.width * depth + 7) / 8, level, strategy, filters)
        return try write(picture, pixels: packed(indices, width: raster.width, depth: depth), palette: palette, texts)
    }

    private static func packed(_ indices: [UInt8], width: Int, depth: Int) -> [UInt8] {
        guard depth < 8 else { return indices }
        let perByte = 8 / depth
        let stride = (width + perByte - 1) / perByte
        var bytes = [UInt8](repeating: 0, count: indices.count / width * stride)
        for i in indices.indices {
            let x = i % width
            bytes[i / width * stride + x / perByte] |= indices[i] << (8 - depth - x % perByte * depth)
        }
        return bytes
    }

    private static func write(_ picture: cpng_picture, pixels: [UInt8], palette: [UInt32], _ texts: [PNGText]) throws(RendererError)
        -> [UInt8]
    {
        var picture = picture
        let triples = palette.flatMap { [UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] }
        // Texts as NUL-terminated strings in one block: key, text, language.
        let strings = texts.map { ($0.key.nulTerminated, $0.text.nulTerminated, $0.isInternational ? $0.language.nulTerminated : nil) }
        var output: UnsafeMutablePointer<UInt8>?
        var count = 0
        var message = [CChar](repeating: 0, count: 256)
        let block = CStrings(strings)
        let status = triples.withUnsafeBufferPointer { palette in
            pixels.withUnsafeBufferPointer { pixels in
                picture.palette = palette.baseAddress
                picture.palette_count = Int32(palette.count / 3)
                picture.pixels = pixels.baseAddress
                return block.entries.withUnsafeBufferPointer { entries in
                    picture.texts = entries.baseAddress
                    picture.text_count = Int32(entries.count)
                    return cpng_write(&picture, &output, &count, &message)
                }
            }
        }
        withExtendedLifetime(block) {}
        guard status == 0, let output else { throw RendererError("PNG: \(String(cMessage: message))") }
        defer { cpng_free_bytes(output) }
        return Array(UnsafeBufferPointer(start: output, count: count))
    }
}

/// C strings that live as long as this object.
private final class CStrings {
    let entries: [cpng_text]
    private let storage: [UnsafeMutablePointer<CChar>]

    init(_ strings: [([CChar], [CChar], [CChar]?)]) {
        var storage: [UnsafeMutablePointer<CChar>] = []
        func keep(_ string: [CChar]) -> UnsafePointer<CChar> {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count)
            copy.initialize(from: string, count: string.count)
            storage.append(copy)
            return UnsafePointer(copy)
        }
        entries = strings.map { cpng_text(key: keep($0.0), text: keep($0.1), language: $0.2.map(keep)) }
        self.storage = storage
    }

    deinit { storage.forEach { $0.deallocate() } }
}

extension String {
    var nulTerminated: [CChar] { utf8.filter { $0 != 0 }.map { CChar(bitPattern: $0) } + [0] }
    init(cMessage: [CChar]) { self.init(decoding: cMessage.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
