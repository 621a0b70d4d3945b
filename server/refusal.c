#include "server/refusal.h"

#include "server/ticks.h"
#include "wire/constants.h"

#include <stdio.h>

static const char *reason_of(uint16_t rcode)
{
    return rcode == RCODE_NOTAUTH ? "transfer refused: its key or signature does not pass here"
                                  : "transfer refused: no acl lets it transfer";
}

void refusal_note(struct transfers *transfers, const struct view *view,
                  const struct endpoint *client, struct reader request, const struct reply *reply)
{
    struct question question;
    size_t at = DNS_HEADER_OCTETS;
    if (!transfers || (reply->rcode != RCODE_REFUSED && reply->rcode != RCODE_NOTAUTH) ||
        question_parse(request.next, reader_left(&request), &at, &question) != STATUS_OK ||
        (question.type != TYPE_AXFR && question.type != TYPE_IXFR))
        return;
    name_lower(question.name.octets);
    const struct served_zone *zone = zone_table_find(view->zones, &question.name);
    if (!zone || !name_equals(zone->apex.octets, question.name.octets))
        return;
    struct transfers_who who = transfers_identify(zone->config, client, NULL);
    struct transfer_seen seen = {.when_ms = ticks_now(), .client = *client};
    snprintf(seen.reason, sizeof seen.reason, "%s", reason_of(reply->rcode));
    transfers_note(transfers, &who, TRANSFERS_REFUSED, &seen);
}
