/*
 * A text that grows, for answers of any length up to a bound, plain or JSON (RFC 8259). Sticky:
 * what does not fit, or finds no memory, makes it fail, and its end is checked once.
 */
#ifndef SERVER_TEXT_H
#define SERVER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX_OCTETS (64u << 20) /* ten thousand secondaries, described twice over */

/* All zero is an empty one. */
struct text {
    char *octets; /* ends with a NUL where there is any */
    size_t length;
    size_t room;
    bool failed;
};

/* Frees what it holds; it is empty then. */
void text_clear(struct text *text);

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * JSON, one value after another: commas come by themselves. `{` and `[` are opened and closed, a
 * name stands before each value within `{`. What is no UTF-8 in a string becomes U+FFFD.
 */
void text_json_open(struct text *text, char bracket);
void text_json_close(struct text *text, char bracket);
void text_json_name(struct text *text, const char *name);
void text_json_string(struct text *text, const char *value); /* NULL: null */
void text_json_number(struct text *text, uint64_t value);
void text_json_boolean(struct text *text, bool value);

#endif
