/*
 * Looks after the database while it is served: reads all of it at the start, after every change,
 * and every ten minutes, in a thread of its own that takes a hundredth of a core, and that only
 * while nobody else wants it. A query tests what it is about to send; that something is missing, or
 * was led astray, only a look at the whole can tell.
 *
 * - A record fails its checksum: a line for each; its answers are SERVFAIL.
 * - A page of records is damaged: a line; whatever is not found is SERVFAIL from then on, since it
 *   may have been in there.
 * - The way to the records is damaged, or the file was cut or replaced: a line, and the end of the
 *   process, since any answer might be wrong, or of another serial.
 * - The file was deleted: a line; what was in it is served on.
 * - What is free is damaged: a line; zonegen will refuse to write.
 */
#ifndef SERVER_SCRUB_H
#define SERVER_SCRUB_H

#include "server/log.h"
#include "store/store.h"

struct scrub;

/* Begins; both outlive it. STATUS_OK, or STATUS_SYSTEM (memory, too many readers). */
MUST_CHECK enum status scrub_start(struct store *store, struct log *log, struct scrub **out);

/* Stops at once; by then nobody may be asking the store. NULL is fine. */
void scrub_stop(struct scrub *scrub);

#endif
