#include "command/signing.h"

#include "command/accounts.h"
#include "command/now.h"
#include "sign/signature.h"
#include "wire/serial.h"
#include "wire/writer.h"
#include "zone/rdata.h"
#include "zone/stored_source.h"

#include <errno.h>
#include <string.h>

#define SECONDS_OF_DAY 86400u /* between two publishes */

/* What the store has at the apex. */
struct stored_apex {
    bool is_signed;
    struct rrset dnskeys; /* in the arena; count 0: none */
    uint32_t expiration;  /* of the earliest signature of its SOA; where is_signed */
    uint32_t expire;      /* of its SOA, seconds: how long a secondary serves a copy */
};

static enum status look_at(const struct node *apex, struct arena *arena, struct stored_apex *out)
{
    const struct rrset *dnskeys = node_rrset(apex, TYPE_DNSKEY);
    const struct rrset *signatures = node_rrset(apex, TYPE_RRSIG);
    struct soa_numbers soa;

    if (rdata_read_soa(node_rrset(apex, TYPE_SOA), &soa))
        out->expire = soa.expire;
    for (size_t i = 0; signatures != NULL && i < signatures->count; i++) {
        struct signature signature;
        if (signature_read(&signatures->items[i], &signature) != STATUS_OK ||
            signature.covered != TYPE_SOA)
            continue;
        if (!out->is_signed || serial_is_newer(out->expiration, signature.expiration))
            out->expiration = signature.expiration;
        out->is_signed = true;
    }
    return dnskeys != NULL ? rrset_copy(arena, dnskeys, &out->dnskeys) : STATUS_OK;
}

static enum status read_apex(struct edit *edit, const struct zone_record *record,
                             struct arena *arena, struct stored_apex *out)
{
    struct stored_source *source;
    struct node apex;

    *out = (struct stored_apex){.is_signed = false};
    if (record == NULL)
        return STATUS_OK;
    enum status status = stored_source_open(edit_snapshot(edit), record, &source);
    if (status != STATUS_OK)
        return status;
    struct node_source nodes = stored_source_nodes(source);
    status = nodes.find(nodes.state, nodes.apex.octets, &apex);
    if (status == STATUS_OK)
        status = look_at(&apex, arena, out);
    stored_source_close(source);
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

/* A signed zone that loses its signatures is refused by every validating resolver as long as the
 * parent has a DS: not by accident. */
static enum status refuse_unsigning(struct context *context, const struct config_zone *zone)
{
    char name[NAME_TEXT_OCTETS];

    if (context->options->force)
        return STATUS_OK;
    context_say(context,
                "zone %s is signed and 'dnssec' is off now: resolvers that validate would refuse "
                "it while its parent has a DS; have the DS removed first ('cds: delete' asks for "
                "it), then publish with --force",
                context_name_text(&zone->domain, name));
    return STATUS_INVALID;
}

static enum status check_clock(struct context *context, const struct config_zone *zone,
                               const struct zone_record *record)
{
    char name[NAME_TEXT_OCTETS];
    char now[NOW_TEXT_OCTETS];
    char last[NOW_TEXT_OCTETS];

    if (record == NULL || context->now >= record->published || context->options->force)
        return STATUS_OK;
    context_say(context,
                "zone %s: the clock says %s, which is before the last publish at %s; set it right, "
                "or publish with --force if the last publish had the wrong time",
                context_name_text(&zone->domain, name), now_text(context->now, now),
                now_text(record->published, last));
    return STATUS_INVALID;
}

static void say_expired(struct context *context, const struct config_zone *zone,
                        const struct stored_apex *apex)
{
    char name[NAME_TEXT_OCTETS];
    char when[NOW_TEXT_OCTETS];

    if (!apex->is_signed || (int32_t)(apex->expiration - (uint32_t)context->now) > 0)
        return;
    int64_t ago = (uint32_t)context->now - apex->expiration;
    context_say(context,
                "zone %s: signatures had expired on %s, and resolvers that validate refused it "
                "since; let a timer publish every day (zonegen-publish.timer)",
                context_name_text(&zone->domain, name), now_text(context->now - ago, when));
}

/* The configuration is refused where a copy may outlive its signatures (contactd.conf(5)); a zone
 * that was restored has a SOA of its own. */
static void say_outlived(struct context *context, const struct config_zone *zone,
                         const struct zone_record *record, const struct stored_apex *apex)
{
    char name[NAME_TEXT_OCTETS];
    bool is_restored = record != NULL && (record->flags & ZONE_RESTORED) != 0;

    if (!is_restored || apex->expire <= zone->expire ||
        (uint64_t)apex->expire + zone->ttl + SECONDS_OF_DAY <= zone->policy->rrsig_refresh)
        return;
    context_say(context,
                "zone %s: it was restored with an SOA that has secondaries serve a copy for %lu "
                "seconds, its signatures may end after %lu; raise 'rrsig-refresh', or publish with "
                "--force, which makes the SOA anew",
                context_name_text(&zone->domain, name), (unsigned long)apex->expire,
                (unsigned long)zone->policy->rrsig_refresh);
}

static enum status open_keys(struct context *context, struct edit *edit,
                             const struct config_zone *zone, const struct stored_apex *apex,
                             struct arena *arena, struct keyset *out)
{
    char name[NAME_TEXT_OCTETS];
    const struct keyset_sources sources = {.snapshot = edit_snapshot(edit),
                                           .dnskeys =
                                               apex->dnskeys.count > 0 ? &apex->dnskeys : NULL};
    struct diag *diag = diag_create();

