#include "conf/source.h"

#include "conf/utf8.h"

#include <stdint.h>
#include <string.h>

/* Where a check of the text stands. */
struct check {
    struct source *source;
    struct arena *arena;
    struct diag *diag;
    char *copy; /* made when the first character is replaced */
    struct place place;
    unsigned last_bad_line;
    unsigned errors;
};

static const char *guess_encoding(uint8_t octet)
{
    if (octet >= 0xa0)
        return " (it looks like Latin-1)";
    return octet >= 0x80 ? " (it looks like Windows-1252)" : "";
}

/* Says what is wrong with the character at `octet`; once per line, they mostly come in groups. */
static void report(struct check *check, size_t octet, size_t octets, uint32_t character)
{
    if (check->place.line == check->last_bad_line || check->errors == SOURCE_MAX_ERRORS)
        return;
    check->last_bad_line = check->place.line;
    check->errors++;
    if (octets == 0) {
        uint8_t bad = (uint8_t)check->source->octets[octet];
        diag_error(check->diag, check->place, "yaml-utf8",
                   "octet 0x%02x is not UTF-8; save the file as UTF-8%s", bad, guess_encoding(bad));
    } else if (character == '\r') {
        diag_error(check->diag, check->place, "yaml-control",
                   "a carriage return without a line feed; save the file with Unix line ends");
    } else {
        diag_error(check->diag, check->place, "yaml-control", "control character U+%04X; remove it",
                   (unsigned)character);
    }
}

/* Overwrites the character, in a copy of the text, with a mark of as many octets that means nothing
 * to YAML: nothing moves, and one character stays one character, so that every place behind it
 * stays right. */
static bool replace(struct check *check, size_t octet, size_t octets)
{
    static const char *const marks[] = {"", "_", "\xc2\xbf", "\xef\xbf\xbd"};
    struct source *source = check->source;

    if (check->copy == NULL) {
        check->copy = arena_copy(check->arena, source->octets, source->length);
        if (check->copy == NULL)
            return false;
        source->octets = check->copy;
    }
    memcpy(check->copy + octet, marks[octets], octets);
    return true;
}

static bool is_line_end(const struct source *source, size_t octet)
{
    return source->octets[octet] == '\n' ||
           (source->octets[octet] == '\r' && octet + 1 < source->length &&
            source->octets[octet + 1] == '\n');
}

/* How many characters from `octet` on are printable ASCII: nearly all that there are, and nothing
 * to check in them. */
static size_t count_plain(const struct source *source, size_t octet)
{
    size_t at = octet;

    while (at < source->length && source->octets[at] >= ' ' && source->octets[at] <= '~')
        at++;
    return at - octet;
}

/* Checks one character and returns where the next one starts, or SIZE_MAX when memory is out. */
static size_t check_character(struct check *check, size_t octet)
{
    const struct source *source = check->source;
    uint32_t character = 0;
    size_t octets = utf8_decode(source->octets + octet, source->length - octet, &character);

    if (is_line_end(source, octet)) {
        if (character == '\n') {
            check->place.line++;
            check->place.column = 0;
        }
    } else if (octets == 0 || (utf8_is_control(character) && character != '\t')) {
        report(check, octet, octets, character);
        octets = octets == 0 ? 1 : octets;
        if (!replace(check, octet, octets))
            return SIZE_MAX;
    }
    if (octets > 1)
        check->source->is_ascii = false;
    check->place.column++;
    return octet + octets;
}

static bool is_utf16(const char *octets, size_t length)
{
    return length >= 2 &&
           (memcmp(octets, "\xff\xfe", 2) == 0 || memcmp(octets, "\xfe\xff", 2) == 0);
}

enum status source_check(struct source *source, struct arena *arena, struct diag *diag)
{
    struct check check = {
        .source = source, .arena = arena, .diag = diag, .place = {source->file, 1, 1}};

    if (is_utf16(source->octets, source->length)) {
        diag_error(diag, check.place, "yaml-utf8", "the file is UTF-16; save it as UTF-8");
        source->length = 0;
        return STATUS_INVALID;
    }
    if (source->length >= 3 && memcmp(source->octets, "\xef\xbb\xbf", 3) == 0) {
        source->octets += 3;
        source->length -= 3;
    }
    source->is_ascii = true;
    for (size_t at = 0; at < source->length;) {
        size_t plain = count_plain(source, at);
        check.place.column += (unsigned)plain;
        at = plain > 0 ? at + plain : check_character(&check, at);
        if (at == SIZE_MAX)
            return STATUS_SYSTEM;
    }
    return check.errors > 0 ? STATUS_INVALID : STATUS_OK;
}

static bool is_continuation(char octet)
{
    return ((uint8_t)octet & 0xc0) == 0x80;
}

size_t source_octet(struct source *source, size_t character)
{
    size_t octet = source->cursor_octet;
    size_t at = source->cursor_character;

    if (source->is_ascii)
        return character < source->length ? character : source->length;

    while (at < character && octet < source->length) {
        do
            octet++;
        while (octet < source->length && is_continuation(source->octets[octet]));
        at++;
    }
    while (at > character) {
        do
            octet--;
        while (octet > 0 && is_continuation(source->octets[octet]));
        at--;
    }
    source->cursor_octet = octet;
    source->cursor_character = at;
    return octet;
}

size_t source_line_start(const struct source *source, size_t octet)
{
    while (octet > 0 && source->octets[octet - 1] != '\n')
        octet--;
    return octet;
}
