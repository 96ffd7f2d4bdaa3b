// Scene to PNG, SVG and PDF bytes. The same scene gives the same bytes, whatever was drawn before.

import CCairo
public import Diagrams
import Traces

/// Draws scenes and measures text. Holds fonts; use one in each thread.
public final class CairoRenderer {
    let typesetter = Typesetter()
    /// Measures text as this renderer sets it.
    public let measurer: TextMeasurer

    /// A renderer with its own fonts.
    public init() { measurer = TextMeasurer { [typesetter] in typesetter.measure($0, $1, $2) } }

    /// A PNG with `scale` pixels a point: palette where 256 colours are enough, else 8-bit RGB. Title, description (alt text), software and
    /// provenance stand in text chunks.
    public func png(_ scene: Scene, _ theme: Theme = .light, scale: Double = 1) throws(RendererError) -> [UInt8] {
        let (width, height) = try pixelSize(scene, theme, scale: scale)
        let surface = try Surface(
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)), "a picture of \(width) x \(height)")
        do {
            let context = try Context(surface, "a picture of \(width) x \(height)")
            cairo_scale(context.pointer, Double(width) / scene.size.width, Double(height) / scene.size.height)
            try ScenePainter(context.pointer, typesetter, scene, theme, outlinesText: true).paint()
        }
        cairo_surface_flush(surface.pointer)
        let stride = Int(cairo_image_surface_get_stride(surface.pointer)) / 4
        guard let data = cairo_image_surface_get_data(surface.pointer) else {
            throw RendererError("a picture of \(width) x \(height): no pixels")
        }
        return try data.withMemoryRebound(to: UInt32.self, capacity: stride * height) { words throws(RendererError) in
            let raster = Raster(width: width, height: height, stride: stride, words: UnsafePointer(words))
            return try PNGWriter.bytes(raster, declared: ColorCensus(scene, theme), texts: scene.pngTexts(theme))
        }
    }

    /// An SVG whose ids all begin with `idPrefix`. Text stays text, to be found, copied and edited, in the fonts that it was measured in; as outlines
    /// it looks the same where these fonts are not installed.
    public func svg(_ scene: Scene, _ theme: Theme = .light, idPrefix: String, textAsOutlines: Bool = false) throws(RendererError)
        -> [UInt8]
    {
        _ = try pixelSize(scene, theme, scale: 1)
        return try SVGWriter(scene: scene, theme: theme, prefix: idPrefix, typesetter: typesetter, keepsText: !textAsOutlines).document()
    }

    /// A one-page PDF with text kept as text and fixed dates.
    public func pdf(_ scene: Scene, _ theme: Theme = .light) throws(RendererError) -> [UInt8] {
        _ = try pixelSize(scene, theme, scale: 1)
        let sink = ByteSink()
        let surface = try Surface(
            cairo_pdf_surface_create_for_stream(
                ByteSink.write, Unmanaged.passUnretained(sink).toOpaque(), scene.size.width, scene.size.height),
            to: sink, "a PDF")
        let language = scene.language
        for (key, value) in [
            (CAIRO_PDF_METADATA_TITLE, scene.title[language]), (CAIRO_PDF_METADATA_SUBJECT, scene.alt[language]),
            (CAIRO_PDF_METADATA_KEYWORDS, scene.provenanceText(theme)), (CAIRO_PDF_METADATA_CREATOR, Scene.software),
            (CAIRO_PDF_METADATA_CREATE_DATE, Self.pdfDate), (CAIRO_PDF_METADATA_MOD_DATE, Self.pdfDate),
        ] { cairo_pdf_surface_set_metadata(surface.pointer, key, value) }
        do {
            let context = try Context(surface, "a PDF")
            try ScenePainter(context.pointer, typesetter, scene, theme, outlinesText: false).paint()
            cairo_show_page(context.pointer)
            try check(cairo_status(context.pointer), "a PDF")
        }
        try surface.finish("a PDF")
        return sink.bytes
    }

    /// PDFs say when they were made; a fixed day keeps their bytes the same.
    private static let pdfDate = "2025-01-01T00:00:00Z"

    /// The size in pixels, refused where it is empty or too large to draw, or where the scene was laid out for other themes.
    private func pixelSize(_ scene: Scene, _ theme: Theme, scale: Double) throws(RendererError) -> (width: Int, height: Int) {
        guard typesetter.hasFonts else { throw RendererError("no font is installed: the words of a picture cannot be drawn") }
        guard scene.themes.contains(theme) else { throw RendererError(scene, lacks: theme) }
        let (width, height) = ((scene.size.width * scale).rounded(), (scene.size.height * scale).rounded())
        guard width >= 1, height >= 1 else {
            throw RendererError("the picture is \(width) x \(height) pixels: expected at least 1 x 1")
        }
        guard max(width, height) <= Double(PictureLimits.side), width * height <= Double(PictureLimits.area) else {
            throw RendererError(
                "the picture is \(NumberText.significant(width, digits: 10)) x \(NumberText.significant(height, digits: 10)) pixels: expected at most \(PictureLimits.side) along a side and \(PictureLimits.area) in all"
            )
        }
        return (Int(width), Int(height))
    }
}

extension Scene {
    /// What files say about their maker.
    static let software = "Attention Steps"

    /// Figure, options and data as `key=value`, sorted by key, one after the other.
    func provenanceText(_ theme: Theme) -> String { facts(theme).map { "\($0.key)=\($0.value)" }.joined(separator: "; ") }

    /// What stands in the text chunks of a PNG.
    func pngTexts(_ theme: Theme) -> [PNGText] {
        [
            PNGText("Title", title[language], language.tag), PNGText("Description", alt[language], language.tag),
            PNGText("Software", Self.software, language.tag), PNGText("Source", provenanceText(theme), language.tag),
        ]
    }
}
