#include "command/command.h"
#include "command/key.h"
#include "wire/constants.h"
#include "zone/zonefile.h"

#include <string.h>

static const char *cds_word(enum dnssec_cds cds)
{
    static const char *const words[] = {"on", "off", "delete"};
    return words[cds];
}

/* Makes the DS RRset of the keys that want one. */
static enum status make_ds(const struct key_view *view, struct rrset *out)
{
    const struct keyset *keyset = &view->keyset;
    bool sha384 = view->context->options->sha384;

    *out = (struct rrset){.type = TYPE_DS, .ttl = view->zone->ttl};
    out->items = arena_alloc(view->arena, (2 * keyset->count + 1) * sizeof *out->items);
    if (out->items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < keyset->count; i++) {
        const struct keyfile *key = keyset->keys[i].file;
        if ((keyset->keys[i].use & KEY_WANTS_DS) == 0)
            continue;
        enum status status =
            keyset_ds(key, &view->zone->domain, DS_SHA256, view->arena, &out->items[out->count++]);
        if (status == STATUS_OK && sha384)
            status = keyset_ds(key, &view->zone->domain, DS_SHA384, view->arena,
                               &out->items[out->count++]);
        if (status != STATUS_OK)
            return status;
    }
    rrset_sort(out);
    return STATUS_OK;
}

/* As comments: what else a parent may look at. */
static void print_comments(const struct key_view *view, const struct rrset *rrsets, size_t count)
{
    FILE *out = view->context->out;

    if (!view->remembered)
        fprintf(out,
                "; not yet for the parent: first %s'zonegen publish', and every name server has "
                "the signed zone\n",
                view->zone->dnssec ? "" : "'dnssec: on', ");
    if (count == 1) {
        fprintf(out, "; the zone %s no CDS and CDNSKEY (cds: %s)\n",
                view->remembered ? "publishes" : "will publish", cds_word(view->zone->policy->cds));
        return;
    }
    fprintf(out, "; the zone %s, signed (cds: %s):\n",
            view->remembered ? "publishes" : "will publish", cds_word(view->zone->policy->cds));
    for (size_t i = 1; i < count; i++)
        zonefile_print_rrset(view->zone->domain.octets, &rrsets[i], "; ", out);
}

static int print_ds(const struct key_view *view, const struct rrset *rrsets, size_t count)
{
    struct rrset ds;

    if (make_ds(view, &ds) != STATUS_OK) {
        context_say_memory(view->context);
        return OUTCOME_REFUSED;
    }
    zonefile_print_rrset(view->zone->domain.octets, &ds, "", view->context->out);
    print_comments(view, rrsets, count);
    return OUTCOME_DONE;
}

/* Puts all labels of a name before another. STATUS_OK or STATUS_NO_SPACE. */
static enum status prepend_name(struct name *name, const struct name *front)
{
    uint8_t joined[2 * NAME_MAX_OCTETS];
    size_t octets = (size_t)front->length - 1;

    if (octets + name->length > NAME_MAX_OCTETS)
        return STATUS_NO_SPACE;
    memcpy(joined, front->octets, octets);
    memcpy(joined + octets, name->octets, name->length);
    name_set(name, joined);
    return STATUS_OK;
}

/* RFC 9615: _dsboot.ZONE._signal.HOST. STATUS_OK or STATUS_NO_SPACE. */
static enum status signal_name(const struct name *zone, const struct name *host, struct name *out)
{
    static const uint8_t signal[] = "_signal";
    static const uint8_t dsboot[] = "_dsboot";

    *out = *host;
    enum status status = name_prepend(out, signal, sizeof signal - 1, out->octets);
    if (status == STATUS_OK)
        status = prepend_name(out, zone);
    if (status == STATUS_OK)
        status = name_prepend(out, dsboot, sizeof dsboot - 1, out->octets);
    return status;
}

/* The records for one name server. False when it can have none. */
static bool print_signal(const struct key_view *view, const struct name *host,
                         const struct rrset *rrsets, size_t count)
{
    struct name owner;
    char text[NAME_TEXT_OCTETS];

    if (name_is_within(host->octets, view->zone->domain.octets))
        return false; /* nobody could find it before the zone's DS is there */
    if (signal_name(&view->zone->domain, host, &owner) != STATUS_OK) {
        context_say(view->context, "warning: a signal at name server %s would have too long a name",
                    context_name_text(host, text));
        return false;
    }
    for (size_t i = 1; i < count; i++)
        zonefile_print_rrset(owner.octets, &rrsets[i], "", view->context->out);
    return true;
}

static int print_signals(const struct key_view *view, const struct rrset *rrsets, size_t count)
{
    const struct config_zone *zone = view->zone;
    bool any = false;

    if (zone->policy->cds != DNSSEC_CDS_ON) {
        context_say(view->context, "zone %s: 'cds: %s' leaves nothing to signal; write 'cds: on'",
                    view->name, cds_word(zone->policy->cds));
        return OUTCOME_REFUSED;
    }
    for (size_t i = 0; i < zone->nameserver_count; i++)
        any = print_signal(view, &zone->nameservers[i].name, rrsets, count) || any;
    if (any)
        return OUTCOME_DONE;
    context_say(view->context,
                "zone %s: no name server to signal at, all lie within the zone; give the parent "
                "what 'zonegen key ds %s' prints",
                view->name, view->name);
    return OUTCOME_REFUSED;
}

static int print(const struct key_view *view)
{
    struct rrset rrsets[3];
    size_t count = 0;

    if (keyset_rrsets(&view->keyset, view->zone, view->zone->ttl, view->arena, rrsets, &count) !=
        STATUS_OK) {
        context_say_memory(view->context);
        return OUTCOME_REFUSED;
    }
    return view->context->options->signal ? print_signals(view, rrsets, count)
                                          : print_ds(view, rrsets, count);
}

int command_key_ds(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 0 ? options->operands[0] : NULL;
    struct key_view view;
    int outcome = OUTCOME_REFUSED;

    if (key_view_open(context, operand, &view) == STATUS_OK) {
        enum status status = key_view_read(&view);
        if (status == STATUS_OK)
            outcome = print(&view);
        else if (status == STATUS_INVALID)
            context_say_diagnostics(context);
    }
    key_view_close(&view);
    return outcome;
}
