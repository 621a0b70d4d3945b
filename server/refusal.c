#include "server/refusal.h"

#include "server/ticks.h"
#include "wire/constants.h"

#include <stdio.h>

/* Why a request that came so got nothing. */
static void describe(const struct reply *reply, char reason[TRANSFERS_REASON_OCTETS])
{
    const struct tsig_session *tsig = reply->tsig;
    if (tsig && tsig->error == TSIG_BADKEY)
        snprintf(reason, TRANSFERS_REASON_OCTETS,
                 "transfer refused: it asked with a key that is not known here (BADKEY)");
    else if (tsig && tsig->error == TSIG_BADTIME)
        snprintf(reason, TRANSFERS_REASON_OCTETS,
                 "transfer refused: its clock or ours is wrong (BADTIME)");
    else if (tsig && tsig->error != TSIG_NO_ERROR)
        snprintf(reason, TRANSFERS_REASON_OCTETS,
                 "transfer refused: its signature does not fit the key (%s)",
                 tsig_error_name(tsig->error));
    else if (reply->rcode != RCODE_REFUSED)
        snprintf(reason, TRANSFERS_REASON_OCTETS, "transfer refused: NOTAUTH");
    else if (reply->transfer_unsafe)
        snprintf(reason, TRANSFERS_REASON_OCTETS,
                 "transfer refused: over TLS it needs TLS 1.3 and ALPN dot");
    else if (tsig && tsig->key)
        snprintf(reason, TRANSFERS_REASON_OCTETS,
                 "transfer refused: no acl lets it transfer with its key, from its address");
    else
        snprintf(reason, TRANSFERS_REASON_OCTETS,
                 "transfer refused: no acl lets it transfer without a key, from its address");
}

void refusal_note(struct transfers *transfers, const struct view *view,
                  const struct endpoint *client, struct reader request, const struct reply *reply)
{
    struct question question;
    size_t at = DNS_HEADER_OCTETS;
    if (!transfers || !reply->transfer_denied ||
        question_parse(request.next, reader_left(&request), &at, &question) != STATUS_OK)
        return;
    name_lower(question.name.octets);
    const struct served_zone *zone = zone_table_find(view->zones, &question.name);
    if (!zone || !name_equals(zone->apex.octets, question.name.octets))
        return;
    const struct config_key *key =
        reply->tsig && reply->tsig->key ? reply->tsig->key->config : NULL;
    struct transfers_who who = transfers_identify(zone->config, client, key);
    struct transfer_seen seen = {.when_ms = ticks_now(), .client = *client};
    describe(reply, seen.reason);
    transfers_note(transfers, &who, TRANSFERS_REFUSED, &seen);
}
