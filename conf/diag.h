/*
 * What is wrong with what people write: messages with a place, collected, so that one run shows
 * them all. A message says what is wrong, with the value, then what would be right: lower case, no
 * full stop. Printing knows three formats; nothing here decides exit codes.
 */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include "conf/arena.h"

#include <stdbool.h>
#include <stdio.h>

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

/* Where something stands in a file; lines and columns count from 1, 0 when unknown. */
struct place {
    const char *file;
    unsigned line;
    unsigned column; /* in characters, not octets, as editors count */
};

struct diagnostic {
    struct place place;
    enum severity severity;
    const char *rule; /* "phone-e164", or NULL */
    const char *message;
};

/* A growing list; owns its memory. */
struct diag;

struct diag *diag_create(void);
void diag_destroy(struct diag *diag);

/* From now on leaves out, and does not count, what is less grave than `least`: notes, for one who
 * prints none. diag_keeps() tells, where making a message is work. */
void diag_keep(struct diag *diag, enum severity least);
bool diag_keeps(const struct diag *diag, enum severity severity);
enum severity diag_least(const struct diag *diag);

/* Forgets all that was added, not what is left out. */
void diag_clear(struct diag *diag);

/* Adds one diagnostic; `rule` is a string constant or NULL. The message is formatted at once. */
void diag_add(struct diag *diag, enum severity severity, struct place place, const char *rule,
              const char *format, ...) __attribute__((format(printf, 5, 6)));

#define diag_error(diag, place, rule, ...)                                                         \
    diag_add((diag), SEVERITY_ERROR, (place), (rule), __VA_ARGS__)
#define diag_warning(diag, place, rule, ...)                                                       \
    diag_add((diag), SEVERITY_WARNING, (place), (rule), __VA_ARGS__)

/* Adds all that another list has, in its order. */
void diag_join(struct diag *diag, const struct diag *other);

size_t diag_count(const struct diag *diag, enum severity severity);
size_t diag_total(const struct diag *diag);

/* The n-th diagnostic in order of addition, n < diag_total(). */
const struct diagnostic *diag_at(const struct diag *diag, size_t n);

/* How many were counted, but not kept, for want of memory. */
size_t diag_lost(const struct diag *diag);

/* Orders by file, line, column, severity, message; equal ones stay once. */
void diag_sort(struct diag *diag);

enum diag_format {
    DIAG_GNU,    /* file:line:column: error: message [rule] */
    DIAG_JSON,   /* one object per line */
    DIAG_GITHUB, /* ::error file=…,line=…,col=…,title=rule::message */
};

/* Prints all of them, one line each. */
void diag_print(const struct diag *diag, enum diag_format format, FILE *out);

#endif
