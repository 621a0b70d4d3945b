/*
 * What one worker answers from: the database as it is now, the zones in it, the configuration.
 * Follows the database by itself. Belongs to one thread.
 */
#ifndef SERVER_BASIS_H
#define SERVER_BASIS_H

#include "server/bundle.h"
#include "server/log.h"
#include "server/respond.h"

struct basis;

/*
 *   bundle   outlives the basis, or is replaced by basis_adopt
 *   log      outlives the basis
 *
 * STATUS_OK, or STATUS_SYSTEM (memory, too many readers); logged.
 */
MUST_CHECK enum status basis_create(struct store *store, const struct bundle *bundle,
                                    struct log *log, struct basis **out);
void basis_destroy(struct basis *basis);

/* Limits answers with these buckets, which all workers share, where the configuration says so. They
 * outlive the basis. */
void basis_use_rrl(struct basis *basis, struct rrl *rrl);

/*
 * Takes hold of the present contents, until basis_end: do nothing slow in between. NULL when the
 * machine refuses (logged once a minute): then no query can be answered and basis_end is not due.
 */
const struct view *basis_begin(struct basis *basis);
void basis_end(struct basis *basis);

/*
 * Answers from another bundle from now on; not between begin and end.
 * STATUS_OK: nothing refers to the old one any more. STATUS_SYSTEM: memory is out; all is as it
 * was.
 */
MUST_CHECK enum status basis_adopt(struct basis *basis, const struct bundle *bundle);

const struct bundle *basis_bundle(const struct basis *basis);
const struct config *basis_config(const struct basis *basis);
struct store *basis_store(const struct basis *basis);
struct log *basis_log(const struct basis *basis);

#endif
