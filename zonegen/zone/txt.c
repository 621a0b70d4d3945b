#include "zone/txt.h"

#include <string.h>

/* Octets in the open string. */
static size_t string_octets(const struct txt *txt)
{
    return writer_length(txt->writer) - txt->string - 1;
}

static void close_string(struct txt *txt)
{
    if (!txt->writer->failed)
        txt->writer->start[txt->string] = (uint8_t)string_octets(txt);
}

static void open_string(struct txt *txt)
{
    txt->string = writer_length(txt->writer);
    writer_u8(txt->writer, 0);
}

struct txt txt_begin(struct writer *w)
{
    struct txt txt = {.writer = w};
    open_string(&txt);
    return txt;
}

void txt_break(struct txt *txt)
{
    if (txt->writer->failed || string_octets(txt) == 0)
        return;
    close_string(txt);
    open_string(txt);
}

/* Makes room for a unit that must not be cut. False when no string holds it. */
static bool take_unit(struct txt *txt, size_t octets)
{
    if (octets > TXT_STRING_OCTETS)
        txt->writer->failed = true;
    if (txt->writer->failed)
        return false;
    if (string_octets(txt) + octets > TXT_STRING_OCTETS)
        txt_break(txt);
    return true;
}

static void add_pair(struct txt *txt, const char *key, const uint8_t *value, size_t value_octets)
{
    size_t octets = strlen(key) + 1 + value_octets + 2;
    if (octets > TXT_STRING_OCTETS && txt->too_long == NULL)
        txt->too_long = key;
    if (!take_unit(txt, octets))
        return;
    txt_append(txt->writer, key);
    txt_append(txt->writer, "=");
    writer_octets(txt->writer, value, value_octets);
    txt_append(txt->writer, "; ");
}

void txt_pair(struct txt *txt, const char *key, const char *value)
{
    if (value != NULL)
        add_pair(txt, key, (const uint8_t *)value, strlen(value));
}

void txt_pair_of(struct txt *txt, const char *key, const struct writer *value)
{
    if (value->failed)
        add_pair(txt, key, NULL, TXT_STRING_OCTETS);
    else if (writer_length(value) > 0)
        add_pair(txt, key, value->start, writer_length(value));
}

void txt_word(struct txt *txt, const char *word)
{
    if (!take_unit(txt, strlen(word) + 1))
        return;
    txt_append(txt->writer, word);
    txt_append(txt->writer, " ");
}

void txt_text(struct txt *txt, const char *text)
{
    size_t left = strlen(text);
    while (left > 0 && !txt->writer->failed) {
        size_t room = TXT_STRING_OCTETS - string_octets(txt);
        size_t part = left < room ? left : room;
        if (part == 0) {
            txt_break(txt);
            continue;
        }
        writer_octets(txt->writer, (const uint8_t *)text, part);
        text += part;
        left -= part;
    }
}

void txt_end(struct txt *txt)
{
    struct writer *w = txt->writer;
    if (w->failed)
        return;
    if (string_octets(txt) >= 2 && memcmp(w->next - 2, "; ", 2) == 0)
        w->next -= 2;
    close_string(txt);
}

void txt_append(struct writer *w, const char *text)
{
    writer_octets(w, (const uint8_t *)text, strlen(text));
}
