#include "conf/cookie_secret.h"

#include "conf/secret_load.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS ((size_t)(2 * COOKIE_SECRET_OCTETS))

void cookie_secrets_clear(struct cookie_secrets *secrets)
{
    explicit_bzero(secrets, sizeof *secrets);
}

/* 0..15, or -1. */
static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)((at - digits) % 16) : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A line without its comment and the blanks around it. */
static void trim(const char **line, size_t *length)
{
    const char *comment = memchr(*line, '#', *length);

    if (comment != NULL)
        *length = (size_t)(comment - *line);
    while (*length > 0 && is_blank((*line)[0])) {
        (*line)++;
        (*length)--;
    }
    while (*length > 0 && is_blank((*line)[*length - 1]))
        (*length)--;
}

/* Takes in the secret that a line is; NULL, or what is wrong with it. */
static const char *take(const char *line, size_t length, struct cookie_secrets *out)
{
    if (out->count == COOKIE_SECRETS)
        return "holds more than two secrets: the first is the active one, the second the staging "
               "one";
    uint8_t *octets = out->octets[out->count];
    if (length != DIGITS)
        return "not a secret of 32 hexadecimal digits; 'openssl rand -hex 16' makes one";
    for (size_t i = 0; i < COOKIE_SECRET_OCTETS; i++) {
        int high = digit_of(line[2 * i]);
        int low = digit_of(line[2 * i + 1]);
        if (high < 0 || low < 0)
            return "not a secret of 32 hexadecimal digits; 'openssl rand -hex 16' makes one";
        octets[i] = (uint8_t)(high << 4 | low);
    }
    if (out->count == 1 && memcmp(octets, out->octets[0], COOKIE_SECRET_OCTETS) == 0)
        return "the staging secret is the active one again; take one of the two lines out";
    out->count++;
    return NULL;
}

enum status cookie_secrets_parse(const char *path, const char *text, size_t length,
                                 struct diag *diag, struct cookie_secrets *out)
{
    struct place place = {.file = path, .line = 1, .column = 1};
    const char *end = text + length;
    const char *why = NULL;

    cookie_secrets_clear(out);
    for (const char *next = text; next < end && why == NULL; place.line++) {
        const char *newline = memchr(next, '\n', (size_t)(end - next));
        const char *line = next;
        size_t octets = (size_t)((newline != NULL ? newline : end) - line);
        next = newline != NULL ? newline + 1 : end;
        trim(&line, &octets);
        if (octets > 0)
            why = take(line, octets, out);
        if (why != NULL)
            diag_error(diag, place, "cookie-secret", "%s", why);
    }
    if (why == NULL && out->count == 0)
        diag_error(diag, (struct place){.file = path}, "cookie-secret",
                   "holds no secret; 'openssl rand -hex 16' makes one");
    if (why == NULL && out->count > 0)
        return STATUS_OK;
    cookie_secrets_clear(out);
    return STATUS_INVALID;
}

struct taking {
    const char *path;
    struct cookie_secrets *out;
};

static enum status take_text(void *state, const char *text, size_t length, struct diag *diag)
{
    const struct taking *taking = state;
    return cookie_secrets_parse(taking->path, text, length, diag, taking->out);
}

enum status cookie_secrets_read(const char *path, const struct opener *opener, struct diag *diag,
                                struct cookie_secrets *out)
{
    const struct secret_source source = {path, opener, "openssl rand -hex 16"};

    cookie_secrets_clear(out);
    struct taking taking = {path, out};
    return secret_load(&source, diag, &(struct secret_taker){take_text, &taking});
}
