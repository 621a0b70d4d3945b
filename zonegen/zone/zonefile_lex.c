#include "zone/zonefile_lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A word while the text may still move. */
struct span {
    size_t start;
    size_t length;
    unsigned line;
    unsigned column;
    bool quoted;
};

/* A line as it stands in the file, comment and all: longer ones are refused, not held. */
#define LINE_MAX_OCTETS ((size_t)4 << 20)

struct zonefile_lex {
    FILE *in;
    const char *file;
    struct diag *diag;

    char input[1 << 16]; /* what was read ahead */
    size_t input_length;
    size_t input_at;

    char *physical; /* the line being cut, without its end */
    size_t physical_size;
    size_t length;
    size_t at;
    unsigned line;
    unsigned column;

    char *text; /* of the entry's words */
    size_t text_size;
    size_t text_length;
    struct span *spans;
    struct zonefile_word *words;
    size_t word_size;
    size_t word_count;

    unsigned depth;     /* open parentheses */
    unsigned open_line; /* of the first one */
    unsigned open_column;
    bool broken; /* a diagnostic was added: the entry is not to be used */
    bool ended;
};

struct zonefile_lex *zonefile_lex_create(FILE *in, const char *file, struct diag *diag)
{
    struct zonefile_lex *lex = calloc(1, sizeof *lex);
    if (lex == NULL)
        return NULL;
    lex->in = in;
    lex->file = file;
    lex->diag = diag;
    return lex;
}

void zonefile_lex_destroy(struct zonefile_lex *lex)
{
    if (lex == NULL)
        return;
    free(lex->physical);
    free(lex->text);
    free(lex->spans);
    free(lex->words);
    free(lex);
}

struct place zonefile_lex_place(const struct zonefile_lex *lex, const struct zonefile_word *word)
{
    return (struct place){lex->file, word->line, word->column};
}

static struct place place_here(const struct zonefile_lex *lex)
{
    return (struct place){lex->file, lex->line, lex->column};
}

/* Steps over `octets`; a character of UTF-8 counts as one column. */
static void step(struct zonefile_lex *lex, size_t octets)
{
    for (; octets > 0; octets--, lex->at++)
        if (((unsigned char)lex->physical[lex->at] & 0xc0) != 0x80)
            lex->column++;
}

/* Reads ahead. STATUS_OK, STATUS_NOT_FOUND at the end of the file, or STATUS_SYSTEM. */
static enum status read_ahead(struct zonefile_lex *lex)
{
    errno = 0;
    lex->input_at = 0;
    lex->input_length = fread(lex->input, 1, sizeof lex->input, lex->in);
    if (lex->input_length > 0)
        return STATUS_OK;
    return ferror(lex->in) ? STATUS_SYSTEM : STATUS_NOT_FOUND;
}

/* Adds octets to the physical line, a NUL behind them. False when memory is out. */
static bool append(struct zonefile_lex *lex, const char *octets, size_t length)
{
    if (lex->length + length >= lex->physical_size) {
        size_t size = (lex->length + length + 1) * 2;
        char *physical = realloc(lex->physical, size);
        if (physical == NULL)
            return false;
        lex->physical = physical;
        lex->physical_size = size;
    }
    memcpy(lex->physical + lex->length, octets, length);
    lex->length += length;
    lex->physical[lex->length] = '\0';
    return true;
}

/* Takes what was read ahead up to the end of the line, and steps over what is too much for one.
 * STATUS_OK, STATUS_NOT_FOUND at the end of the file, or STATUS_SYSTEM. */
static enum status take_line(struct zonefile_lex *lex, size_t *octets)
{
    const char *newline = NULL;

    *octets = 0;
    lex->length = 0;
    while (newline == NULL) {
        if (lex->input_at == lex->input_length) {
            enum status status = read_ahead(lex);
            if (status != STATUS_OK)
                return status == STATUS_NOT_FOUND && *octets > 0 ? STATUS_OK : status;
        }
        const char *start = lex->input + lex->input_at;
        size_t length = lex->input_length - lex->input_at;
        newline = memchr(start, '\n', length);
        if (newline != NULL)
            length = (size_t)(newline + 1 - start);
        *octets += length;
        if (*octets <= LINE_MAX_OCTETS && !append(lex, start, length))
            return STATUS_SYSTEM;
        lex->input_at += length;
    }
    return STATUS_OK;
}

