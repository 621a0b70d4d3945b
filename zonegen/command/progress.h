/*
 * What long work shows on a terminal: one line that is overwritten, a few times a second. Shows
 * nothing anywhere else, so that a timer's mail and a log hold results only.
 */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_WHAT_OCTETS 64 /* longer names are cut */

struct progress {
    FILE *out; /* NULL: shows nothing */
    char what[PROGRESS_WHAT_OCTETS];
    const char *unit;
    uint64_t count;
    int64_t next_ms; /* not shown again before, on the monotonic clock */
    bool shown;      /* there is a line to be cleared */
};

/* Progress on `err` where that is a terminal. */
void progress_open(struct progress *progress, FILE *err);

/* Begins a piece of work and shows it: "cc.example". */
void progress_begin(struct progress *progress, const char *what);

/* The same, of other things than names: "files". */
void progress_begin_units(struct progress *progress, const char *what, const char *unit);

/* One more done. */
void progress_step(struct progress *progress);

/* Clears the line: before anything else is printed, and at the end. */
void progress_clear(struct progress *progress);

#endif
