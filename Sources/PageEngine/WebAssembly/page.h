// What Embedded Swift takes from C in a page.
#ifndef PAGE_H
#define PAGE_H
/// The next byte of standard input, or -1 at its end.
int page_read(void);
/// Writes a byte to standard output.
void page_write(int byte);
#endif
