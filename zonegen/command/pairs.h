/* The text of TXT records: one line that is safe to print, and the `key=value; ` of a contact. */
#ifndef COMMAND_PAIRS_H
#define COMMAND_PAIRS_H

#include "conf/arena.h"
#include "zone/node.h"

#include <stddef.h>

/* More keys than any contact has; what a record from elsewhere has beyond is left aside. */
#define PAIRS_MAX 40

struct pair {
    const char *key;
    const char *value;
};

struct pairs {
    size_t count;
    struct pair items[PAIRS_MAX];
};

/*
 * The strings of a TXT record joined, with controls and what is not UTF-8 as \DDD: the text may
 * come from someone else's zone file and goes to a terminal. "" when memory is out.
 */
const char *pairs_text(const struct rdata *txt, struct arena *arena);

/* Takes the text of a contact apart; what has no '=' is left out. Points into the arena. */
void pairs_read(const struct rdata *txt, struct arena *arena, struct pairs *out);

/* The value of a key, or NULL. */
const char *pairs_get(const struct pairs *pairs, const char *key);

#endif