    if (diag == NULL)
        return STATUS_SYSTEM;
    enum status status = keyset_open(zone, &sources, arena, diag, out);
    diag_print(diag, DIAG_GNU, context->err);
    if (status == STATUS_INVALID)
        context_say(context, "zone %s cannot be signed; nothing is published",
                    context_name_text(&zone->domain, name));
    diag_destroy(diag);
    return status;
}

/* Says what STATUS_MALFORMED and STATUS_SYSTEM mean here; the rest has been said. */
static enum status say_status(struct context *context, const struct config_zone *zone,
                              enum status status)
{
    char name[NAME_TEXT_OCTETS];

    if (status == STATUS_MALFORMED)
        context_say(context,
                    "%s: what is stored of zone %s is damaged; move the database away and publish "
                    "again, or restore an export",
                    context->config->database, context_name_text(&zone->domain, name));
    else if (status == STATUS_SYSTEM)
        context_say(context, "zone %s cannot be signed: %s", context_name_text(&zone->domain, name),
                    errno != 0 ? strerror(errno) : "out of memory");
    return status;
}

enum status signing_prepare(struct context *context, struct edit *edit,
                            const struct config_zone *zone, const struct zone_record *record,
                            struct arena *arena, struct signing *out)
{
    struct stored_apex apex;

    *out = (struct signing){.is_on = zone->dnssec};
    errno = 0;
    enum status status = read_apex(edit, record, arena, &apex);
    if (status != STATUS_OK)
        return say_status(context, zone, status);
    if (!zone->dnssec)
        return apex.is_signed ? refuse_unsigning(context, zone) : STATUS_OK;
    status = check_clock(context, zone, record);
    if (status != STATUS_OK)
        return status;
    say_expired(context, zone, &apex);
    if (!context->options->force)
        say_outlived(context, zone, record, &apex);
    return say_status(context, zone, open_keys(context, edit, zone, &apex, arena, &out->keys));
}

void signing_digest(const struct signing *signing, uint8_t digest[SOURCE_DIGEST_OCTETS])
{
    const struct keyset *keys = &signing->keys;
    size_t count = signing->is_on ? keys->count : 0;
    uint8_t octets[SOURCE_DIGEST_OCTETS + 2 + STATE_MAX_KEYS * (4 + 1 + KEYFILE_MAX_DNSKEY_OCTETS)];
    struct writer w = writer_of(octets, sizeof octets);

    writer_octets(&w, digest, SOURCE_DIGEST_OCTETS);
    writer_u8(&w, signing->is_on);
    writer_u8(&w, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        const struct keyfile *file = keys->keys[i].file;
        writer_u32(&w, keys->keys[i].use);
        writer_u8(&w, file->dnskey_octets);
        writer_octets(&w, file->dnskey, file->dnskey_octets);
    }
    accounts_digest(octets, writer_length(&w), digest);
}

enum status signing_remember(struct context *context, struct edit *edit,
                             const struct config_zone *zone, struct signing *signing)
{
    struct signing_state *state = &signing->keys.state;
    struct signing_state stored;

    errno = 0;
    if (!signing->is_on) {
        enum status status = state_delete(edit, &zone->domain);
        return status == STATUS_OK ? status : say_status(context, zone, status);
    }
    if (state->roll.step > 0 && state->roll.published == 0)
        state->roll.published = context->now;
    if (state_read(edit_snapshot(edit), &zone->domain, &stored) == STATUS_OK &&
        state_equals(&stored, state))
        return STATUS_OK;
    return say_status(context, zone, state_write(edit, &zone->domain, state));
}
