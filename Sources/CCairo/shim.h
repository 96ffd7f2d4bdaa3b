#include <cairo.h>
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <pango/pangocairo.h>

// Macros with casts do not reach Swift.
enum { PANGO_GLYPH_EMPTY_VALUE = 0x0FFFFFFF, PANGO_GLYPH_UNKNOWN_VALUE = 0x10000000 };
