/* See cpng.h. Everything that outlives a longjmp is reached through a pointer, so that no local variable is clobbered. */
#include "cpng.h"
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    jmp_buf jump;
    char *message;
    uint8_t *bytes;
    size_t count, capacity;
    const uint8_t *input;
    size_t position, length;
    png_bytep *rows;
    png_text *texts;
} session;

static void fail(png_structp png, png_const_charp message) {
    session *s = png_get_error_ptr(png);
    snprintf(s->message, 256, "%s", message);
    longjmp(s->jump, 1);
}

static void ignore(png_structp png, png_const_charp message) { (void)png; (void)message; }

static void append(png_structp png, png_bytep data, size_t count) {
    session *s = png_get_io_ptr(png);
    if (s->count + count > s->capacity) {
        size_t capacity = s->capacity ? s->capacity : 1 << 16;
        while (capacity < s->count + count) capacity *= 2;
        uint8_t *grown = realloc(s->bytes, capacity);
        if (!grown) png_error(png, "out of memory");
        s->bytes = grown;
        s->capacity = capacity;
    }
    memcpy(s->bytes + s->count, data, count);
    s->count += count;
}

static void flush(png_structp png) { (void)png; }

static void take(png_structp png, png_bytep data, size_t count) {
    session *s = png_get_io_ptr(png);
    if (count > s->length - s->position) png_error(png, "the file ends too early");
    memcpy(data, s->input + s->position, count);
    s->position += count;
}

static void write_texts(png_structp png, png_infop info, session *s, const cpng_picture *p) {
    s->texts = calloc((size_t)p->text_count + 1, sizeof(png_text));
    if (!s->texts) png_error(png, "out of memory");
    for (int i = 0; i < p->text_count; i++) {
        png_text *t = &s->texts[i];
        t->key = (char *)p->texts[i].key;
        t->text = (char *)p->texts[i].text;
        t->compression = p->texts[i].language ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
        t->lang = (char *)p->texts[i].language;
        t->lang_key = NULL;
    }
    png_set_text(png, info, s->texts, p->text_count);
}

static void write_all(png_structp png, png_infop info, session *s, const cpng_picture *p) {
    int type = p->channels == 1 ? PNG_COLOR_TYPE_PALETTE : p->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA;
    png_set_write_fn(png, s, append, flush);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_compression_level(png, p->level);
    png_set_compression_strategy(png, p->strategy);
    png_set_compression_buffer_size(png, 1 << 18);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, p->filters);
    png_set_IHDR(png, info, p->width, p->height, p->bit_depth, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (p->channels == 1) png_set_PLTE(png, info, (png_const_colorp)p->palette, p->palette_count);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    write_texts(png, info, s, p);
    png_write_info(png, info);
    for (uint32_t y = 0; y < p->height; y++) png_write_row(png, p->pixels + p->stride * y);
    png_write_end(png, info);
}

int cpng_write(const cpng_picture *picture, uint8_t **bytes, size_t *count, char message[256]) {
    session *s = calloc(1, sizeof(session));
    if (!s) {
        snprintf(message, 256, "out of memory");
        return -1;
    }
    s->message = message;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, s, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    int status = -1;
    if (!info) {
        snprintf(message, 256, "libpng cannot start");
    } else if (setjmp(s->jump) == 0) {
        write_all(png, info, s, picture);
        status = 0;
    }
    png_destroy_write_struct(&png, &info);
    if (status == 0) {
        *bytes = s->bytes;
        *count = s->count;
    } else {
        free(s->bytes);
    }
    free(s->texts);
    free(s);
    return status;
}

static char *copied(const char *text) {
    size_t count = strlen(text ? text : "") + 1;
    char *copy = malloc(count);
    if (copy) memcpy(copy, text ? text : "", count);
    return copy;
}

static void read_texts(png_structp png, png_infop info, cpng_decoded *picture) {
    png_textp texts = NULL;
    int count = 0;
    png_get_text(png, info, &texts, &count);
    picture->texts = calloc((size_t)count + 1, sizeof(cpng_text));
    if (!picture->texts) png_error(png, "out of memory");
    for (int i = 0; i < count; i++) {
        int international = texts[i].compression == PNG_ITXT_COMPRESSION_NONE || texts[i].compression == PNG_ITXT_COMPRESSION_zTXt;
        picture->texts[i].key = copied(texts[i].key);
        picture->texts[i].text = copied(texts[i].text);
        picture->texts[i].language = international ? copied(texts[i].lang) : NULL;
        picture->text_count = i + 1;
    }
}

static void read_all(png_structp png, png_infop info, session *s, cpng_decoded *picture) {
    png_set_read_fn(png, s, take);
    png_read_info(png, info);
    picture->width = png_get_image_width(png, info);
    picture->height = png_get_image_height(png, info);
    picture->bit_depth = png_get_bit_depth(png, info);
    picture->color_type = png_get_color_type(png, info);
    if ((uint64_t)picture->width * picture->height > (uint64_t)1 << 28) png_error(png, "the picture is too large");
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t stride = (size_t)picture->width * 4;
    if (png_get_rowbytes(png, info) != stride) png_error(png, "an unexpected pixel layout");
    picture->rgba = malloc(stride * picture->height);
    s->rows = malloc(sizeof(png_bytep) * picture->height);
    if (!picture->rgba || !s->rows) png_error(png, "out of memory");
    for (uint32_t y = 0; y < picture->height; y++) s->rows[y] = picture->rgba + stride * y;
    png_read_image(png, s->rows);
    png_read_end(png, info);
    read_texts(png, info, picture);
}

int cpng_read(const uint8_t *bytes, size_t count, cpng_decoded *picture, char message[256]) {
    memset(picture, 0, sizeof *picture);
    session *s = calloc(1, sizeof(session));
    if (!s) {
        snprintf(message, 256, "out of memory");
        return -1;
    }
    s->message = message;
    s->input = bytes;
    s->length = count;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, s, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    int status = -1;
    if (!info) {
        snprintf(message, 256, "libpng cannot start");
    } else if (setjmp(s->jump) == 0) {
        read_all(png, info, s, picture);
        status = 0;
    }
    png_destroy_read_struct(&png, &info, NULL);
    free(s->rows);
    free(s);
    if (status != 0) cpng_free_decoded(picture);
    return status;
}

void cpng_free_bytes(uint8_t *bytes) { free(bytes); }

void cpng_free_decoded(cpng_decoded *picture) {
    for (int i = 0; i < picture->text_count; i++) {
        free((char *)picture->texts[i].key);
        free((char *)picture->texts[i].text);
        free((char *)picture->texts[i].language);
    }
    free(picture->texts);
    free(picture->rgba);
    memset(picture, 0, sizeof *picture);
}