/* Reads the next physical line. Outcomes as above. */
static enum status read_physical(struct zonefile_lex *lex)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of byte order: what some editors put in front */
    size_t octets;

    enum status status = take_line(lex, &octets);
    if (status != STATUS_OK)
        return status;
    while (lex->length > 0 && strchr("\r\n", lex->physical[lex->length - 1]) != NULL &&
           lex->physical[lex->length - 1] != '\0')
        lex->length--;
    lex->physical[lex->length] = '\0';
    lex->at = 0;
    lex->line++;
    lex->column = 1;
    if (lex->line == 1 && strncmp(lex->physical, mark, sizeof mark - 1) == 0)
        lex->at = sizeof mark - 1;
    if (octets > LINE_MAX_OCTETS) {
        diag_error(lex->diag, place_here(lex), "zonefile-line",
                   "the line has %zu octets, and no record needs %zu; break it within parentheses",
                   octets, LINE_MAX_OCTETS);
        lex->at = lex->length;
        lex->broken = true;
    }
    return STATUS_OK;
}

/* Makes room for one more word of up to `octets`. False when memory is out. */
static bool make_room(struct zonefile_lex *lex, size_t octets)
{
    if (lex->text_length + octets > lex->text_size) {
        size_t size = (lex->text_length + octets) * 2;
        char *text = realloc(lex->text, size);
        if (text == NULL)
            return false;
        lex->text = text;
        lex->text_size = size;
    }
    if (lex->word_count < lex->word_size)
        return true;
    size_t size = lex->word_size == 0 ? 16 : lex->word_size * 2;
    struct span *spans = reallocarray(lex->spans, size, sizeof *spans);
    if (spans != NULL)
        lex->spans = spans;
    struct zonefile_word *words = reallocarray(lex->words, size, sizeof *words);
    if (words != NULL)
        lex->words = words;
    if (spans == NULL || words == NULL)
        return false;
    lex->word_size = size;
    return true;
}

static enum status keep_word(struct zonefile_lex *lex, struct span span)
{
    if (!make_room(lex, span.length))
        return STATUS_SYSTEM;
    memcpy(lex->text + lex->text_length, lex->physical + span.start, span.length);
    span.start = lex->text_length;
    lex->text_length += span.length;
    lex->spans[lex->word_count++] = span;
    return STATUS_OK;
}

/* Octets of the character or escape at `at`: two for a backslash and what it escapes; the digits
 * after the first need no care. */
static size_t escape_octets(const struct zonefile_lex *lex, size_t at)
{
    return lex->physical[at] == '\\' && at + 1 < lex->length ? 2 : 1;
}

/* The rest of the line cannot be read. */
static void give_up_line(struct zonefile_lex *lex)
{
    /* A parenthesis that a missing quote has swallowed most likely was meant to close. */
    if (lex->depth > 0 && memchr(lex->physical + lex->at, ')', lex->length - lex->at) != NULL)
        lex->depth = 0;
    lex->at = lex->length;
    lex->broken = true;
}

/* True for what a bare word ends before. */
static bool ends_word(char octet)
{
    return octet == ' ' || octet == '\t' || octet == ';' || octet == '(' || octet == ')';
}

/* A word in quotes; `at` stands on the first quote. */
static enum status take_quoted(struct zonefile_lex *lex)
{
    size_t at = lex->at + 1;
    struct span span = {.start = at, .line = lex->line, .column = lex->column, .quoted = true};

    while (at < lex->length && lex->physical[at] != '"')
        at += escape_octets(lex, at);
    if (at >= lex->length) {
        diag_error(lex->diag, place_here(lex), "zonefile-quote",
                   "the text that starts here has no closing quote on its line; add it, or write "
                   "a quote that is part of the text as \\\"");
        give_up_line(lex);
        return STATUS_OK;
    }
    span.length = at - span.start;
    step(lex, at + 1 - lex->at);
    if (lex->at < lex->length && !ends_word(lex->physical[lex->at]) &&
        lex->physical[lex->at] != '"') {
        diag_error(lex->diag, place_here(lex), "zonefile-quote",
                   "a closing quote is followed by '%c'; put a blank between, or write a quote "
                   "that is part of the text as \\\"",
                   lex->physical[lex->at]);
        give_up_line(lex);
        return STATUS_OK;
    }
    return keep_word(lex, span);
}

