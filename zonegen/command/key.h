/*
 * What the commands of `zonegen key` share: one zone's key files, and what the database, where
 * there is one, says of them. Only reads.
 */
#ifndef COMMAND_KEY_H
#define COMMAND_KEY_H

#include "command/context.h"
#include "sign/keyset.h"

#include <stdbool.h>

struct key_view {
    struct context *context;
    const struct config_zone *zone;
    char name[NAME_TEXT_OCTETS]; /* of the zone, as people write it */
    struct arena *arena;
    struct keyfiles files;          /* that are in order */
    struct keyset keyset;           /* as far as it could be brought together */
    const struct keyfile *incoming; /* one more than the folder has, or NULL */
    bool known;                     /* they could be: what the keyset does not have is a spare */
    bool remembered; /* the database knows the zone's keys: a publish has signed with them */
};

/* What a key is called by people. */
enum key_role { KEY_ROLE_CSK, KEY_ROLE_KSK, KEY_ROLE_ZSK };

/*
 * Reads the configuration and finds the zone. What is wrong is said.
 *
 *   operand   as for context_zone()
 *
 * STATUS_OK, or another status; key_view_close() is fine after both.
 */
MUST_CHECK enum status key_view_open(struct context *context, const char *operand,
                                     struct key_view *view);
void key_view_close(struct key_view *view);

/*
 * Reads the key files, and the database where there is one. Diagnostics are added to the context's
 * and not printed: what is wrong with one key must not hide the others.
 *
 * STATUS_OK; STATUS_INVALID with diagnostics: files and keyset hold what could be read; another
 * status, said.
 */
MUST_CHECK enum status key_view_read(struct key_view *view);

/* What the keyset says of a key: its use, 0 for a spare, and its part in a roll. */
unsigned key_view_use(const struct key_view *view, const struct keyfile *key);
enum key_part key_view_part(const struct key_view *view, const struct keyfile *key);

/* A spare SEP key is what the policy makes of it. */
enum key_role key_view_role(const struct key_view *view, const struct keyfile *key);

/* "CSK", "KSK", "ZSK". */
const char *key_role_name(enum key_role role);

#endif
