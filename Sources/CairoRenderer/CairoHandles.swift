// Owners of Cairo's handles: each is released exactly once, and its status is checked after creation and after drawing.

import CCairo

/// Throws if Cairo reports anything but success.
func check(_ status: cairo_status_t, _ what: String) throws(RendererError) {
    guard status == CAIRO_STATUS_SUCCESS else {
        throw RendererError("\(what): Cairo says \(String(cString: cairo_status_to_string(status)))")
    }
}

/// A surface, and whatever Cairo writes to it.
struct Surface: ~Copyable {
    let pointer: OpaquePointer
    /// What Cairo hands pieces to, the last of them when the surface is released.
    private let sink: ByteSink?

    init(_ pointer: OpaquePointer?, to sink: ByteSink? = nil, _ what: String) throws(RendererError) {
        guard let pointer else { throw RendererError("\(what): no surface") }
        try check(cairo_surface_status(pointer), what)  // a surface in error is a static object that needs no release
        (self.pointer, self.sink) = (pointer, sink)
    }

    deinit { withExtendedLifetime(sink) { cairo_surface_destroy(pointer) } }

    /// Ends the file or the drawing, and says whether all of it succeeded.
    func finish(_ what: String) throws(RendererError) {
        cairo_surface_finish(pointer)
        try check(cairo_surface_status(pointer), what)
    }
}

/// A drawing context on a surface.
struct Context: ~Copyable {
    let pointer: OpaquePointer

    init(_ surface: borrowing Surface, _ what: String) throws(RendererError) {
        guard let pointer = cairo_create(surface.pointer) else { throw RendererError("\(what): no context") }
        try check(cairo_status(pointer), what)  // a context in error is a static object that needs no release
        self.pointer = pointer
    }

    deinit { cairo_destroy(pointer) }
}

/// Bytes that Cairo hands over piece by piece.
final class ByteSink {
    var bytes: [UInt8] = []

    /// What Cairo calls with each piece; the closure is a `ByteSink`, unretained.
    static let write: cairo_write_func_t = { closure, data, length in
        guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
        Unmanaged<ByteSink>.fromOpaque(closure).takeUnretainedValue().bytes.append(
            contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
        return CAIRO_STATUS_SUCCESS
    }
}
