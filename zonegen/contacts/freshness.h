/* How old an entry's confirmation is. Knows no clock: `today` is given. */
#ifndef CONTACTS_FRESHNESS_H
#define CONTACTS_FRESHNESS_H

#include "conf/config.h"

#include <stdint.h>

enum freshness { FRESHNESS_FRESH, FRESHNESS_DUE, FRESHNESS_STALE, FRESHNESS_EXPIRED };

/* How old `verified_days` is on `today`: older than the threshold counts. */
enum freshness entry_freshness(int32_t verified_days, int32_t today,
                               const struct config_freshness *thresholds);

#endif
