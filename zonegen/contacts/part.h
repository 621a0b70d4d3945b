/*
 * Some of the contacts files of a reading, one after the other: what one thread reads. Several
 * parts share nothing but the rules, which nobody changes, and the witness, which is told by one
 * at a time.
 */
#ifndef CONTACTS_PART_H
#define CONTACTS_PART_H

#include "contacts/entry.h"
#include "contacts/reading.h"

#include <pthread.h>

#define PART_NO_ENTRY SIZE_MAX

/* A label where it stands, whether its file is right or not. */
struct part_use {
    const char *a_label;
    struct place place;
    size_t position; /* in order of reading */
    size_t entry;    /* index, or PART_NO_ENTRY if its file has errors */
};

struct part {
    struct reading reading; /* the arena, the list and the rules */
    pthread_mutex_t *lock;  /* around the witness */
    size_t path_count;
    const char *const *paths;
    /* What comes of them. */
    size_t file_count;
    size_t entry_count;
    struct entry *entries; /* has room for one each: those without an error */
    size_t use_count, use_room;
    struct part_use *uses; /* free() */
    bool is_invalid;       /* a file could not be read */
    enum status status;    /* STATUS_OK or STATUS_SYSTEM */
};

/* Reads the files; the outcome is in `status`. */
void part_read(struct part *part);

#endif
