/* The records of one contact (DESIGN §3): TXT in full, RP, URI, CERT. */
#include "zone/build_parts.h"

#include "zone/txt.h"

#include <string.h>

#define VALUE_OCTETS 256 /* a pair holds less */

/* A mailbox as a domain name: the local part is one label, its dots included (RFC 1035 §8, as for
 * RNAME; RFC 1183 §2.2). */
static bool mailbox_name(const char *email, struct name *out)
{
    const char *at = strrchr(email, '@');
    struct name domain;
    return at != NULL && name_from_text(&domain, at + 1, strlen(at + 1)) == STATUS_OK &&
           name_prepend(out, (const uint8_t *)email, (size_t)(at - email), domain.octets) ==
               STATUS_OK;
}

static enum status make_rp(const struct view *view, const struct contact *contact,
                           struct arena *arena, struct contact_rdata *out)
{
    static const struct name none = {.length = 1};
    uint8_t buffer[2 * NAME_MAX_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct name mailbox;
    struct name txt;

    enum status status = view_below(view, contact->id, &txt);
    if (status != STATUS_OK)
        return status;
    bool has_mailbox = contact->email != NULL && mailbox_name(contact->email, &mailbox);
    out->mailbox_fits = has_mailbox || contact->email == NULL;
    rdata_write_rp(&w, has_mailbox ? &mailbox : &none, &txt);
    out->rp = rdata_keep(&w, arena);
    return STATUS_OK;
}

static void pair_order(struct txt *txt, const struct contact *contact)
{
    char text[] = {(char)('0' + contact->order % 10), '\0'};
    txt_pair(txt, "order", text);
}

static void pair_roles(struct txt *txt, const struct contact *contact)
{
    uint8_t buffer[VALUE_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    view_roles(contact->roles, &w);
    txt_pair_of(txt, "role", &w);
}

static void pair_phones(struct txt *txt, const struct contact *contact, bool voice)
{
    uint8_t buffer[VALUE_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    view_phones(contact, voice, voice ? NULL : "", &w);
    txt_pair_of(txt, voice ? "tel" : "sms", &w);
}

/* What a caller needs: the first string, unless it is longer than one. */
static void caller_pairs(const struct view *view, const struct contact *contact, struct txt *txt)
{
    txt_pair(txt, "v", "cc1");
    txt_pair(txt, "tld", view->label->a_label);
    txt_pair(txt, "id", contact->id);
    pair_order(txt, contact);
    pair_roles(txt, contact);
    txt_pair(txt, "hours", contact->hours);
    pair_phones(txt, contact, true);
    pair_phones(txt, contact, false);
    txt_pair(txt, "mail", contact->email);
    txt_pair(txt, "tz", contact->timezone);
    txt_pair(txt, "lang", contact->languages);
    txt_pair(txt, "oob", view_is_out_of_band(view->entry, contact) ? "yes" : "no");
    txt_pair(txt, "name", contact->name);
    txt_pair(txt, "name-l10n", contact->name_l10n);
    txt_pair(txt, "wait", contact->wait);
    txt_pair(txt, "note", contact->note);
}

/* What says how far to trust it: a string of its own, so that where the first one ends does not
 * depend on how much room is left in it. */
static void evidence_pairs(const struct view *view, const struct contact *contact, struct txt *txt)
{
    txt_pair(txt, "pgp", contact->pgp);
    txt_pair(txt, "verified", view->verified);
    txt_pair(txt, "by", view->entry->verified_by);
    txt_pair(txt, "expires", view->expires);
    if (view->freshness == FRESHNESS_STALE)
        txt_pair(txt, "status", "stale");
    if (view->freshness == FRESHNESS_EXPIRED)
        txt_pair(txt, "status", "expired");
}

static void make_txt(const struct view *view, const struct contact *contact, struct arena *arena,
                     struct contact_rdata *out)
{
    uint8_t buffer[RRSET_MAX_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct txt txt = txt_begin(&w);

    caller_pairs(view, contact, &txt);
    txt_break(&txt);
    evidence_pairs(view, contact, &txt);
    txt_end(&txt);
    out->too_long = txt.too_long;
    out->txt = rdata_keep(&w, arena);
}

static bool is_unreserved(uint8_t octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9') || octet == '-' || octet == '.' || octet == '_' ||
           octet == '~';
}

/* Percent-encodes all but RFC 3986's unreserved characters: more than `mailto:` asks for in a local
 * part (RFC 6068), never less. */
static void append_encoded(struct writer *w, const char *text, size_t length)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        uint8_t octet = (uint8_t)text[i];
        if (is_unreserved(octet)) {
            writer_u8(w, octet);
            continue;
        }
        writer_u8(w, '%');
        writer_u8(w, (uint8_t)hex[octet >> 4]);
        writer_u8(w, (uint8_t)hex[octet & 0xf]);
    }
}

static void add_uri(struct contact_rdata *out, unsigned priority, struct writer *target,
                    struct arena *arena)
{
    uint8_t buffer[1024];
    struct writer w = writer_of(buffer, sizeof buffer);
    writer_u8(target, 0);
    if (target->failed)
        w.failed = true;
    else
        rdata_write_uri(&w, priority, (const char *)target->start);
    out->uris[out->uri_count++] = rdata_keep(&w, arena);
}

/* Priorities follow escalation: 10 × order for tel:, one more for sms:, two more for mailto:. */
static enum status make_uris(const struct contact *contact, struct arena *arena,
                             struct contact_rdata *out)
{
    size_t room = contact->phone_count + (contact->email != NULL);
    out->uris = arena_alloc(arena, room * sizeof *out->uris);
    if (out->uris == NULL)
        return STATUS_SYSTEM;

    for (size_t i = 0; i < contact->phone_count; i++) {
        const struct phone *phone = &contact->phones[i];
        uint8_t buffer[1000];
        struct writer target = writer_of(buffer, sizeof buffer);
        txt_append(&target, phone->text_only ? "sms:" : "tel:");
        txt_append(&target, phone->number);
        add_uri(out, 10 * contact->order + phone->text_only, &target, arena);
    }
    if (contact->email != NULL) {
        const char *at = strrchr(contact->email, '@');
        size_t local = at == NULL ? strlen(contact->email) : (size_t)(at - contact->email);
        uint8_t buffer[1000];
        struct writer target = writer_of(buffer, sizeof buffer);
        txt_append(&target, "mailto:");
        append_encoded(&target, contact->email, local);
        if (at != NULL) {
            txt_append(&target, "@");
            append_encoded(&target, at + 1, strlen(at + 1));
        }
        add_uri(out, 10 * contact->order + 2, &target, arena);
    }
    return STATUS_OK;
}

enum status contact_rdata_make(const struct view *view, const struct contact *contact,
                               struct arena *arena, struct contact_rdata *out)
{
    *out = (struct contact_rdata){.mailbox_fits = true};
    make_txt(view, contact, arena, out);
    enum status status = make_rp(view, contact, arena, out);
    if (status == STATUS_OK)
        status = make_uris(contact, arena, out);
    if (status == STATUS_OK && contact->pgp != NULL) {
        uint8_t buffer[6 + UINT8_MAX];
        struct writer w = writer_of(buffer, sizeof buffer);
        rdata_write_ipgp(&w, contact->pgp);
        out->cert = rdata_keep(&w, arena);
    }
    return status == STATUS_OK && arena_failed(arena) ? STATUS_SYSTEM : status;
}