/* A bare word. A quote within is part of it: ldns prints owner names so. */
static enum status take_bare(struct zonefile_lex *lex)
{
    struct span span = {.start = lex->at, .line = lex->line, .column = lex->column};
    size_t at = lex->at;

    while (at < lex->length && !ends_word(lex->physical[at])) {
        if (lex->physical[at] == '\\' && at + 1 == lex->length) {
            step(lex, at - lex->at);
            diag_error(lex->diag, place_here(lex), "zonefile-escape",
                       "a backslash at the end of the line escapes nothing; remove it");
            give_up_line(lex);
            return STATUS_OK;
        }
        at += escape_octets(lex, at);
    }
    span.length = at - span.start;
    step(lex, span.length);
    return keep_word(lex, span);
}

static void take_parenthesis(struct zonefile_lex *lex)
{
    if (lex->physical[lex->at] == '(') {
        if (lex->depth++ == 0) {
            lex->open_line = lex->line;
            lex->open_column = lex->column;
        }
    } else if (lex->depth > 0) {
        lex->depth--;
    } else {
        diag_error(lex->diag, place_here(lex), "zonefile-parenthesis",
                   "')' closes nothing; remove it, or write \\) where it is part of a name");
        lex->broken = true;
    }
    step(lex, 1);
}

/* Cuts the physical line into words. */
static enum status cut_line(struct zonefile_lex *lex)
{
    const char *nul = memchr(lex->physical, '\0', lex->length);
    if (nul != NULL) {
        step(lex, (size_t)(nul - lex->physical) - lex->at);
        diag_error(lex->diag, place_here(lex), "zonefile-nul",
                   "a NUL octet; write it as \\000 where it is meant, or restore the damaged file");
        give_up_line(lex);
    }
    enum status status = STATUS_OK;
    while (status == STATUS_OK && lex->at < lex->length && lex->physical[lex->at] != ';') {
        char next = lex->physical[lex->at];
        if (next == ' ' || next == '\t')
            step(lex, 1);
        else if (next == '(' || next == ')')
            take_parenthesis(lex);
        else if (next == '"')
            status = take_quoted(lex);
        else
            status = take_bare(lex);
    }
    return status;
}

static bool is_too_long(const struct zonefile_lex *lex)
{
    return lex->text_length > ZONEFILE_LEX_MAX_OCTETS || lex->word_count > ZONEFILE_LEX_MAX_WORDS;
}

/* Complains of parentheses that do not close. Nothing after them can be told apart. */
static void give_up_file(struct zonefile_lex *lex)
{
    struct place place = {lex->file, lex->open_line, lex->open_column};
    diag_error(lex->diag, place, "zonefile-parenthesis",
               "the '(' that opens here is not closed; nothing after it was read");
    lex->ended = true;
    lex->broken = true;
}

/* Reads lines up to the end of an entry. STATUS_OK also at the end of the file. */
static enum status collect(struct zonefile_lex *lex, bool *starts_blank)
{
    do {
        enum status status = read_physical(lex);
        if (status == STATUS_NOT_FOUND) {
            lex->ended = true;
            if (lex->depth > 0)
                give_up_file(lex);
            return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
        if (lex->depth == 0)
            *starts_blank = lex->physical[lex->at] == ' ' || lex->physical[lex->at] == '\t';
        status = cut_line(lex);
        if (status != STATUS_OK)
            return status;
        if (lex->depth > 0 && is_too_long(lex)) {
            give_up_file(lex);
            return STATUS_OK;
        }
    } while (lex->depth > 0 || (lex->word_count == 0 && !lex->broken));
    return STATUS_OK;
}

enum status zonefile_lex_next(struct zonefile_lex *lex, struct zonefile_entry *out)
{
    lex->text_length = 0;
    lex->word_count = 0;
    lex->depth = 0;
    lex->broken = false;
    if (lex->ended)
        return STATUS_NOT_FOUND;
    enum status status = collect(lex, &out->starts_blank);
    if (status != STATUS_OK)
        return status;
    if (lex->broken)
        return STATUS_INVALID;
    if (lex->word_count == 0)
        return STATUS_NOT_FOUND;
    for (size_t i = 0; i < lex->word_count; i++) {
        const struct span *span = &lex->spans[i];
        lex->words[i] = (struct zonefile_word){lex->text + span->start, span->length, span->line,
                                               span->column, span->quoted};
    }
    out->count = lex->word_count;
    out->words = lex->words;
    return STATUS_OK;
}
