/* What a reading of contacts needs to know from outside. */
#ifndef CONTACTS_RULES_H
#define CONTACTS_RULES_H

#include "conf/config.h"
#include "conf/file.h"
#include "contacts/delegated.h"

#include <stdint.h>

/* Told of each file as it was read, before it is looked into: who keeps account of files. By any
 * thread, in any order, one at a time. */
struct contacts_witness {
    void *state;
    void (*see)(void *state, const char *path, const struct file_content *content);
};

struct contacts_rules {
    const struct contacts_witness *witness; /* or NULL */
    struct delegated_list delegated;
    struct config_freshness freshness;
    int32_t today;    /* days since 1970-01-01, UTC */
    int32_t last_day; /* the same of where the day begins first; no later than today: today */
    unsigned threads; /* that read; 0: one for each core, where there are files enough */
};

#endif
