/* Writing and reading PNG in memory. libpng reports errors by longjmp, which Swift cannot cross: the jumps end here and come out as
   a message. Leaves out interlacing, streaming and every colour type that the product does not write. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *key;
    const char *text;     /* UTF-8; NUL-terminated */
    const char *language; /* a language tag for iTXt, or NULL for plain tEXt (Latin letters only) */
} cpng_text;

typedef struct {
    uint32_t width, height;
    int bit_depth;
    int channels; /* 1: palette index, 3: RGB, 4: RGBA */
    const uint8_t *palette; /* RGB triples, with channels == 1 */
    int palette_count;
    const uint8_t *pixels; /* rows of whole bytes, packed when bit_depth < 8 */
    size_t stride;
    int level;    /* zlib's 0 to 9 */
    int strategy; /* zlib's Z_… */
    int filters;  /* libpng's PNG_FILTER_… */
    const cpng_text *texts;
    int text_count;
} cpng_picture;

typedef struct {
    uint32_t width, height;
    int bit_depth;
    int color_type;
    uint8_t *rgba; /* width * height * 4 */
    cpng_text *texts;
    int text_count;
} cpng_decoded;

/* Both return 0, or -1 with a message of at most 255 characters. What they allocate is freed by the functions below. */
int cpng_write(const cpng_picture *picture, uint8_t **bytes, size_t *count, char message[256]);
int cpng_read(const uint8_t *bytes, size_t count, cpng_decoded *picture, char message[256]);
void cpng_free_bytes(uint8_t *bytes);
void cpng_free_decoded(cpng_decoded *picture);
