#include "sign/plain.h"

#include "wire/writer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SERIAL_OFFSET 20 /* of the serial from the end of SOA RDATA (RFC 1035 §3.3.13) */
#define STRING_OCTETS 255

enum status plain_open(const struct node_source *inner, struct plain *out)
{
    *out = (struct plain){.inner = inner, .arena = arena_create(), .find_arena = arena_create()};
    return out->arena != NULL && out->find_arena != NULL ? STATUS_OK : STATUS_SYSTEM;
}

void plain_close(struct plain *plain)
{
    arena_destroy(plain->arena);
    arena_destroy(plain->find_arena);
    plain->arena = plain->find_arena = NULL;
}

void plain_stamp(struct plain *plain, uint32_t serial, int64_t published)
{
    plain->stamped = true;
    plain->serial = serial;
    plain->published = published;
}

static bool is_dnssec(uint16_t type)
{
    switch (type) {
    case TYPE_RRSIG:
    case TYPE_NSEC:
    case TYPE_DNSKEY:
    case TYPE_NSEC3:
    case TYPE_NSEC3PARAM:
    case TYPE_CDS:
    case TYPE_CDNSKEY:
    case TYPE_ZONEMD:
        return true;
    default:
        return false;
    }
}

static void stamp_soa(const struct plain *plain, struct arena *arena, struct rdata *soa)
{
    uint8_t *octets = (uint8_t *)arena_copy(arena, soa->octets, soa->length);

    if (octets == NULL || soa->length < SERIAL_OFFSET)
        return;
    struct writer w = writer_of(octets + soa->length - SERIAL_OFFSET, 4);
    writer_u32(&w, plain->serial);
    soa->octets = octets;
}

/* "v=cc1; serial=1795364077; published=2026-11-22T16:14:37Z; " and the rest: both pairs anew, where
 * the first string has them at its beginning, as a build writes them. */
static void stamp_meta(const struct plain *plain, struct arena *arena, struct rdata *txt)
{
    char text[STRING_OCTETS + 1];
    char fresh[2 * STRING_OCTETS + 1];
    char when[32];
    struct tm parts = {0};
    time_t seconds = (time_t)plain->published;
    int rest = 0;

    if (txt->length == 0 || txt->octets[0] >= txt->length)
        return;
    size_t length = txt->octets[0];
    memcpy(text, txt->octets + 1, length);
    text[length] = '\0';
    if (sscanf(text, "v=cc1; serial=%*u; published=%*[0-9TZ:-]; %n", &rest) != 0 || rest == 0)
        return;
    gmtime_r(&seconds, &parts);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    int octets = snprintf(fresh, sizeof fresh, "v=cc1; serial=%lu; published=%s; %s",
                          (unsigned long)plain->serial, when, text + rest);
    if (octets < 0 || octets > STRING_OCTETS)
        return;
    size_t behind = txt->length - 1 - length;
    uint8_t *rdata = arena_alloc(arena, 1 + (size_t)octets + behind);
    if (rdata == NULL)
        return;
    rdata[0] = (uint8_t)octets;
    memcpy(rdata + 1, fresh, (size_t)octets);
    memcpy(rdata + 1 + octets, txt->octets + 1 + length, behind);
    *txt = (struct rdata){rdata, (uint16_t)(1 + (size_t)octets + behind)};
}

static bool is_meta(const struct plain *plain, const struct name *owner)
{
    static const uint8_t label[] = "\x05_meta";
    return owner->length == plain->inner->apex.length + sizeof label - 1 &&
           memcmp(owner->octets, label, sizeof label - 1) == 0;
}

/* A copy of an RRset whose items may be changed. */
static struct rdata *own_items(struct arena *arena, struct rrset *rrset)
{
    struct rdata *items = arena_alloc(arena, rrset->count * sizeof *items);
    if (items == NULL)
        return NULL;
    memcpy(items, rrset->items, rrset->count * sizeof *items);
    rrset->items = items;
    return items;
}

static void stamp_rrset(const struct plain *plain, const struct name *owner, struct arena *arena,
                        struct rrset *rrset)
{
    bool is_soa = rrset->type == TYPE_SOA;

    if (!is_soa && (rrset->type != TYPE_TXT || !is_meta(plain, owner)))
        return;
    struct rdata *items = own_items(arena, rrset);
    if (items == NULL)
        return;
    if (is_soa)
        stamp_soa(plain, arena, &items[0]);
    else
        stamp_meta(plain, arena, &items[0]);
}

/* The node without DNSSEC; `out` may be the same. */
static enum status strip(const struct plain *plain, struct arena *arena, const struct node *node,
                         struct node *out)
{
    arena_reset(arena);
    struct rrset *rrsets = arena_alloc(arena, (node->rrset_count + 1) * sizeof *rrsets);
    size_t count = 0;

    if (rrsets == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < node->rrset_count; i++) {
        if (is_dnssec(node->rrsets[i].type))
            continue;
        rrsets[count] = node->rrsets[i];
        if (plain->stamped)
            stamp_rrset(plain, &node->owner, arena, &rrsets[count]);
        count++;
    }
    out->owner = node->owner;
    out->rrset_count = count;
    out->rrsets = rrsets;
    return arena_failed(arena) ? STATUS_SYSTEM : STATUS_OK;
}

static enum status source_next(void *state, struct node *out)
{
    struct plain *plain = state;
    struct node node;

    do {
        enum status status = plain->inner->next(plain->inner->state, &node);
        if (status == STATUS_OK)
            status = strip(plain, plain->arena, &node, out);
        if (status != STATUS_OK)
            return status;
    } while (out->rrset_count == 0);
    return STATUS_OK;
}

static enum status source_rewind(void *state)
{
    struct plain *plain = state;
    return plain->inner->rewind(plain->inner->state);
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    struct plain *plain = state;
    struct node node;

    enum status status = plain->inner->find(plain->inner->state, owner, &node);
    if (status != STATUS_OK)
        return status;
    bool was_empty = node.rrset_count == 0;
    status = strip(plain, plain->find_arena, &node, out);
    if (status == STATUS_OK && out->rrset_count == 0 && !was_empty)
        return STATUS_NOT_FOUND; /* the owner of an NSEC3 */
    return status;
}

struct node_source plain_source(struct plain *plain)
{
    return (struct node_source){.state = plain,
                                .apex = plain->inner->apex,
                                .next = source_next,
                                .rewind = source_rewind,
                                .find = source_find};
}
