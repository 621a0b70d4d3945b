/*
 * The commands of zonegen, one file each. Each prints its result on context->out and what went
 * wrong on context->err, and returns the program's exit code (enum outcome); none of them exits.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include "command/context.h"

/* Every error and warning of the contacts files, and of the records that they become. */
int command_check(struct context *context);

/* What a publish would change, for people and as records. */
int command_plan(struct context *context);

/* Brings every zone of the database to what the contacts say, in one transaction. */
int command_publish(struct context *context);

/* One zone of the database, as a zone file or in another form. */
int command_export(struct context *context);

/* A zone file into the database as it is. */
int command_restore(struct context *context);

/* What the secretariat has to do: entries that are due, stale, expired, missing, hard to reach. */
int command_report(struct context *context);

/* What changed with each serial of a zone, newest first. */
int command_log(struct context *context);

/* Earlier contents of a zone under a new serial. */
int command_rollback(struct context *context);

/* Whether every record of the database is whole, and fits the others. */
int command_verify(struct context *context);

/* Forgets the past of all zones, after a look at whether what must be gone is. */
int command_purge(struct context *context);

/* Makes the keys that a zone's policy asks for, or a spare one. */
int command_key_generate(struct context *context);

/* The keys of a zone, and what each does. */
int command_key_list(struct context *context);

/* The DS records of a zone, for its parent. */
int command_key_ds(struct context *context);

/* A key pair that another program made, into the folder of keys. */
int command_key_import(struct context *context);

/* A key roll: its next step, where it stands, or its end before it has begun to matter. */
int command_key_roll(struct context *context);

/* A new TSIG key, on standard output or into a file. Needs no configuration. */
int command_key_tsig(struct context *context);

/* The configuration that makes another server a secondary of this one. */
int command_secondary(struct context *context);

#endif
