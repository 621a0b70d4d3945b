/*
 * What a key roll goes by, brought together: what the database remembers of a zone's keys, their
 * files, and what the DNS shows. The network is asked while no lock is held.
 */
#ifndef COMMAND_ROLL_LOOK_H
#define COMMAND_ROLL_LOOK_H

#include "command/context.h"
#include "conf/arena.h"
#include "sign/keyfile.h"
#include "sign/observe.h"
#include "sign/roll.h"

struct roll_look {
    const struct config_zone *zone;
    char name[NAME_TEXT_OCTETS]; /* as people write it */
    struct arena *arena;         /* owns the rest */
    struct signing_state state;  /* as the database has it */
    uint32_t zone_ttl;           /* the largest in the zone as it is stored, or is configured */
    struct keyfiles files;
    struct observation seen; /* roll_look_ask() */
    struct roll_view view;
    int64_t at; /* when the last answer had come */
};

/*
 * Reads database and key files.
 *
 *   diag   what is wrong with key files goes to context->diag and is said; the others are there
 *
 * STATUS_OK, or another status, said: no database, a zone that was never signed here, damage.
 * roll_look_close() is fine after both.
 */
MUST_CHECK enum status roll_look_open(struct context *context, const struct config_zone *zone,
                                      struct roll_look *out);
void roll_look_close(struct roll_look *look);

/* Asks the DNS. STATUS_OK, also where nobody answers; STATUS_SYSTEM, said. */
MUST_CHECK enum status roll_look_ask(struct context *context, struct roll_look *look);

/* The file of a key; NULL where it is missing. */
const struct keyfile *roll_look_file(const struct roll_look *look, const struct signing_key *key);

/*
 * The TTL that a step which waits so has to wait for, as it is now.
 * STATUS_OK; STATUS_NOT_FOUND when the parent was not asked or did not answer.
 */
MUST_CHECK enum status roll_look_ttl(const struct roll_look *look, enum roll_wait wait,
                                     uint32_t *out);

#endif
