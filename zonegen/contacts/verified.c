#include "contacts/verified.h"

#include "conf/units.h"
#include "contacts/freshness.h"
#include "contacts/text.h"

#include <string.h>

#define FIRST_YEAR "1985" /* no ccTLD is older: .us, .uk and .il are of that year */

static void warn_of_age(struct reading *reading, const struct yaml_node *node, int32_t days)
{
    const struct contacts_rules *rules = reading->rules;
    long age = (long)rules->today - days;

    switch (entry_freshness(days, rules->today, &rules->freshness)) {
    case FRESHNESS_FRESH:
        break;
    case FRESHNESS_DUE:
        reading_warning(reading, node->place, "verified-due",
                        "verified %s is %ld days ago, due after %u; ask the registry to confirm",
                        node->text, age, rules->freshness.due_days);
        break;
    case FRESHNESS_STALE:
        reading_warning(reading, node->place, "verified-stale",
                        "verified %s is %ld days ago, published as STALE after %u; ask the "
                        "registry to confirm",
                        node->text, age, rules->freshness.stale_days);
        break;
    case FRESHNESS_EXPIRED:
        reading_warning(reading, node->place, "verified-expired",
                        "verified %s is %ld days ago, published as EXPIRED after %u; ask the "
                        "registry to confirm",
                        node->text, age, rules->freshness.expired_days);
        break;
    }
}

/* The last day that has begun somewhere: who is called at 9 in Auckland writes Auckland's day. */
static int32_t last_day(const struct contacts_rules *rules)
{
    return rules->last_day > rules->today ? rules->last_day : rules->today;
}

void verified_read(struct reading *reading, const struct yaml_node *node, struct entry *out)
{
    int32_t days = 0;
    int32_t last = last_day(reading->rules);
    char last_text[16];

    if (units_date(node->text, &days) != STATUS_OK) {
        reading_error(reading, node->place, "verified-date",
                      "verified '%s' is not a date; write YYYY-MM-DD", text_quote(node->text).text);
        return;
    }
    if (strncmp(node->text, FIRST_YEAR, strlen(FIRST_YEAR)) < 0) {
        reading_error(reading, node->place, "verified-date",
                      "verified %s is before " FIRST_YEAR
                      ", when there were no ccTLDs; write the day of the confirmation",
                      node->text);
        return;
    }
    if (days > last) {
        units_date_text(last, last_text);
        reading_error(reading, node->place, "verified-future",
                      "verified %s is in the future; write the day of the confirmation, %s or "
                      "before",
                      node->text, last_text);
        return;
    }
    out->verified_days = days;
    out->verified_place = node->place;
    warn_of_age(reading, node, days);
}
