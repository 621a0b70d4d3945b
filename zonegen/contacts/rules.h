/* What a reading of contacts needs to know from outside. */
#ifndef CONTACTS_RULES_H
#define CONTACTS_RULES_H

#include "conf/config.h"
#include "contacts/delegated.h"

#include <stdint.h>

struct contacts_rules {
    struct delegated_list delegated;
    struct config_freshness freshness;
    int32_t today; /* days since 1970-01-01 */
};

#endif
