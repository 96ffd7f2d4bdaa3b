// What Embedded Swift takes from C in a page: reading a number from text, and standard input and output for tests.
#include <stdio.h>
#include <stdlib.h>

#include "page.h"

int page_read(void) { return getchar(); }
void page_write(int byte) { putchar(byte); }

/// Swift's standard library reads numbers through this; the C library of WebAssembly has no other locale.
const char *_swift_stdlib_strtod_clocale(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end == text ? NULL : end;
}

/// A claim of the C library's that does not hold: nobody reads its words, and the library would bring all of printf for them.
_Noreturn void __assert_fail(const char *claim, const char *file, int line, const char *function) {
    (void)claim, (void)file, (void)line, (void)function;
    __builtin_trap();
}

void page_serve(void);

/// What a WebAssembly runtime calls: answers requests from standard input.
__attribute__((export_name("_start"))) void page_start(void) {
    page_serve();
    fflush(stdout);
}
