#include "tests/fuzz/lines.h"

#include <stdbool.h>
#include <string.h>

#define MOST_PIECES   1024
#define PIECE_OCTETS  1024
#define INDENT_OCTETS 2

struct piece {
    size_t at, octets;
};

struct text {
    uint8_t *octets;
    size_t length, room;
    uint32_t dice;
};

static size_t throw(struct text * text, size_t sides)
{
    text->dice = text->dice * 1664525u + 1013904223u;
    return sides > 0 ? (text->dice >> 8) % sides : 0;
}

static bool ends(uint8_t octet, bool words)
{
    return octet == '\n' || (words && (octet == ' ' || octet == ':' || octet == ',' ||
                                       octet == '[' || octet == ']' || octet == '"'));
}

/* One of the lines, with its end; or one of the words. False where there is none. */
static bool draw(struct text *text, bool words, struct piece *out)
{
    static struct piece pieces[MOST_PIECES];
    size_t count = 0;

    for (size_t at = 0; at < text->length && count < MOST_PIECES;) {
        size_t end = at;
        while (end < text->length && !ends(text->octets[end], words))
            end++;
        size_t next = end < text->length ? end + 1 : end;
        size_t octets = words ? end - at : next - at;
        if (octets > 0 && octets <= PIECE_OCTETS)
            pieces[count++] = (struct piece){at, octets};
        at = next;
    }
    if (count > 0)
        *out = pieces[throw(text, count)];
    return count > 0;
}

static void replace(struct text *text, const struct piece *piece, const uint8_t *with,
                    size_t octets)
{
    uint8_t *at = text->octets + piece->at;

    if (text->length - piece->octets + octets > text->room)
        return;
    memmove(at + octets, at + piece->octets, text->length - piece->at - piece->octets);
    memcpy(at, with, octets);
    text->length = text->length - piece->octets + octets;
}

/* A copy of one piece in place of another, or before it. */
static void copy(struct text *text, bool words, bool keeps)
{
    uint8_t octets[PIECE_OCTETS];
    struct piece from, to;

    if (!draw(text, words, &from) || !draw(text, words, &to))
        return;
    memcpy(octets, text->octets + from.at, from.octets);
    size_t length = from.octets;
    if (keeps)
        to.octets = 0;
    replace(text, &to, octets, length);
}

static void indent(struct text *text)
{
    struct piece line;

    if (!draw(text, false, &line))
        return;
    bool deeper = throw(text, 2) == 0;
    line.octets = deeper || line.octets < INDENT_OCTETS ? 0 : INDENT_OCTETS;
    replace(text, &line, (const uint8_t *)"  ", deeper ? INDENT_OCTETS : 0);
}

/* libFuzzer's own on one word. */
static void change_word(struct text *text, fuzz_plain_mutation *plain)
{
    uint8_t octets[2 * PIECE_OCTETS];
    struct piece word;

    if (!draw(text, true, &word))
        return;
    memcpy(octets, text->octets + word.at, word.octets);
    size_t length = plain(octets, word.octets, sizeof octets);
    replace(text, &word, octets, length);
}

size_t lines_mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                    fuzz_plain_mutation *plain)
{
    struct text text = {octets, length, room, seed};
    struct piece line;

    switch (throw(&text, 8)) {
    case 0:
        if (draw(&text, false, &line))
            replace(&text, &line, octets, 0);
        break;
    case 1:
        copy(&text, false, true);
        break;
    case 2:
        copy(&text, false, false);
        break;
    case 3:
        indent(&text);
        break;
    case 4:
    case 5:
        copy(&text, true, false);
        break;
    default:
        change_word(&text, plain);
    }
    return text.length > 0 ? text.length : plain(octets, length, room);
}
